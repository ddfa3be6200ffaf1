#include "tests/sim/broker_actor.h"
#include "tests/sim/broker_actor_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "broker/core/core.h"
#include "broker/core/view.h"
#include "broker/store/memory.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "tests/sim/broker_feed.h"
#include "tests/sim/broker_intake.h"
#include "tests/sim/broker_notes.h"
#include "tests/sim/broker_words.h"
#include "tests/sim/broker_writer.h"
#include "tests/sim/operator_actor.h"
#include "tests/sim/state.h"

enum { LEVEL_MS = 500, READ_MS = 6, API = 1 << 20 };

broker_actor_t *
broker_actor_new (world_t *world, int32_t partitions)
{
    broker_actor_t *self = ALLOCATE (broker_actor_t);
    self->world = world;
    self->partitions = partitions;
    self->store = memory_store_new (partitions);
    self->effects = effects_new ();
    return self;
}

static void
forget_inbox (broker_actor_t *self)
{
    heard_t *heard, *next;
    DL_FOREACH_SAFE (self->inbox, heard, next)
    {
        message_clear (&heard->message);
        free (heard);
    }
    self->inbox = NULL;
}

void
broker_actor_destroy (broker_actor_t **self_p)
{
    broker_actor_t *self = *self_p;
    if (!self)
        return;
    forget_inbox (self);
    broker_writer_destroy (&self->writer);
    core_destroy (&self->core);
    effects_destroy (&self->effects);
    store_destroy (&self->store);
    free (self);
    *self_p = NULL;
}

static bool
is_frozen (const broker_actor_t *self)
{
    return world_now (self->world) < self->frozen_until_ms;
}

bool
broker_actor_is_awake (const broker_actor_t *self)
{
    return self->core && !is_frozen (self);
}

//  What its threads do stands still as well; it goes on after.
static bool
is_postponed (broker_actor_t *self, happening_t *happening, uint64_t life, void *load,
              void (*spoil) (void *))
{
    if (!is_frozen (self))
        return false;
    schedule_at (self->world->schedule, self->frozen_until_ms, happening, self, life, load, spoil);
    return true;
}

static void
tick (void *actor, uint64_t life, void *load)
{
    broker_actor_t *self = actor;
    if (life != self->life || !self->core || is_postponed (self, tick, life, load, NULL))
        return;
    self->tick_ms = INT64_MAX;
    broker_actor_step (self, &(input_t){.kind = INPUT_TICK});
}

static void
plan_tick (broker_actor_t *self)
{
    int64_t deadline_ms = core_deadline (self->core);
    if (deadline_ms < INT64_MAX)
        deadline_ms -= self->clock_ms;
    if (deadline_ms < world_now (self->world))
        deadline_ms = world_now (self->world);
    if (deadline_ms >= self->tick_ms)
        return;
    self->tick_ms = deadline_ms;
    schedule_at (self->world->schedule, deadline_ms, tick, self, self->life, NULL, NULL);
}

typedef struct {
    uint64_t read;
    int32_t partition;
    int64_t above_seq;
    size_t limit_bytes, limit_events;
} wanted_page_t;

static void
read_page (void *actor, uint64_t life, void *load)
{
    broker_actor_t *self = actor;
    if (life == self->life && self->core && is_postponed (self, read_page, life, load, free))
        return;
    wanted_page_t wanted = *(wanted_page_t *)load;
    free (load);
    if (life != self->life || !self->core)
        return;
    page_t *page = NULL;
    if (world_chance (self->world, 40) ||
        self->store->ops->read (self->store, wanted.partition, wanted.above_seq, wanted.limit_bytes,
                                wanted.limit_events, &page, NULL) != STATUS_OK) {
        broker_actor_step (
            self, &(input_t){.kind = INPUT_PAGE_FAILED,
                             .page_failed = {.read = wanted.read, .status = STATUS_STORE_FAILED}});
        return;
    }
    broker_actor_step (
        self,
        &(input_t){.kind = INPUT_PAGE,
                   .page = {.read = wanted.read, .events = page->events, .count = page->count}});
    page_destroy (&page);
}

