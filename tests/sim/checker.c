#include "tests/sim/checker.h"
#include "broker/core/view.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "tests/sim/model.h"
#include "tests/sim/state.h"
#include "tests/sim/watch_bursts.h"

struct checker {
    world_t *world;
    ledger_t *ledger;
    int64_t disturbed_ms;
    int64_t total_begins;
};

checker_t *
checker_new (world_t *world, ledger_t *ledger)
{
    checker_t *self = ALLOCATE (checker_t);
    *self = (checker_t){.world = world, .ledger = ledger, .disturbed_ms = -1};
    return self;
}

void
checker_destroy (checker_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

void
checker_confirmed (checker_t *self, const char *event, int32_t partition, int64_t seq)
{
    promise_t *promise = ledger_promise (self->ledger, event);
    if (promise->seq && (promise->seq != seq || promise->partition != partition))
        world_fail (self->world, "%s was confirmed as seq %lld, and then as %lld", event,
                    (long long)promise->seq, (long long)seq);
    if (!promise->seq)
        promise->confirmed_ms = world_now (self->world);
    promise->seq = seq;
    promise->partition = partition;
}

void
checker_disturbed (checker_t *self)
{
    self->disturbed_ms = world_now (self->world);
}

bool
checker_explains (const checker_t *self, const asked_t *asked, const experience_t *had)
{
    bool had_no_room =
        asked->subscription->emit.type && self->world->refused_ms >= had->ok_begun_ms;
    return self->disturbed_ms >= had->ok_begun_ms || had->redrives > 0 || had_no_room;
}

bool
checker_is_too_far (const world_t *world, const asked_t *asked, const event_t *event)
{
    return asked->subscription->emit.type && event->hops >= world->limits.hops;
}

//  For one of its key that came after it. That may be later than `event` as well, which stood outside
//  of the burst: it had waited for its key too long to stay in memory.
static bool
may_have_been_skipped (const checker_t *self, const subscription_t *subscription,
                       const promise_t *earlier)
{
    for (size_t i = 0; i < self->ledger->promise_count; i++) {
        const promise_t *other = self->ledger->promises [i];
        if (other->key == earlier->key && other != earlier &&
            watch_bursts_may_skip (self->world, subscription, earlier->event->id, other->event->id))
            return true;
    }
    return false;
}

//  Promise 5: everything earlier of its key has ended.
static void
check_order (checker_t *self, size_t subscription, const promise_t *later)
{
    const asked_t *asked = &self->ledger->asked [subscription];
    for (size_t i = 0; i < self->ledger->promise_count; i++) {
        const promise_t *earlier = self->ledger->promises [i];
        if (earlier->key == later->key && earlier->seq > 0 && earlier->seq < later->event->seq &&
            model_must_want (self->world, asked, earlier) &&
            !model_may_have_ended (self->world, earlier, subscription) &&
            !may_have_been_skipped (self, asked->subscription, earlier))
            world_fail (self->world, "%s: %s began before %s, earlier of its key, had ended",
                        asked->subscription->id, later->event->id, earlier->event->id);
    }
}

static void
check_sameness (checker_t *self, const promise_t *promise, const event_t *event)
{
    const event_t *published = promise->event;
    if (event->data_size != published->data_size ||
        memcmp (event->data, published->data, event->data_size) != 0)
        world_fail (self->world, "%s arrived with other data", event->id);
}

void
checker_begun (checker_t *self, const char *subscription, const event_t *event, bool is_leased)
{
    size_t place = ledger_place (self->ledger, subscription);
    const asked_t *asked = &self->ledger->asked [place];
    promise_t *promise = model_promise (self->world, event);
    self->total_begins += !model_is_notice (event);
    if (!promise) {
        world_fail (self->world, "%s was delivered and never published", event->id);
        return;
    }
    check_sameness (self, promise, event);
    if (!promise->event->accepted_ms || !promise->event->seq)
        event_set_place (promise->event, event->partition, event->seq, event->accepted_ms);
    if (!model_may_want (asked, promise))
        world_fail (self->world, "%s got %s, which it did not ask for", subscription, event->id);
    experience_t *had = &promise->experiences [place];
    if (checker_is_too_far (self->world, asked, event))
        world_fail (self->world, "%s got %s, which is too far from where it began", subscription,
                    event->id);
    if (is_leased && had->oks + had->skips > 0 && !checker_explains (self, asked, had))
        world_fail (self->world, "%s got %s twice, and nothing explains it", subscription,
                    event->id);
    had->begins++;
    if (asked->subscription->order == ORDER_KEY && is_leased)
        check_order (self, place, promise);
}

void
checker_answered (checker_t *self, const char *subscription, const event_t *event,
                  outcome_t outcome, int64_t begun_ms)
{
    promise_t *promise = ledger_promise (self->ledger, event->id);
    if (!promise)
        return;  //  it has been said
    experience_t *had = &promise->experiences [ledger_place (self->ledger, subscription)];
    bool is_done = outcome == OUTCOME_OK || outcome == OUTCOME_SKIP;
    if (is_done && had->ok_begun_ms < begun_ms)
        had->ok_begun_ms = begun_ms;
    had->oks += outcome == OUTCOME_OK;
    had->skips += outcome == OUTCOME_SKIP;
    had->tries += outcome == OUTCOME_RETRY;
    had->fails += outcome == OUTCOME_FAIL;
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

int64_t
checker_total_begins (const checker_t *self)
{
    return self->total_begins;
}
