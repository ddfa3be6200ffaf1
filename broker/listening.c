#include "broker/listening.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "broker/back.h"
#include "broker/core/view.h"
#include "broker/feed_socket.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { LOOKS_MOST = 4 };  //  of the reader, at a time

//  A stretch that a session waits for; one for each.
typedef struct wait {
    peer_t peer;
    session_id_t session;
    subscription_t *subscription;  //  ours
    int32_t partition;
    int64_t above, up_to, first;
    uint64_t look;  //  its number while the reader has it; 0: not yet
    struct wait *prev, *next;
} wait_t;

struct listening {
    edge_t *edge;   //  borrowed
    wait_t *waits;  //  in the order in which they came
    size_t looks;   //  under way
    uint64_t last_look;

    //  Of the message being made; kept for the next.
    feed_t *feeds;
    size_t feed_count, feed_room;
    uint64_t *seqs;  //  of all feeds, by partition
    size_t seq_room;
    uint64_t *lasts, *firsts;
};

listening_t *
listening_new (edge_t *edge)
{
    listening_t *self = ALLOCATE (listening_t);
    self->edge = edge;
    self->lasts = allocate ((size_t)edge->partitions, sizeof *self->lasts);
    self->firsts = allocate ((size_t)edge->partitions, sizeof *self->firsts);
    return self;
}

static void
listening_drop (listening_t *self, wait_t *wait)
{
    DL_DELETE (self->waits, wait);
    subscription_destroy (&wait->subscription);
    free (wait);
}

void
listening_destroy (listening_t **self_p)
{
    listening_t *self = *self_p;
    if (!self)
        return;
    while (self->waits)
        listening_drop (self, self->waits);
    free (self->feeds);
    free (self->seqs);
    free (self->lasts);
    free (self->firsts);
    free (self);
    *self_p = NULL;
}

//  ---- which feeds there are

static void
listening_gather (void *context, subscription_t *subscription)
{
    listening_t *self = context;
    size_t partitions = (size_t)self->edge->partitions;
    if (self->feed_count == (size_t)self->edge->limits->batch_events)
        return;  //  more do not go into a message: they are none of this worker's
    if (self->feed_count == self->feed_room) {
        self->feed_room = self->feed_room ? 2 * self->feed_room : 16;
        self->feeds = allocate_again (self->feeds, self->feed_room, sizeof *self->feeds);
    }
    size_t needed = (self->feed_count + 1) * partitions;
    if (needed > self->seq_room) {
        self->seq_room = 2 * needed;
        self->seqs = allocate_again (self->seqs, self->seq_room, sizeof *self->seqs);
    }
    uint64_t *seqs = self->seqs + self->feed_count * partitions;
    for (int32_t i = 0; i < self->edge->partitions; i++)
        seqs [i] = (uint64_t)core_feed_seq (self->edge->core, subscription->id, i);
    self->feeds [self->feed_count++] = (feed_t){.subscription = subscription->id,
                                                .version = subscription->version,
                                                .created_ms = subscription->created_ms,
                                                .document = "",
                                                .seq_count = partitions};
}

//  All of this session, and where the log begins and ends.
static void
listening_look (listening_t *self, session_id_t session)
{
    self->feed_count = 0;
    core_each_feed (self->edge->core, session, listening_gather, self);
    for (size_t i = 0; i < self->feed_count; i++)
        self->feeds [i].seqs = self->seqs + i * (size_t)self->edge->partitions;
    for (int32_t i = 0; i < self->edge->partitions; i++) {
        self->lasts [i] = (uint64_t)core_last_seq (self->edge->core, i);
        self->firsts [i] = (uint64_t)core_first_seq (self->edge->core, i);
    }
}

void
listening_add (listening_t *self, session_id_t session, message_t *heartbeat)
{
    listening_look (self, session);
    heartbeat->feeds = self->feeds;
    heartbeat->feed_count = self->feed_count;
    heartbeat->tells_feeds = true;
    heartbeat->lasts = self->lasts;
    heartbeat->last_count = (size_t)self->edge->partitions;
}

