#include "tests/sim/counts.h"

#include <stdlib.h>
#include <string.h>

#include "broker/store/store.h"
#include "proto/model/owned.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/ledger.h"
#include "tests/sim/state.h"

static int
compare_key (const void *event, const void *row)
{
    return strcmp (event, ((const struct count_row *)row)->key);
}

//  How often it has counted an event. Rows come by their keys.
static int64_t
count_of (const counts_t *counts, const char *event)
{
    if (!counts || counts->count == 0)
        return 0;
    const struct count_row *row =
        bsearch (event, counts->rows, counts->count, sizeof *counts->rows, compare_key);
    return row ? row->count : 0;
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
    const asked_t *asked = ledger_find (world->ledger, row->subscription);
    return !asked || !promise->experiences [asked - world->ledger->asked].is_discarded;
}

static const counts_t *
counts_of (const world_t *world, counts_t *const *counts, const char *subscription)
{
    const asked_t *asked = ledger_find (world->ledger, subscription);
    return asked ? counts [asked - world->ledger->asked] : NULL;
}

//  A commit whose outcome was unknown and which was repeated may have counted twice.
static void
compare_event (world_t *world, store_t *store, counts_t *const *counts, const promise_t *promise)
{
    const char *event = promise->event->id;
    OWNED (history) history_t *history = NULL;
    if (store->ops->look_up (store, event, &history, NULL) != STATUS_OK)
        return;  //  it was trimmed
    for (size_t i = 0; i < history->attempt_count; i++) {
        const char *subscription = history->attempts [i].subscription;
        int64_t count = count_of (counts_of (world, counts, subscription), event);
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
    const ledger_t *ledger = world->ledger;
    counts_t *counts [LEDGER_SUBSCRIPTIONS] = {0};
    for (size_t i = 0; i < ledger->asked_count; i++)
        store->ops->list_counts (store, ledger->asked [i].subscription->id, "", SIZE_MAX,
                                 &counts [i], NULL);
    for (size_t i = 0; i < ledger->promise_count; i++)
        compare_event (world, store, counts, ledger->promises [i]);
    for (size_t i = 0; i < ledger->asked_count; i++)
        counts_destroy (&counts [i]);
}