static void
plan_read (broker_actor_t *self, const effect_t *effect)
{
    wanted_page_t *wanted = ALLOCATE (wanted_page_t);
    *wanted = (wanted_page_t){.read = effect->read.read,
                              .partition = effect->read.partition,
                              .above_seq = effect->read.above_seq,
                              .limit_bytes = effect->read.limit_bytes,
                              .limit_events = effect->read.limit_events};
    schedule_at (self->world->schedule,
                 world_now (self->world) + world_number (self->world, READ_MS), read_page, self,
                 self->life, wanted, free);
}

static known_t *
known_at (broker_actor_t *self, uint64_t session)
{
    for (size_t i = 0; i < self->known_count; i++)
        if (self->known [i].session == session)
            return &self->known [i];
    return NULL;
}

static void
note_known (broker_actor_t *self, const effect_t *effect)
{
    known_t *known = known_at (self, effect->session);
    if (known && effect->kind == EFFECT_DELIVER)
        known->sent = effect->deliver.number;
    if (known && effect->kind == EFFECT_FEEDS)
        known->listens = true;
    if (known || effect->kind != EFFECT_WELCOME)
        return;
    if (self->known_count == WORLD_SESSIONS)
        memmove (self->known, self->known + 1, --self->known_count * sizeof *self->known);
    self->known [self->known_count++] = (known_t){.peer = effect->peer, .session = effect->session};
}

//  A worker that was frozen may begin what it holds before the broker, who has not heard it for too
//  long, ends its session: whoever gets that next may be the second.
static void
note_ended_session (const broker_actor_t *self, const effect_t *effect)
{
    if (effect->kind == EFFECT_DELIVER && effect->reason == REASON_SESSION_GONE)
        checker_disturbed (self->world->checker);
}

static void
perform (broker_actor_t *self, const effect_t *effect)
{
    note_ended_session (self, effect);
    switch (effect->kind) {
        case EFFECT_APPEND:
        case EFFECT_SAVE: broker_writer_give (self->writer, effect); break;
        case EFFECT_READ: plan_read (self, effect); break;
        case EFFECT_DECIDE:
            questions_decided (self->world->questions, effect, broker_actor_now (self));
            break;
        case EFFECT_ANSWER:
            if (effect->answer.status != STATUS_OK)
                world_note (self->world, "ANSWER %s", status_name (effect->answer.status));
            operator_actor_hear (self->world->operator, effect->request, effect->answer.status);
            break;
        case EFFECT_FEED:
        case EFFECT_FEEDS:
        case EFFECT_CATCH_UP:
            note_known (self, effect);
            broker_feed_perform (self, effect);
            break;
        default: note_known (self, effect); broker_words_say (self->world, effect);
    }
}

void
broker_actor_step (broker_actor_t *self, const input_t *input)
{
    bool delivers = false;
    int64_t now_ms = broker_actor_now (self);
    if (self->world->latest_ms < now_ms)
        self->world->latest_ms = now_ms;
    if (self->world->telling == TOLD_IN_FULL)
        broker_notes_input (self->world, input);
    watch_heard (self->world->watch, input, now_ms);
    core_step (self->core, input, now_ms, self->effects);
    watch_looked (self->world->watch, now_ms);
    for (size_t i = 0; i < effects_count (self->effects); i++) {
        if (self->world->telling == TOLD_IN_FULL)
            broker_notes_effect (self->world, effects_at (self->effects, i));
        watch_said (self->world->watch, effects_at (self->effects, i), now_ms);
        perform (self, effects_at (self->effects, i));
        delivers |= effects_at (self->effects, i)->kind == EFFECT_DELIVER;
    }
    if (delivers)
        broker_words_deliver (self->world, self->effects);
    checker_look (self->world->checker, self->core);
    plan_tick (self);
}

//  What became of a commit.
static void
commit_ended (void *owner, const input_t *input)
{
    broker_actor_step (owner, input);
}

