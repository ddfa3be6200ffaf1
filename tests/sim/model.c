#include "tests/sim/model.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/broker_actor.h"
#include "tests/sim/results.h"
#include "tests/sim/state.h"

bool
model_is_notice (const event_t *event)
{
    return strncmp (event->type, "tocsin.", 7) == 0 && !results_is_one (event);
}

//  Worlds have few types, each one segment: a pattern is one of them, or **; or tocsin.**. Who wants
//  results wants nothing else.
static bool
is_of_type (const asked_t *asked, const event_t *event)
{
    if (asked->subscription->is_asked)
        return false;
    if (asked->via)
        return strcmp (asked->via, event->via) == 0;
    if (strncmp (event->type, "tocsin.", 7) == 0)
        return strcmp (asked->type, "tocsin.**") == 0;
    return strcmp (asked->type, "**") == 0 || strcmp (asked->type, event->type) == 0;
}

//  As the client was told; before that, as a consumer saw it.
static void
place_of (const promise_t *promise, int32_t *partition, int64_t *seq)
{
    *partition = promise->seq > 0 ? promise->partition : promise->event->partition;
    *seq = promise->seq > 0 ? promise->seq : promise->event->seq;
}

bool
model_may_want (const asked_t *asked, const promise_t *promise)
{
    int32_t partition;
    int64_t seq;
    place_of (promise, &partition, &seq);
    return seq > asked->low_seqs [partition] && seq <= asked->until_seqs [partition] &&
           is_of_type (asked, promise->event);
}

//  It, or what it replays, has ended or may have.
static bool
may_be_gone (const world_t *world, const asked_t *asked)
{
    int64_t expires_ms = asked->subscription->expires_ms;
    return asked->is_ending || (expires_ms > 0 && world->latest_ms >= expires_ms);
}

bool
model_must_want (const world_t *world, const asked_t *asked, const promise_t *promise)
{
    int32_t partition;
    int64_t seq;
    place_of (promise, &partition, &seq);
    return model_may_want (asked, promise) && seq > asked->high_seqs [partition] &&
           seq > world->ledger->hard_seqs [partition] && !may_be_gone (world, asked);
}

//  Of age. Before that it dies when its next try would come after; so it was tried.
static bool
may_have_expired (const world_t *world, const asked_t *asked, const promise_t *promise, int tries)
{
    int64_t ttl_ms = asked->subscription->retry.ttl_ms;
    int64_t accepted_ms = promise->event->accepted_ms;
    return ttl_ms > 0 && (tries > 0 || accepted_ms == 0 || world->latest_ms > accepted_ms + ttl_ms);
}

bool
model_may_have_ended (const world_t *world, const promise_t *promise, size_t place)
{
    const asked_t *asked = &world->ledger->asked [place];
    const experience_t *had = &promise->experiences [place];
    return had->oks > 0 || had->skips > 0 || had->fails > 0 || had->instead || had->is_discarded ||
           had->was_poison || had->was_cancelled ||
           had->tries >= asked->subscription->retry.max_attempts ||
           may_have_expired (world, asked, promise, had->tries);
}

//  The row of a dead letter in all that is kept of its event.
static const exception_t *
dead_in (const history_t *history, const char *subscription)
{
    for (size_t i = 0; i < history->exception_count; i++) {
        const exception_row_t *row = &history->exceptions [i];
        if (row->exception.state == EXCEPTION_DEAD && strcmp (row->subscription, subscription) == 0)
            return &row->exception;
    }
    return NULL;
}

bool
model_find_dead (store_t *store, const char *event, const char *subscription,
                 exception_t *exception)
{
    history_t *history = NULL;
    if (store->ops->look_up (store, event, &history, NULL) != STATUS_OK)
        return false;
    const exception_t *dead = dead_in (history, subscription);
    bool is_found = dead;
    if (is_found)
        *exception = *dead;
    history_destroy (&history);
    return is_found;
}

//  ---- What is missing

