#include "broker/store/memory_subscribers.h"

#include <stdlib.h>
#include <string.h>

#define uthash_fatal(message) abort ()
#include <uthash.h>

#include "broker/store/answers.h"
#include "broker/store/place.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

//  What is kept of one event for one subscription.
typedef struct {
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
        case CHANGE_HEALTH: break;
        case CHANGE_TRIM:
        case CHANGE_LEVEL: ASSERT (false, "a level is the partition's");
    }
}

void
subscribers_tell (const subscribers_t *self, history_t *history)
{
    int64_t place = place_of (history->event->partition, history->event->seq);
    for (subscriber_t *one = self->by_id; one; one = one->hh.next) {
        delivery_t *delivery;
        HASH_FIND (hh, one->deliveries, &place, sizeof place, delivery);
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
    }
}

void
subscribers_clear (subscribers_t *self)
{
    subscriber_t *subscriber, *next;
    HASH_ITER (hh, self->by_id, subscriber, next)
    forget_subscriber (self, subscriber);
}
