#include "tests/sim/watch_bursts.h"

#include <string.h>

#include "proto/model/owned.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/model.h"
#include "tests/sim/state.h"

//  As it is in the log; NULL: it is not there.
static event_t *
find_event (world_t *world, int32_t partition, int64_t seq)
{
    store_t *store = broker_actor_store (world->broker);
    page_t *page = NULL;
    event_t *found = NULL;
    if (store->ops->read (store, partition, seq - 1, SIZE_MAX, 1, &page, NULL) != STATUS_OK)
        return NULL;
    if (page->count > 0 && page->events [0]->seq == seq)
        found = event_ref (page->events [0]);
    page_destroy (&page);
    return found;
}

static event_t *
find_named (world_t *world, const char *id)
{
    store_t *store = broker_actor_store (world->broker);
    history_t *history = NULL;
    if (store->ops->look_up (store, id, &history, NULL) != STATUS_OK)
        return NULL;
    event_t *found = event_ref (history->event);
    history_destroy (&history);
    return found;
}

static bool
are_a_burst (const coalesce_policy_t *policy, const event_t *earlier, const event_t *later)
{
    bool is_same = policy->by == COALESCE_BY_KEY ? strcmp (earlier->key, later->key) == 0
                                                 : strcmp (earlier->subject, later->subject) == 0;
    return policy->by != COALESCE_NEVER && !policy->keeps_all && is_same &&
           later->partition == earlier->partition && later->seq > earlier->seq &&
           later->accepted_ms - earlier->accepted_ms < policy->window_ms;
}

bool
watch_bursts_may_skip (world_t *world, const subscription_t *subscription, const char *earlier,
                       const char *later)
{
    if (subscription->coalesce.by == COALESCE_NEVER)
        return false;
    OWNED (event) event_t *first = find_named (world, earlier);
    OWNED (event) event_t *second = find_named (world, later);
    return first && second && are_a_burst (&subscription->coalesce, first, second);
}

static void
look (world_t *world, const change_t *change)
{
    size_t place = ledger_place (world->ledger, change->subscription);
    const asked_t *asked = &world->ledger->asked [place];
    OWNED (event) event_t *earlier = find_event (world, change->partition, change->seq);
    OWNED (event) event_t *later = find_named (world, change->attempt.result);
    bool is_cut = change->seq <= world->ledger->soft_seqs [change->partition];
    if (!earlier || (!later && is_cut))
        return;  //  the log has been cut there meanwhile, but for what has a row
    if (!later || !are_a_burst (&asked->subscription->coalesce, earlier, later)) {
        world_fail (world, "%s: %s is skipped, and %s is no later one of its burst",
                    change->subscription, earlier->id, change->attempt.result);
        return;
    }
    promise_t *promise = model_promise (world, earlier);
    promise_t *instead = model_promise (world, later);
    if (instead && !instead->event->seq)  //  its client need not know yet where it is
        event_set_place (instead->event, later->partition, later->seq, later->accepted_ms);
    if (promise && instead && model_may_want (asked, instead))
        promise->experiences [place].instead = instead;
    else
        world_fail (world, "%s: %s is skipped for %s, which it does not get", change->subscription,
                    earlier->id, later->id);
}

void
watch_bursts_look (world_t *world, const effect_t *save)
{
    for (size_t i = 0; i < save->save.count; i++) {
        const change_t *change = &save->save.changes [i];
        if (change->kind == CHANGE_ATTEMPT && change->attempt.number == ATTEMPT_COALESCED)
            look (world, change);
    }
}