static bool
say_heartbeat (broker_actor_t *self, const known_t *known)
{
    message_t heartbeat = {
        .command = COMMAND_HEARTBEAT, .session = known->session, .received = known->sent};
    if (known->listens)
        broker_feed_add (self, &heartbeat);
    bool is_sent = net_send_to_peer (self->world, known->peer, &heartbeat);
    broker_feed_free (&heartbeat);
    return is_sent;
}

static void
beat (void *actor, uint64_t life, void *load)
{
    broker_actor_t *self = actor;
    if (life != self->life || !self->core || is_postponed (self, beat, life, load, NULL))
        return;
    size_t kept = 0;
    for (size_t i = 0; i < self->known_count; i++)
        if (say_heartbeat (self, &self->known [i]))
            self->known [kept++] = self->known [i];
    self->known_count = kept;
    schedule_at (self->world->schedule, world_now (self->world) + WORLD_HEARTBEAT_MS, beat, self,
                 life, NULL, NULL);
}

static void
gain_tenure (broker_actor_t *self, const inventory_t *inventory, int32_t partition)
{
    track_record_t *tracks = allocate (inventory->progress_count, sizeof *tracks);
    size_t count = 0;
    for (size_t i = 0; i < inventory->progress_count; i++) {
        const struct progress_row *row = &inventory->progresses [i];
        if (row->partition == partition)
            tracks [count++] = (track_record_t){.subscription = row->subscription,
                                                .progress = row->progress,
                                                .exceptions = row->exceptions,
                                                .exception_count = row->exception_count,
                                                .dead_count = row->dead_count};
    }
    for (size_t i = 0; i < count && self->world->telling == TOLD_IN_FULL; i++)
        broker_notes_track (self->world, partition, &tracks [i]);
    broker_actor_step (
        self, &(input_t){.kind = INPUT_TENURE_GAINED,
                         .tenure = {.partition = partition,
                                    .first_seq = inventory->partitions [partition].first_seq,
                                    .last_seq = inventory->partitions [partition].last_seq,
                                    .level_seq = inventory->partitions [partition].level_seq,
                                    .tracks = tracks,
                                    .count = count}});
    free (tracks);
}

static const health_t *
health_of (const inventory_t *inventory, size_t subscription)
{
    const char *id = inventory->subscriptions [subscription]->id;
    for (size_t i = 0; i < inventory->health_count; i++)
        if (strcmp (inventory->healths [i].subscription, id) == 0)
            return &inventory->healths [i].health;
    return NULL;
}

void
broker_actor_start (broker_actor_t *self)
{
    if (self->core)
        return;
    world_t *world = self->world;
    world_note (world, "broker starts");
    checker_disturbed (world->checker);  //  what workers began while it was down is begun again
    core_settings_t settings = {.partitions = self->partitions,
                                .seed = random_next (&world->random),
                                .heartbeat_ms = WORLD_HEARTBEAT_MS,
                                .level_ms = LEVEL_MS,
                                .grace_ms = WORLD_GRACE_MS,
                                .tells = world->tells,
                                .limits = world->limits};
    inventory_t *inventory = NULL;
    problem_t problem = {0};
    if (self->store->ops->load (self->store, &inventory, &problem) != STATUS_OK) {
        world_fail (world, "the store cannot be loaded: %s", problem.text);
        return;
    }
    self->life++;
    self->frozen_until_ms = 0;
    self->tick_ms = INT64_MAX;
    self->known_count = 0;
    self->clock_ms = world->clock_ms;
    self->core = core_new (&settings, broker_actor_now (self));
    watch_begun (world->watch);
    self->writer = broker_writer_new (world, self->store, commit_ended, self);
    for (size_t i = 0; i < inventory->subscription_count; i++)
        broker_actor_step (self,
                           &(input_t){.kind = INPUT_SUBSCRIBE,
                                      .subscribe = {.subscription = inventory->subscriptions [i],
                                                    .is_loaded = true,
                                                    .health = health_of (inventory, i)}});
    for (int32_t i = 0; i < self->partitions; i++)
        gain_tenure (self, inventory, i);
    inventory_destroy (&inventory);
    beat (self, self->life, NULL);
}

