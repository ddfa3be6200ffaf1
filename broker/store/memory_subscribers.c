#include "broker/store/memory_subscribers.h"

#include <stdlib.h>
#include <string.h>

#define uthash_fatal(message) abort ()
#include <uthash.h>

#include "broker/store/answers.h"
#include "broker/store/memory_counts.h"
#include "broker/store/place.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

//  What is kept of one event for one subscription.
typedef struct delivery {
    int64_t place;
    bool is_exception;
    exception_t exception;
    attempt_t *attempts;  //  by number
    size_t attempt_count;
    UT_hash_handle hh;  //  by place
} delivery_t;

typedef struct {
    bool is_kept;
    bool is_quiet;
    progress_t progress;
} track_t;

typedef struct subscriber {
    subscription_t *subscription;
    track_t *tracks;  //  of each partition
    delivery_t *deliveries;
    bool has_health;
    health_t health;
    memory_counts_t counts;
    UT_hash_handle hh;  //  by id, in the order they were made
} subscriber_t;

static void
forget_attempt (attempt_t *attempt)
{
    free ((void *)(uintptr_t)attempt->error);
    free ((void *)(uintptr_t)attempt->worker);
    free ((void *)(uintptr_t)attempt->result);
}

static void
forget_delivery (subscriber_t *subscriber, delivery_t *delivery)
{
    HASH_DEL (subscriber->deliveries, delivery);
    for (size_t i = 0; i < delivery->attempt_count; i++)
        forget_attempt (&delivery->attempts [i]);
    free (delivery->attempts);
    free (delivery);
}

static void
forget_subscriber (subscribers_t *self, subscriber_t *subscriber)
{
    HASH_DEL (self->by_id, subscriber);
    delivery_t *delivery, *next;
    HASH_ITER (hh, subscriber->deliveries, delivery, next)
    forget_delivery (subscriber, delivery);
    memory_counts_clear (&subscriber->counts);
    subscription_destroy (&subscriber->subscription);
    free (subscriber->tracks);
    free (subscriber);
}

static subscriber_t *
find_subscriber (const subscribers_t *self, const char *id)
{
    subscriber_t *found;
    HASH_FIND_STR (self->by_id, id, found);
    return found;
}

static void
put_subscription (subscribers_t *self, const change_t *change)
{
    subscriber_t *subscriber = find_subscriber (self, change->subscription);
    if (!subscriber) {
        subscriber = ALLOCATE (subscriber_t);
        subscriber->tracks = allocate ((size_t)self->partitions, sizeof (track_t));
        subscriber->subscription = subscription_ref (change->document);
        const char *id = subscriber->subscription->id;
        HASH_ADD_KEYPTR (hh, self->by_id, id, strlen (id), subscriber);
        return;
    }
    //  The hash's key is in the document that goes.
    subscription_t *before = subscriber->subscription;
    subscriber->subscription = subscription_ref (change->document);
    subscriber->hh.key = subscriber->subscription->id;
    subscription_destroy (&before);
}

static delivery_t *
delivery_of (subscriber_t *subscriber, const change_t *change, bool is_to_be_made)
{
    int64_t place = place_of (change->partition, change->seq);
    delivery_t *delivery;
    HASH_FIND (hh, subscriber->deliveries, &place, sizeof place, delivery);
    if (delivery || !is_to_be_made)
        return delivery;
    delivery = ALLOCATE (delivery_t);
    delivery->place = place;
    HASH_ADD (hh, subscriber->deliveries, place, sizeof place, delivery);
    return delivery;
}

static void
put_attempt (subscriber_t *subscriber, const change_t *change)
{
    delivery_t *delivery = delivery_of (subscriber, change, true);
    attempt_t kept = change->attempt;
    kept.error = allocate_copy (kept.error);
    kept.worker = allocate_copy (kept.worker);
    kept.result = allocate_copy (kept.result);

    size_t at = delivery->attempt_count;
    while (at > 0 && delivery->attempts [at - 1].number >= kept.number)
        at--;
    if (at < delivery->attempt_count && delivery->attempts [at].number == kept.number)
        forget_attempt (&delivery->attempts [at]);
    else {
        delivery->attempts = array_room (delivery->attempts, delivery->attempt_count, sizeof kept);
        memmove (&delivery->attempts [at + 1], &delivery->attempts [at],
                 (delivery->attempt_count - at) * sizeof kept);
        delivery->attempt_count++;
    }
    delivery->attempts [at] = kept;
}

static void
put_exception (subscriber_t *subscriber, const change_t *change)
{
    delivery_t *delivery = delivery_of (subscriber, change, true);
    delivery->is_exception = true;
    delivery->exception = change->exception;
}

