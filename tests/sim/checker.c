#include "tests/sim/checker.h"
#include "broker/core/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/state.h"

enum { EVENTS = 2048, SUBSCRIPTIONS = 8, PARTITIONS = 8 };

typedef struct {
    event_t *event;  //  ours
    int32_t partition;
    int64_t seq;       //  0: not confirmed
    status_t refusal;  //  the last
} promise_t;

typedef struct {
    int begins, oks, others, finals;
    int64_t ok_begun_ms;  //  of the last attempt that went well
} experience_t;

struct checker {
    world_t *world;
    promise_t promises [EVENTS];
    size_t promise_count;
    struct {
        subscription_t *subscription;  //  ours
        int64_t start_seqs [PARTITIONS];
    } subscriptions [SUBSCRIPTIONS];
    size_t subscription_count;
    experience_t experiences [SUBSCRIPTIONS][EVENTS];
    int64_t disturbed_ms;
    int64_t total_begins;
};

checker_t *
checker_new (world_t *world)
{
    checker_t *self = ALLOCATE (checker_t);
    self->world = world;
    self->disturbed_ms = -1;
    return self;
}

void
checker_destroy (checker_t **self_p)
{
    checker_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->promise_count; i++)
        event_destroy (&self->promises [i].event);
    for (size_t i = 0; i < self->subscription_count; i++)
        subscription_destroy (&self->subscriptions [i].subscription);
    free (self);
    *self_p = NULL;
}

static size_t
promise_at (const checker_t *self, const char *event)
{
    size_t i = 0;
    while (i < self->promise_count && strcmp (self->promises [i].event->id, event) != 0)
        i++;
    return i;
}

static size_t
subscription_at (const checker_t *self, const char *subscription)
{
    size_t i = 0;
    while (i < self->subscription_count &&
           strcmp (self->subscriptions [i].subscription->id, subscription) != 0)
        i++;
    ASSERT (i < self->subscription_count, "a play names a subscription that it made");
    return i;
}

void
checker_subscribed (checker_t *self, subscription_t *subscription, const int64_t *start_seqs)
{
    ASSERT (self->subscription_count < SUBSCRIPTIONS, "a world has few subscriptions");
    size_t i = self->subscription_count++;
    self->subscriptions [i].subscription = subscription_ref (subscription);
    memcpy (self->subscriptions [i].start_seqs, start_seqs,
            sizeof self->subscriptions [i].start_seqs);
}

void
checker_published (checker_t *self, const event_t *event)
{
    ASSERT (self->promise_count < EVENTS, "a world has few events");
    self->promises [self->promise_count++].event = event_ref (event);
}

void
checker_confirmed (checker_t *self, const char *event, int32_t partition, int64_t seq)
{
    promise_t *promise = &self->promises [promise_at (self, event)];
    if (promise->seq && (promise->seq != seq || promise->partition != partition))
        world_fail (self->world, "%s was confirmed as seq %lld, and then as %lld", event,
                    (long long)promise->seq, (long long)seq);
    promise->seq = seq;
    promise->partition = partition;
}

void
checker_refused (checker_t *self, const char *event, status_t status)
{
    self->promises [promise_at (self, event)].refusal = status;
}

status_t
checker_refusal (const checker_t *self, const char *event)
{
    return self->promises [promise_at (self, event)].refusal;
}

void
checker_disturbed (checker_t *self)
{
    self->disturbed_ms = world_now (self->world);
}

static bool
is_wanted (const checker_t *self, size_t subscription, size_t promise)
{
    const promise_t *wanted = &self->promises [promise];
    if (wanted->seq <= self->subscriptions [subscription].start_seqs [wanted->partition])
        return false;
    match_data_t data = {.event = wanted->event};
    bool matches =
        match_asks (self->subscriptions [subscription].subscription->match, &data) == MATCH_YES;
    match_data_clear (&data);
    return matches;
}

static bool
has_ended (const checker_t *self, size_t subscription, size_t promise)
{
    const experience_t *had = &self->experiences [subscription][promise];
    const retry_policy_t *policy = &self->subscriptions [subscription].subscription->retry;
    return had->oks > 0 || had->finals > 0 || had->others >= policy->max_attempts;
}

//  Promise 5: everything earlier of its key has ended.
static void
check_order (checker_t *self, size_t subscription, size_t promise)
{
    const promise_t *later = &self->promises [promise];
    for (size_t i = 0; i < self->promise_count; i++) {
        const promise_t *earlier = &self->promises [i];
        bool is_before = earlier->seq > 0 && earlier->seq < later->event->seq &&
                         earlier->partition == later->event->partition;
        if (is_before && strcmp (earlier->event->key, later->event->key) == 0 &&
            is_wanted (self, subscription, i) && !has_ended (self, subscription, i))
            world_fail (self->world, "%s: %s began before %s, earlier of its key, had ended",
                        self->subscriptions [subscription].subscription->id, later->event->id,
                        earlier->event->id);
    }
}