void
broker_actor_kill (broker_actor_t *self)
{
    if (!self->core)
        return;
    world_note (self->world, "broker is killed");
    checker_disturbed (self->world->checker);
    questions_lost (self->world->questions);
    self->life++;
    broker_writer_crash (self->writer);
    broker_writer_destroy (&self->writer);
    core_destroy (&self->core);
    forget_inbox (self);
    net_break_all (self->world);
}

static void
read_inbox (void *actor, uint64_t life, void *load)
{
    (void)load;
    broker_actor_t *self = actor;
    if (life != self->life || is_frozen (self))
        return;
    checker_disturbed (self->world->checker);
    heard_t *heard, *next;
    DL_FOREACH_SAFE (self->inbox, heard, next)
    {
        DL_DELETE (self->inbox, heard);
        broker_actor_hear (self, heard->peer, &heard->message);
        free (heard);
    }
}

void
broker_actor_freeze (broker_actor_t *self, int64_t for_ms)
{
    int64_t until_ms = world_now (self->world) + for_ms;
    if (!self->core || until_ms <= self->frozen_until_ms)
        return;  //  what came to it, its ticks too, waits for the end of the longer one
    world_note (self->world, "broker freezes for %lld ms", (long long)for_ms);
    checker_disturbed (self->world->checker);
    questions_late (self->world->questions);
    self->frozen_until_ms = until_ms;
    broker_writer_freeze (self->writer, self->frozen_until_ms);
    schedule_at (self->world->schedule, self->frozen_until_ms, read_inbox, self, self->life, NULL,
                 NULL);
}

void
broker_actor_spoil_next_commit (broker_actor_t *self, bool is_applied)
{
    if (self->writer)
        broker_writer_spoil_next (self->writer, is_applied);
}

static void
place_events (broker_actor_t *self, const message_t *message)
{
    for (size_t i = 0; i < message->event_count; i++)
        event_set_place (message->events [i],
                         event_partition (message->events [i]->key, self->partitions), 0,
                         broker_actor_now (self));
}

static void
hear (broker_actor_t *self, uint64_t peer, const message_t *message)
{
    input_t input = {.peer = peer, .session = message->session};
    settle_t *settles = NULL;
    place_events (self, message);
    bool is_understood = broker_words_understand (message, &input, &settles);
    if (is_understood && input.kind == INPUT_HELLO)
        broker_intake_hello (self, &input, message);
    else if (is_understood)
        broker_actor_step (self, &input);
    else
        world_fail (self->world, "nobody says %s to a broker", command_name (message->command));
    free (settles);
}

void
broker_actor_hear (broker_actor_t *self, uint64_t peer, message_t *message)
{
    if (self->core && is_frozen (self)) {
        heard_t *heard = ALLOCATE (heard_t);
        heard->peer = peer;
        heard->message = *message;
        *message = (message_t){0};
        DL_APPEND (self->inbox, heard);
        return;
    }
    if (self->core)
        hear (self, peer, message);
    message_clear (message);
}

void
broker_actor_ask (broker_actor_t *self, const input_t *input)
{
    input_t asked = *input;
    asked.peer = API;
    broker_actor_step (self, &asked);
}

void
broker_actor_resize (broker_actor_t *self, size_t which, int64_t capacity)
{
    if (!broker_actor_is_awake (self) || self->known_count == 0)
        return;
    const known_t *known = &self->known [which % self->known_count];
    net_send_to_peer (self->world, known->peer,
                      &(message_t){.command = COMMAND_WELCOME,
                                   .session = known->session,
                                   .heartbeat_ms = WORLD_HEARTBEAT_MS,
                                   .capacity = capacity});
}

void
broker_actor_lose (broker_actor_t *self, uint64_t peer)
{
    for (size_t i = 0; i < self->known_count && broker_actor_is_awake (self); i++)
        if (self->known [i].peer == peer) {
            broker_actor_step (
                self,
                &(input_t){.kind = INPUT_GONE, .peer = peer, .session = self->known [i].session});
            return;
        }
}