static void
end_exception (subscriber_t *subscriber, const change_t *change)
{
    delivery_t *delivery = delivery_of (subscriber, change, false);
    if (!delivery)
        return;
    delivery->is_exception = false;
    if (delivery->attempt_count == 0)
        forget_delivery (subscriber, delivery);
}

static void
put_progress (subscriber_t *subscriber, const change_t *change, int64_t last_seq)
{
    ASSERT (change->progress->floor <= last_seq,
            "what is not in the log cannot have ended: it would be passed over when it comes");
    subscriber->tracks [change->partition] =
        (track_t){.is_kept = true, .is_quiet = change->is_quiet, .progress = *change->progress};
}

static void
end_subscription (subscribers_t *self, const change_t *change)
{
    subscriber_t *subscriber = find_subscriber (self, change->subscription);
    if (subscriber)
        forget_subscriber (self, subscriber);
}

static void
put_health (subscribers_t *self, const change_t *change)
{
    subscriber_t *subscriber = find_subscriber (self, change->subscription);
    if (!subscriber)
        return;
    subscriber->has_health = true;
    subscriber->health = change->health;
}

static void
count (subscribers_t *self, const change_t *change)
{
    subscriber_t *subscriber = find_subscriber (self, change->subscription);
    if (subscriber)
        memory_counts_add (&subscriber->counts, change->counted);
}

void
subscribers_list_counts (const subscribers_t *self, const char *subscription, const char *from,
                         size_t limit, counts_t *counts)
{
    subscriber_t *subscriber = find_subscriber (self, subscription);
    if (subscriber)
        memory_counts_list (&subscriber->counts, from, limit, counts);
}

//  A row of a delivery, or of a track.
static void
keep (subscribers_t *self, const change_t *change, int64_t last_seq)
{
    subscriber_t *subscriber = find_subscriber (self, change->subscription);
    if (!subscriber)
        return;
    if (change->kind == CHANGE_PROGRESS) {
        put_progress (subscriber, change, last_seq);
        return;
    }
    ASSERT (change->seq > 0 && change->seq <= last_seq, "deliveries are of events in the log");
    if (change->kind == CHANGE_EXCEPTION)
        put_exception (subscriber, change);
    else if (change->kind == CHANGE_EXCEPTION_ENDED)
        end_exception (subscriber, change);
    else
        put_attempt (subscriber, change);
}

void
subscribers_apply (subscribers_t *self, const change_t *change, int64_t last_seq)
{
    switch (change->kind) {
        case CHANGE_SUBSCRIPTION: put_subscription (self, change); break;
        case CHANGE_SUBSCRIPTION_GONE: end_subscription (self, change); break;
        case CHANGE_PROGRESS:
        case CHANGE_EXCEPTION:
        case CHANGE_EXCEPTION_ENDED:
        case CHANGE_ATTEMPT: keep (self, change, last_seq); break;
        case CHANGE_HEALTH: put_health (self, change); break;
        case CHANGE_COUNT: count (self, change); break;
        case CHANGE_TRIM:
        case CHANGE_LEVEL: ASSERT (false, "these are the partition's");
    }
}

static delivery_t *
find_delivery (const subscriber_t *subscriber, int64_t place)
{
    delivery_t *delivery;
    HASH_FIND (hh, subscriber->deliveries, &place, sizeof place, delivery);
    return delivery;
}

bool
subscribers_hold (const subscribers_t *self, int32_t partition, int64_t seq)
{
    int64_t place = place_of (partition, seq);
    for (subscriber_t *one = self->by_id; one; one = one->hh.next) {
        const delivery_t *delivery = find_delivery (one, place);
        if (delivery && delivery->is_exception)
            return true;
    }
    return false;
}

void
subscribers_forget_attempts (subscribers_t *self, int32_t partition, int64_t seq)
{
    int64_t place = place_of (partition, seq);
    for (subscriber_t *one = self->by_id; one; one = one->hh.next) {
        delivery_t *delivery = find_delivery (one, place);
        if (delivery)
            forget_delivery (one, delivery);
    }
}

void
subscribers_tell (const subscribers_t *self, history_t *history)
{
    int64_t place = place_of (history->event->partition, history->event->seq);
    for (subscriber_t *one = self->by_id; one; one = one->hh.next) {
        const delivery_t *delivery = find_delivery (one, place);
        if (delivery && delivery->is_exception)
            history_add_exception (history, one->subscription->id, &delivery->exception);
        for (size_t i = 0; delivery && i < delivery->attempt_count; i++)
            history_add_attempt (history, one->subscription->id, &delivery->attempts [i]);
    }
    history_sort (history);
}

static int
by_place (const delivery_t *a, const delivery_t *b)
{
    return (a->place > b->place) - (a->place < b->place);
}