//  It ended, or the last of those that went instead of one another did.
static bool
is_missing (world_t *world, const promise_t *promise, size_t place)
{
    while (promise->experiences [place].oks == 0 && promise->experiences [place].instead)
        promise = promise->experiences [place].instead;
    const asked_t *asked = &world->ledger->asked [place];
    const experience_t *had = &promise->experiences [place];
    exception_t dead;
    return model_must_want (world, asked, promise) && had->oks + had->skips == 0 &&
           !had->is_discarded &&
           !model_find_dead (broker_actor_store (world->broker), promise->event->id,
                             asked->subscription->id, &dead);
}

static bool
is_kept (world_t *world, const promise_t *promise, char *what, size_t size)
{
    if (!promise->seq) {
        snprintf (what, size, "%s was never confirmed", promise->event->id);
        return false;
    }
    for (size_t i = 0; i < world->ledger->asked_count; i++) {
        if (!is_missing (world, promise, i))
            continue;
        char state [100];
        const char *id = world->ledger->asked [i].subscription->id;
        broker_actor_describe (world->broker, id, promise->partition, promise->seq, state,
                               sizeof state);
        snprintf (what, size, "%s (seq %lld) never reached %s: %s", promise->event->id,
                  (long long)promise->seq, id, state);
        return false;
    }
    return true;
}

bool
model_is_fulfilled (world_t *world, char *what, size_t size)
{
    for (size_t i = 0; i < world->ledger->promise_count; i++)
        if (!is_kept (world, world->ledger->promises [i], what, size))
            return false;
    return results_are_there (world, what, size);
}

//  ---- The log

//  All of a partition; NULL, and that is said, when it cannot be read.
static page_t *
read_log (world_t *world, int32_t partition)
{
    store_t *store = broker_actor_store (world->broker);
    page_t *page = NULL;
    if (store->ops->read (store, partition, 0, SIZE_MAX, SIZE_MAX, &page, NULL) != STATUS_OK)
        world_fail (world, "partition %d cannot be read", partition);
    return page;
}

//  A commit whose outcome was unknown had made it, and it has left the log since: then it is made again,
//  and is new to all.
static void
note_made_again (const world_t *world, promise_t *promise, const event_t *event)
{
    bool is_elsewhere = promise->seq != event->seq || promise->partition != event->partition;
    if (!results_is_one (event) || !is_elsewhere || world->unknown_commits == 0 ||
        promise->seq > world->ledger->soft_seqs [promise->partition])
        return;
    ledger_moved (world->ledger, promise, event);
}

promise_t *
model_promise (world_t *world, const event_t *event)
{
    promise_t *promise = ledger_promise (world->ledger, event->id);
    if (promise)
        note_made_again (world, promise, event);
    if (promise || !(model_is_notice (event) || results_is_one (event)))
        return promise;
    if (results_is_one (event))
        results_check (world, event);
    promise = ledger_publish (world->ledger, event);
    promise->partition = event->partition;
    promise->seq = event->seq;
    return promise;
}

void
model_adopt_notices (world_t *world)
{
    bool may_come = world->tells || results_may_come (world);
    for (int32_t i = 0; i < broker_actor_partitions (world->broker) && may_come; i++) {
        page_t *page = read_log (world, i);
        for (size_t n = 0; page && n < page->count; n++)
            model_promise (world, page->events [n]);
        page_destroy (&page);
    }
}

static void
compare_entry (world_t *world, const event_t *event, int64_t expected_seq)
{
    const promise_t *promise = ledger_promise (world->ledger, event->id);
    if (event->seq != expected_seq)
        world_fail (world, "the log has a gap before seq %lld", (long long)event->seq);
    else if (!promise)
        world_fail (world, "%s is in the log, and nobody published it", event->id);
    else if (promise->seq != event->seq || promise->partition != event->partition)
        world_fail (world, "%s was confirmed as seq %lld, and is in the log as %lld", event->id,
                    (long long)promise->seq, (long long)event->seq);
}

