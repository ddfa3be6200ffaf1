#include "tests/sim/counts.h"

#include <string.h>

#include "broker/store/store.h"
#include "proto/model/owned.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/ledger.h"
#include "tests/sim/state.h"

//  How often a subscription has counted an event.
static int64_t
count_of (store_t *store, const char *subscription, const char *event)
{
    OWNED (counts) counts_t *counts = NULL;
    store->ops->list_counts (store, subscription, event, 1, &counts, NULL);
    bool is_there = counts->count == 1 && strcmp (counts->rows [0].key, event) == 0;
    return is_there ? counts->rows [0].count : 0;
}

//  Its result may have found no room: then it was done again, and ended otherwise, or was given up.
static bool
ended_well (const world_t *world, const promise_t *promise, const history_t *history, size_t i)
{
    const attempt_row_t *row = &history->attempts [i];
    bool is_last = i + 1 == history->attempt_count ||
                   strcmp (history->attempts [i + 1].subscription, row->subscription) != 0;
    if (!is_last || row->attempt.outcome != OUTCOME_OK || row->attempt.number == ATTEMPT_COALESCED)
        return false;
    for (size_t at = 0; at < history->exception_count; at++)
        if (strcmp (history->exceptions [at].subscription, row->subscription) == 0)
            return false;
    for (size_t at = 0; at < world->ledger->asked_count; at++)
        if (strcmp (world->ledger->asked [at].subscription->id, row->subscription) == 0)
            return !promise->experiences [at].is_discarded;
    return true;
}

//  A commit whose outcome was unknown and which was repeated may have counted twice.
static void
compare_event (world_t *world, store_t *store, const promise_t *promise)
{
    const char *event = promise->event->id;
    OWNED (history) history_t *history = NULL;
    if (store->ops->look_up (store, event, &history, NULL) != STATUS_OK)
        return;  //  it was trimmed
    for (size_t i = 0; i < history->attempt_count; i++) {
        const char *subscription = history->attempts [i].subscription;
        int64_t count = count_of (store, subscription, event);
        bool is_too_little = count < 1 && ended_well (world, promise, history, i);
        if (is_too_little || (count > 1 && world->unknown_commits == 0))
            world_fail (world, "%s was delivered to %s, which has counted it %lld times", event,
                        subscription, (long long)count);
    }
}

void
counts_compare (world_t *world)
{
    store_t *store = broker_actor_store (world->broker);
    for (size_t i = 0; i < world->ledger->promise_count; i++)
        compare_event (world, store, world->ledger->promises [i]);
}