//  The exceptions of a partition, from the first in the order of places; gives the first of the next.
static const delivery_t *
list_exceptions (const delivery_t *from, int32_t partition, inventory_t *inventory)
{
    for (; from && place_partition (from->place) == partition; from = from->hh.next) {
        exception_at_t at = {.seq = place_seq (from->place), .exception = from->exception};
        if (from->is_exception)
            inventory_add_exception (inventory, &at);
    }
    return from;
}

static bool
has_exception (const delivery_t *from, int32_t partition)
{
    for (; from && place_partition (from->place) == partition; from = from->hh.next)
        if (from->is_exception)
            return true;
    return false;
}

void
subscribers_list (const subscribers_t *self, inventory_t *inventory)
{
    for (subscriber_t *one = self->by_id; one; one = one->hh.next) {
        size_t index = inventory->subscription_count;
        inventory_add_subscription (inventory, subscription_ref (one->subscription));
        HASH_SORT (one->deliveries, by_place);
        const delivery_t *next = one->deliveries;
        for (int32_t i = 0; i < self->partitions; i++) {
            const track_t *track = &one->tracks [i];
            if (track->is_kept || has_exception (next, i))
                inventory_add_progress (inventory, index, i, &track->progress, track->is_quiet);
            next = list_exceptions (next, i, inventory);
        }
        if (one->has_health)
            inventory_add_health (inventory, index, &one->health);
    }
}

subscribers_walk_t
subscribers_walk (const subscribers_t *self, const char *subscription, list_place_t after)
{
    subscriber_t *one = find_subscriber (self, subscription);
    if (!one)
        return (subscribers_walk_t){.next = NULL};
    HASH_SORT (one->deliveries, by_place);
    const delivery_t *next = one->deliveries;
    int64_t above = after.partition < 0 ? 0 : place_of (after.partition, after.seq);
    while (next && next->place <= above)
        next = next->hh.next;
    return (subscribers_walk_t){.next = next};
}

bool
subscribers_next (subscribers_walk_t *walk, exception_state_t state)
{
    const delivery_t *one = walk->next;
    while (one && !(one->is_exception && one->exception.state == state))
        one = one->hh.next;
    if (!one)
        return false;
    walk->next = one->hh.next;
    walk->partition = place_partition (one->place);
    walk->at = (exception_at_t){.seq = place_seq (one->place), .exception = one->exception};
    walk->attempt = one->attempt_count ? &one->attempts [one->attempt_count - 1] : NULL;
    return true;
}

//  One that is dead since before a time, and whose it is.
typedef struct {
    const delivery_t *delivery;
    const char *subscription;
    size_t order;  //  of its subscription, as they were made
} dead_t;

static int
by_death (const void *a, const void *b)
{
    const dead_t *left = a, *right = b;
    int64_t left_ms = left->delivery->exception.due_ms;
    int64_t right_ms = right->delivery->exception.due_ms;
    if (left_ms != right_ms)
        return left_ms < right_ms ? -1 : 1;
    if (left->order != right->order)
        return left->order < right->order ? -1 : 1;
    return (left->delivery->place > right->delivery->place) -
           (left->delivery->place < right->delivery->place);
}

static dead_t *
gather_dead (const subscribers_t *self, int64_t before_ms, size_t *count)
{
    dead_t *dead = NULL;
    size_t order = 0;
    for (subscriber_t *one = self->by_id; one; one = one->hh.next, order++)
        for (delivery_t *at = one->deliveries; at; at = at->hh.next) {
            if (!at->is_exception || at->exception.state != EXCEPTION_DEAD ||
                at->exception.due_ms >= before_ms)
                continue;
            dead = array_room (dead, *count, sizeof *dead);
            dead [(*count)++] = (dead_t){at, one->subscription->id, order};
        }
    return dead;
}

void
subscribers_list_dead (const subscribers_t *self, int64_t before_ms, size_t limit,
                       listing_t *listing)
{
    size_t count = 0;
    dead_t *dead = gather_dead (self, before_ms, &count);
    if (count)
        qsort (dead, count, sizeof *dead, by_death);
    for (size_t i = 0; i < count && i < limit; i++) {
        int64_t place = dead [i].delivery->place;
        exception_at_t at = {.seq = place_seq (place), .exception = dead [i].delivery->exception};
        listing_add (listing, dead [i].subscription, place_partition (place), &at, NULL, NULL);
    }
    free (dead);
}

void
subscribers_clear (subscribers_t *self)
{
    subscriber_t *subscriber, *next;
    HASH_ITER (hh, self->by_id, subscriber, next)
    forget_subscriber (self, subscriber);
}