//  One message for each, since documents may be long; without any, one that says so.
void
listening_tell (listening_t *self, const effect_t *effect)
{
    listening_look (self, effect->session);
    message_t message = {.command = COMMAND_FEEDS,
                         .session = effect->session,
                         .endpoint = feed_socket_endpoint (self->edge->feed),
                         .firsts = self->firsts,
                         .first_count = (size_t)self->edge->partitions,
                         .lasts = self->lasts,
                         .last_count = (size_t)self->edge->partitions};
    for (size_t i = 0; i < self->feed_count; i++) {
        feed_t feed = self->feeds [i];
        char *document =
            subscription_dump (core_subscription (self->edge->core, feed.subscription));
        feed.document = document;
        feed.document_size = strlen (document);
        message.feeds = &feed;
        message.feed_count = 1;
        back_say (self->edge->back, effect->peer, &message);
        free (document);
    }
    if (self->feed_count == 0)
        back_say (self->edge->back, effect->peer, &message);
    back_listens (self->edge->back, effect);
}

//  ---- stretches

static bool
is_wanted (const void *wanted, match_data_t *data)
{
    return match_asks (wanted, data) == MATCH_YES;
}

static bool
are_alike (const wait_t *a, const wait_t *b)
{
    return a->subscription == b->subscription && a->partition == b->partition &&
           a->above == b->above;
}

static bool
listening_is_asked (const listening_t *self, const wait_t *wait)
{
    const wait_t *other;
    DL_FOREACH (self->waits, other)
    {
        if (other->look && are_alike (other, wait))
            return true;
    }
    return false;
}

static void
listening_ask (listening_t *self, wait_t *wait)
{
    wait->look = ++self->last_look;
    self->looks++;
    int64_t above = wait->above < wait->first - 1 ? wait->first - 1 : wait->above;
    reader_ask (self->edge->reader,
                &(query_t){.kind = QUERY_FEED,
                           .number = wait->look,
                           .partition = wait->partition,
                           .above_seq = above,
                           .up_to_seq = wait->up_to > above ? wait->up_to : above,
                           .limit_bytes = (size_t)self->edge->limits->page_bytes,
                           .limit_events = (size_t)self->edge->limits->batch_events,
                           .wants = is_wanted,
                           .wanted = wait->subscription->match});
}

static void
listening_go_on (listening_t *self)
{
    wait_t *wait;
    DL_FOREACH (self->waits, wait)
    {
        if (self->looks >= LOOKS_MOST)
            return;
        if (!wait->look && !listening_is_asked (self, wait))
            listening_ask (self, wait);
    }
}

void
listening_catch_up (listening_t *self, const effect_t *effect)
{
    wait_t *wait;
    DL_FOREACH (self->waits, wait)
    {
        if (wait->session == effect->session)
            return;  //  one at a time: it asks again
    }
    wait = ALLOCATE (wait_t);
    *wait = (wait_t){.peer = effect->peer,
                     .session = effect->session,
                     .subscription = subscription_ref (effect->catch_up.subscription),
                     .partition = effect->catch_up.partition,
                     .above = effect->catch_up.above,
                     .up_to = effect->catch_up.up_to,
                     .first = effect->catch_up.first};
    DL_APPEND (self->waits, wait);
    listening_go_on (self);
}

static void
listening_answer (listening_t *self, const wait_t *wait, const wait_t *asked, const query_t *query)
{
    message_t page = {.command = COMMAND_PAGE,
                      .session = wait->session,
                      .subscription = wait->subscription->id,
                      .partition = wait->partition,
                      .above = wait->above,
                      .reached = query->reached,
                      .first = asked->first > query->first ? asked->first : query->first,
                      .events = query->page->events,
                      .event_count = query->page->count};
    metrics_add (self->edge->metrics, METRIC_feed_pages, 1);
    back_say (self->edge->back, wait->peer, &page);
}

static wait_t *
listening_find (const listening_t *self, uint64_t look)
{
    wait_t *wait;
    DL_SEARCH_SCALAR (self->waits, wait, look, look);
    return wait;
}

//  A look that failed is answered with nothing: they ask again.
void
listening_found (listening_t *self, query_t *query)
{
    self->looks--;
    wait_t *asked = listening_find (self, query->number);
    ASSERT (asked, "one that the reader looks for stays until it is found");
    wait_t key = *asked, *wait, *next;
    key.subscription = subscription_ref (asked->subscription);
    DL_FOREACH_SAFE (self->waits, wait, next)
    {
        if (!are_alike (wait, &key))
            continue;
        if (query->problem.status == STATUS_OK)
            listening_answer (self, wait, &key, query);
        listening_drop (self, wait);
    }
    subscription_destroy (&key.subscription);
    listening_go_on (self);
}