void
checker_begun (checker_t *self, const char *subscription, const event_t *event, bool is_leased)
{
    size_t s = subscription_at (self, subscription);
    size_t p = promise_at (self, event->id);
    if (p == self->promise_count) {
        world_fail (self->world, "%s was delivered and never published", event->id);
        return;
    }
    match_data_t data = {.event = event};
    if (match_asks (self->subscriptions [s].subscription->match, &data) != MATCH_YES)
        world_fail (self->world, "%s got %s, which it did not ask for", subscription, event->id);
    match_data_clear (&data);
    if (event->data_size != self->promises [p].event->data_size ||
        memcmp (event->data, self->promises [p].event->data, event->data_size) != 0)
        world_fail (self->world, "%s arrived with other data", event->id);

    experience_t *had = &self->experiences [s][p];
    if (is_leased && had->oks > 0 && self->disturbed_ms < had->ok_begun_ms)
        world_fail (self->world, "%s got %s twice, and nothing explains it", subscription,
                    event->id);
    had->begins++;
    self->total_begins++;
    if (!self->promises [p].event->seq)
        event_set_place (self->promises [p].event, event->partition, event->seq, 0);
    if (self->subscriptions [s].subscription->order == ORDER_KEY && is_leased)
        check_order (self, s, p);
}

void
checker_answered (checker_t *self, const char *subscription, const event_t *event,
                  outcome_t outcome, int64_t begun_ms)
{
    size_t p = promise_at (self, event->id);
    experience_t *had = &self->experiences [subscription_at (self, subscription)][p];
    had->oks += outcome == OUTCOME_OK;
    if (outcome == OUTCOME_OK)
        had->ok_begun_ms = begun_ms;
    had->finals += outcome == OUTCOME_FAIL;
    had->others += outcome == OUTCOME_RETRY;
}

void
checker_look (checker_t *self, const core_t *core)
{
    core_stats_t stats = core_stats (core);
    size_t most = (size_t)self->world->limits.waiting_bytes +
                  stats.subscriptions * (size_t)self->world->limits.event_bytes;
    if (stats.waiting_bytes > most)
        world_fail (self->world, "%zu bytes wait in memory, more than settings allow",
                    stats.waiting_bytes);
}

//  How the store has it: dead, or nothing.
bool
checker_is_dead (store_t *store, const char *event, const char *subscription)
{
    history_t *history = NULL;
    if (store->ops->look_up (store, event, &history, NULL) != STATUS_OK)
        return false;
    bool dead = false;
    for (size_t i = 0; i < history->exception_count; i++)
        dead |= history->exceptions [i].exception.state == EXCEPTION_DEAD &&
                strcmp (history->exceptions [i].subscription, subscription) == 0;
    history_destroy (&history);
    return dead;
}

bool
checker_all_ended (checker_t *self, store_t *store, char *what, size_t size)
{
    for (size_t p = 0; p < self->promise_count; p++) {
        const char *event = self->promises [p].event->id;
        if (!self->promises [p].seq) {
            snprintf (what, size, "%s was never confirmed", event);
            return false;
        }
        for (size_t s = 0; s < self->subscription_count; s++) {
            const char *id = self->subscriptions [s].subscription->id;
            if (!is_wanted (self, s, p) || self->experiences [s][p].oks > 0)
                continue;
            if (checker_is_dead (store, event, id))
                continue;
            char state [100];
            broker_actor_describe (self->world->broker, id, self->promises [p].partition,
                                   self->promises [p].seq, state, sizeof state);
            snprintf (what, size, "%s (seq %lld) never reached %s: %s", event,
                      (long long)self->promises [p].seq, id, state);
            return false;
        }
    }
    return true;
}

static void
check_page (checker_t *self, const page_t *page, int64_t above_seq)
{
    for (size_t i = 0; i < page->count; i++)
        if (page->events [i]->seq != above_seq + 1 + (int64_t)i)
            world_fail (self->world, "the log has a gap before seq %lld",
                        (long long)page->events [i]->seq);
}

void
checker_check_store (checker_t *self, store_t *store)
{
    inventory_t *inventory = NULL;
    if (store->ops->load (store, &inventory, NULL) != STATUS_OK) {
        world_fail (self->world, "the store cannot be loaded");
        return;
    }
    for (int32_t i = 0; i < inventory->partition_count; i++) {
        page_t *page = NULL;
        if (store->ops->read (store, i, 0, SIZE_MAX, SIZE_MAX, &page, NULL) != STATUS_OK)
            world_fail (self->world, "partition %d cannot be read", i);
        else
            check_page (self, page, 0);
        page_destroy (&page);
    }
    inventory_destroy (&inventory);
    for (size_t p = 0; p < self->promise_count; p++) {
        history_t *history = NULL;
        const promise_t *promise = &self->promises [p];
        bool is_there =
            store->ops->look_up (store, promise->event->id, &history, NULL) == STATUS_OK;
        if (promise->seq && (!is_there || history->event->seq != promise->seq))
            world_fail (self->world, "%s was confirmed as seq %lld and is not in the log",
                        promise->event->id, (long long)promise->seq);
        history_destroy (&history);
    }
}

int
checker_begins (const checker_t *self, const char *subscription, const char *event)
{
    return self->experiences [subscription_at (self, subscription)][promise_at (self, event)]
        .begins;
}

int
checker_oks (const checker_t *self, const char *subscription, const char *event)
{
    return self->experiences [subscription_at (self, subscription)][promise_at (self, event)].oks;
}

int64_t
checker_total_begins (const checker_t *self)
{
    return self->total_begins;
}