//  How many there were, from a seq on.
static size_t
count_promises (const world_t *world, int32_t partition, int64_t first_seq)
{
    size_t count = 0;
    for (size_t i = 0; i < world->ledger->promise_count; i++)
        count += world->ledger->promises [i]->partition == partition &&
                 world->ledger->promises [i]->seq >= first_seq;
    return count;
}

//  From where on it has no gaps: not later than somebody asked for.
static void
compare_partition (world_t *world, int32_t partition, int64_t first_seq)
{
    if (first_seq < 1)
        first_seq = 1;
    if (first_seq > world->ledger->soft_seqs [partition] + 1)
        world_fail (world, "partition %d begins at seq %lld, which nobody asked for", partition,
                    (long long)first_seq);
    page_t *page = read_log (world, partition);
    size_t count = 0;
    for (size_t i = 0; page && i < page->count; i++)
        if (page->events [i]->seq >= first_seq)
            compare_entry (world, page->events [i], first_seq + (int64_t)count++);
    page_destroy (&page);
    size_t promised = count_promises (world, partition, first_seq);
    if (count != promised)
        world_fail (world, "%zu events were confirmed, and %zu are in the log of partition %d",
                    promised, count, partition);
}

static void
compare_log (world_t *world)
{
    store_t *store = broker_actor_store (world->broker);
    inventory_t *inventory = NULL;
    if (store->ops->load (store, &inventory, NULL) != STATUS_OK) {
        world_fail (world, "the store cannot be loaded");
        return;
    }
    for (int32_t i = 0; i < inventory->partition_count; i++)
        compare_partition (world, i, inventory->partitions [i].first_seq);
    inventory_destroy (&inventory);
}

//  ---- Dead letters

//  Whether what happened justifies it: nobody dies of less.
static bool
is_justified (const world_t *world, const promise_t *promise, size_t place, const exception_t *dead)
{
    const asked_t *asked = &world->ledger->asked [place];
    const experience_t *had = &promise->experiences [place];
    switch (dead->reason) {
        case REASON_USED_UP: return had->tries >= asked->subscription->retry.max_attempts;
        case REASON_FINAL: return had->fails > 0;
        case REASON_CANCELLED: return had->was_cancelled;
        case REASON_POISON: return had->was_poison;
        case REASON_HOPS: return checker_is_too_far (world, asked, promise->event);
        case REASON_EXPIRED: return may_have_expired (world, asked, promise, had->tries);
        default: return false;
    }
}

static void
compare_death (world_t *world, const promise_t *promise, size_t place, const exception_t *dead)
{
    const asked_t *asked = &world->ledger->asked [place];
    const experience_t *had = &promise->experiences [place];
    const char *id = asked->subscription->id;
    if (!model_may_want (asked, promise))
        world_fail (world, "%s is a dead letter of %s, which never wanted it", promise->event->id,
                    id);
    else if (had->oks + had->skips > 0 && !had->was_cancelled &&
             !checker_explains (world->checker, asked, had))
        world_fail (world, "%s is a dead letter of %s, whose consumer took it", promise->event->id,
                    id);
    else if (!is_justified (world, promise, place, dead))
        world_fail (world, "%s is a dead letter of %s because %s, after %d tries and %d refusals",
                    promise->event->id, id, reason_name (dead->reason), had->tries, had->fails);
}

static void
compare_deaths (world_t *world, const promise_t *promise)
{
    store_t *store = broker_actor_store (world->broker);
    history_t *history = NULL;
    if (store->ops->look_up (store, promise->event->id, &history, NULL) != STATUS_OK)
        return;  //  it was trimmed; compare_log has looked
    for (size_t i = 0; i < world->ledger->asked_count; i++) {
        const exception_t *dead = dead_in (history, world->ledger->asked [i].subscription->id);
        if (dead)
            compare_death (world, promise, i, dead);
    }
    history_destroy (&history);
}

void
model_compare (world_t *world)
{
    model_adopt_notices (world);
    compare_log (world);
    for (size_t i = 0; i < world->ledger->promise_count; i++)
        compare_deaths (world, world->ledger->promises [i]);
}
