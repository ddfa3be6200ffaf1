#include "tests/sim/model.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/broker_actor.h"
#include "tests/sim/state.h"

//  Worlds have few types, each one segment: a pattern is one of them, or **.
static bool
is_of_type (const asked_t *asked, const event_t *event)
{
    const json_t *match = json_object_get (asked->subscription->document, "match");
    const char *type = json_string_value (json_object_get (match, "type"));
    return strcmp (type, "**") == 0 || strcmp (type, event->type) == 0;
}

bool
model_wants (const asked_t *asked, const promise_t *promise)
{
    bool is_told = promise->seq > 0;
    int32_t partition = is_told ? promise->partition : promise->event->partition;
    int64_t seq = is_told ? promise->seq : promise->event->seq;
    return seq > asked->start_seqs [partition] && is_of_type (asked, promise->event);
}

bool
model_may_have_ended (const asked_t *asked, const promise_t *promise, size_t place)
{
    const experience_t *had = &promise->experiences [place];
    return had->oks > 0 || had->fails > 0 || had->tries >= asked->subscription->retry.max_attempts;
}

//  The row of a dead letter. false: there is none.
static bool
find_dead (store_t *store, const char *event, const char *subscription, exception_t *exception)
{
    history_t *history = NULL;
    if (store->ops->look_up (store, event, &history, NULL) != STATUS_OK)
        return false;
    bool is_found = false;
    for (size_t i = 0; i < history->exception_count; i++) {
        const exception_row_t *row = &history->exceptions [i];
        if (row->exception.state != EXCEPTION_DEAD || strcmp (row->subscription, subscription) != 0)
            continue;
        is_found = true;
        *exception = row->exception;
    }
    history_destroy (&history);
    return is_found;
}

bool
model_is_dead (store_t *store, const char *event, const char *subscription)
{
    exception_t exception;
    return find_dead (store, event, subscription, &exception);
}

static void
say_what_is_missing (world_t *world, const char *subscription, const promise_t *promise, char *what,
                     size_t size)
{
    char state [100];
    broker_actor_describe (world->broker, subscription, promise->partition, promise->seq, state,
                           sizeof state);
    snprintf (what, size, "%s (seq %lld) never reached %s: %s", promise->event->id,
              (long long)promise->seq, subscription, state);
}

static bool
is_kept (world_t *world, const promise_t *promise, char *what, size_t size)
{
    if (!promise->seq) {
        snprintf (what, size, "%s was never confirmed", promise->event->id);
        return false;
    }
    for (size_t i = 0; i < world->ledger->asked_count; i++) {
        const asked_t *asked = &world->ledger->asked [i];
        const char *id = asked->subscription->id;
        if (!model_wants (asked, promise) || promise->experiences [i].oks > 0 ||
            model_is_dead (broker_actor_store (world->broker), promise->event->id, id))
            continue;
        say_what_is_missing (world, id, promise, what, size);
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
    return true;
}

//  ---- The log

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

//  Entries are counted: as many as promises, and each has its own place.
static void
compare_log (world_t *world, store_t *store)
{
    size_t count = 0;
    for (int32_t i = 0; i < broker_actor_partitions (world->broker); i++) {
        page_t *page = NULL;
        if (store->ops->read (store, i, 0, SIZE_MAX, SIZE_MAX, &page, NULL) != STATUS_OK) {
            world_fail (world, "partition %d cannot be read", i);
            return;
        }
        for (size_t n = 0; n < page->count; n++)
            compare_entry (world, page->events [n], (int64_t)n + 1);
        count += page->count;
        page_destroy (&page);
    }
    if (count != world->ledger->promise_count)
        world_fail (world, "%zu events were confirmed, and %zu are in the log",
                    world->ledger->promise_count, count);
}

//  ---- Dead letters

//  What the consumer's answers justify: nobody dies of less.
static void
compare_death (world_t *world, const asked_t *asked, const promise_t *promise,
               const experience_t *had)
{
    store_t *store = broker_actor_store (world->broker);
    exception_t dead;
    const char *id = asked->subscription->id;
    if (!find_dead (store, promise->event->id, id, &dead))
        return;
    if (!model_wants (asked, promise))
        world_fail (world, "%s is a dead letter of %s, which never wanted it", promise->event->id,
                    id);
    else if (had->oks > 0 && checker_disturbed_ms (world->checker) < had->ok_begun_ms)
        world_fail (world, "%s is a dead letter of %s, whose consumer took it", promise->event->id,
                    id);
    else if (had->fails == 0 && had->tries < asked->subscription->retry.max_attempts)
        world_fail (world, "%s is a dead letter of %s after %d tries, of %d", promise->event->id,
                    id, had->tries, asked->subscription->retry.max_attempts);
}

void
model_compare (world_t *world)
{
    compare_log (world, broker_actor_store (world->broker));
    for (size_t i = 0; i < world->ledger->promise_count; i++) {
        const promise_t *promise = world->ledger->promises [i];
        for (size_t n = 0; n < world->ledger->asked_count; n++)
            compare_death (world, &world->ledger->asked [n], promise, &promise->experiences [n]);
    }
}
