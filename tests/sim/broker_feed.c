#include "tests/sim/broker_feed.h"

#include <stdlib.h>
#include <string.h>

#include "broker/core/view.h"
#include "proto/model/allocate.h"
#include "tests/sim/broker_actor_state.h"
#include "tests/sim/listener_actor.h"

enum { READ_MS = 20, READ_SLOW_MS = 400, FEEDS_MOST = 16, LOSE_ONE_IN = 8, REPEAT_ONE_IN = 10 };

//  ---- which feeds there are

typedef struct {
    broker_actor_t *broker;
    message_t *message;
    bool has_documents;
} gathering_t;

static void
gather (void *context, subscription_t *subscription)
{
    gathering_t *self = context;
    message_t *message = self->message;
    if (message->feed_count == FEEDS_MOST)
        return;
    size_t partitions = (size_t)self->broker->partitions;
    feed_t *feed = &message->feeds [message->feed_count++];
    *feed = (feed_t){.subscription = subscription->id,
                     .version = subscription->version,
                     .created_ms = subscription->created_ms,
                     .document = "",
                     .seqs = allocate (partitions, sizeof *feed->seqs),
                     .seq_count = partitions};
    if (self->has_documents) {
        char *text = subscription_dump (subscription);
        feed->document = text;
        feed->document_size = strlen (text);
    }
    for (size_t i = 0; i < partitions; i++)
        feed->seqs [i] = (uint64_t)core_feed_seq (self->broker->core, subscription->id, (int32_t)i);
}

static void
fill (broker_actor_t *self, message_t *message, bool has_documents)
{
    size_t partitions = (size_t)self->partitions;
    message->feeds = allocate (FEEDS_MOST, sizeof *message->feeds);
    message->lasts = allocate (partitions, sizeof *message->lasts);
    message->firsts = allocate (partitions, sizeof *message->firsts);
    message->last_count = message->first_count = partitions;
    for (int32_t i = 0; i < self->partitions; i++) {
        message->lasts [i] = (uint64_t)core_last_seq (self->core, i);
        message->firsts [i] = (uint64_t)core_first_seq (self->core, i);
    }
    gathering_t gathering = {.broker = self, .message = message, .has_documents = has_documents};
    core_each_feed (self->core, message->session, gather, &gathering);
}

void
broker_feed_free (message_t *message)
{
    for (size_t i = 0; i < message->feed_count; i++) {
        if (message->feeds [i].document_size > 0)
            free ((char *)(uintptr_t)message->feeds [i].document);
        free (message->feeds [i].seqs);
    }
    free (message->feeds);
    free (message->lasts);
    free (message->firsts);
}

void
broker_feed_add (broker_actor_t *self, message_t *heartbeat)
{
    fill (self, heartbeat, false);
    heartbeat->tells_feeds = true;
}

static void
say_feeds (broker_actor_t *self, const effect_t *effect)
{
    message_t message = {
        .command = COMMAND_FEEDS, .session = effect->session, .endpoint = "inproc://feed"};
    fill (self, &message, true);
    net_send_to_peer (self->world, effect->peer, &message);
    broker_feed_free (&message);
}

//  ---- what was missed

typedef struct {
    uint64_t peer, session;
    subscription_t *subscription;  //  ours
    int32_t partition;
    int64_t above, up_to, first;
} wanted_t;

static void
wanted_free (void *load)
{
    wanted_t *self = load;
    subscription_destroy (&self->subscription);
    free (self);
}

static void
answer (broker_actor_t *self, const wanted_t *wanted, int64_t above, const page_t *log)
{
    int64_t first = page_first_seq (log, above, wanted->up_to);
    event_t **events = allocate (log->count + 1, sizeof (event_t *));
    message_t page = {.command = COMMAND_PAGE,
                      .session = wanted->session,
                      .subscription = wanted->subscription->id,
                      .partition = wanted->partition,
                      .above = wanted->above,
                      .reached = wanted->up_to > wanted->above ? wanted->up_to : wanted->above,
                      .first = wanted->first > first ? wanted->first : first,
                      .events = events};
    for (size_t i = 0; i < log->count; i++) {
        match_data_t data = {.event = log->events [i]};
        bool is_within = log->events [i]->seq <= wanted->up_to;
        if (is_within && i + 1 == log->count)
            page.reached = log->events [i]->seq;
        if (is_within && match_asks (wanted->subscription->match, &data) == MATCH_YES)
            events [page.event_count++] = log->events [i];
        match_data_clear (&data);
    }
    net_send_to_peer (self->world, wanted->peer, &page);
    free (events);
}

static void
read_stretch (void *actor, uint64_t life, void *load)
{
    broker_actor_t *self = actor;
    wanted_t *wanted = load;
    if (life == self->life && world_now (self->world) < self->frozen_until_ms) {
        schedule_at (self->world->schedule, self->frozen_until_ms, read_stretch, self, life, load,
                     wanted_free);
        return;
    }
    int64_t above = wanted->above < wanted->first - 1 ? wanted->first - 1 : wanted->above;
    page_t *page = NULL;
    bool is_read = life == self->life && self->core && !world_chance (self->world, 20) &&
                   self->store->ops->read (self->store, wanted->partition, above,
                                           (size_t)self->world->limits.page_bytes, SIZE_MAX, &page,
                                           NULL) == STATUS_OK;
    if (is_read)
        answer (self, wanted, above, page);
    page_destroy (&page);
    wanted_free (wanted);
}

static void
plan_stretch (broker_actor_t *self, const effect_t *effect)
{
    wanted_t *wanted = ALLOCATE (wanted_t);
    *wanted = (wanted_t){.peer = effect->peer,
                         .session = effect->session,
                         .subscription = subscription_ref (effect->catch_up.subscription),
                         .partition = effect->catch_up.partition,
                         .above = effect->catch_up.above,
                         .up_to = effect->catch_up.up_to,
                         .first = effect->catch_up.first};
    bool is_slow = world_chance (self->world, 10);
    int64_t duration_ms = world_number (self->world, is_slow ? READ_SLOW_MS : READ_MS);
    schedule_at (self->world->schedule, world_now (self->world) + duration_ms, read_stretch, self,
                 self->life, wanted, wanted_free);
}

//  ---- the feed

//  It loses also where nothing else does: whatever it tells may be missed.
static void
tell (broker_actor_t *self, const effect_t *effect)
{
    world_t *world = self->world;
    message_t message = {.command = COMMAND_FEED,
                         .subscription = effect->feed.subscription->id,
                         .prev = effect->feed.prev,
                         .event = effect->feed.event};
    for (size_t i = 0; i < world->listener_count; i++) {
        if (!world->is_calm && world_number (world, LOSE_ONE_IN) == 0)
            continue;
        listener_actor_feed (world->listeners [i], &message);
        if (world_number (world, REPEAT_ONE_IN) == 0)
            listener_actor_feed (world->listeners [i], &message);
    }
}

void
broker_feed_perform (broker_actor_t *self, const effect_t *effect)
{
    if (effect->kind == EFFECT_FEED)
        tell (self, effect);
    else if (effect->kind == EFFECT_FEEDS)
        say_feeds (self, effect);
    else
        plan_stretch (self, effect);
}
