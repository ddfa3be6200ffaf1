#include "tests/sim/ledger.h"

#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/results.h"

ledger_t *
ledger_new (void)
{
    return ALLOCATE (ledger_t);
}

void
ledger_destroy (ledger_t **self_p)
{
    ledger_t *self = *self_p;
    if (!self)
        return;
    HASH_CLEAR (hh, self->by_id);
    for (size_t i = 0; i < self->promise_count; i++) {
        event_destroy (&self->promises [i]->event);
        free (self->promises [i]);
    }
    for (size_t i = 0; i < self->asked_count; i++)
        subscription_destroy (&self->asked [i].subscription);
    free (self->promises);
    free (self);
    *self_p = NULL;
}

//  That of an earlier event of this key, or a new one.
static int
key_number (const ledger_t *self, const char *key)
{
    for (size_t i = self->promise_count; i-- > 0;)
        if (strcmp (self->promises [i]->event->key, key) == 0)
            return self->promises [i]->key;
    return (int)self->promise_count;
}

promise_t *
ledger_publish (ledger_t *self, const event_t *event)
{
    promise_t *promise = ALLOCATE (promise_t);
    promise->event = event_ref (event);
    promise->key = key_number (self, event->key);
    if (self->promise_count == self->promise_room) {
        self->promise_room = self->promise_room ? 2 * self->promise_room : 64;
        self->promises = allocate_again (self->promises, self->promise_room, sizeof (promise_t *));
    }
    self->promises [self->promise_count++] = promise;
    HASH_ADD_KEYPTR (hh, self->by_id, promise->event->id, strlen (promise->event->id), promise);
    return promise;
}

void
ledger_moved (ledger_t *self, promise_t *promise, const event_t *event)
{
    HASH_DELETE (hh, self->by_id, promise);
    event_destroy (&promise->event);
    promise->event = event_ref (event);
    promise->partition = event->partition;
    promise->seq = event->seq;
    memset (promise->experiences, 0, sizeof promise->experiences);
    HASH_ADD_KEYPTR (hh, self->by_id, promise->event->id, strlen (promise->event->id), promise);
}

promise_t *
ledger_promise (const ledger_t *self, const char *event)
{
    promise_t *promise;
    HASH_FIND_STR (self->by_id, event, promise);
    return promise;
}

static size_t
find (const ledger_t *self, const char *subscription)
{
    size_t i = 0;
    while (i < self->asked_count && strcmp (self->asked [i].subscription->id, subscription) != 0)
        i++;
    return i;
}

asked_t *
ledger_find (ledger_t *self, const char *subscription)
{
    size_t i = find (self, subscription);
    return i < self->asked_count ? &self->asked [i] : NULL;
}

size_t
ledger_place (const ledger_t *self, const char *subscription)
{
    size_t i = find (self, subscription);
    ASSERT (i < self->asked_count, "a play names a subscription that it made");
    return i;
}

//  The last seq that a client was told of. What else stands in the log the broker may not know of
//  itself: whether a write of it succeeded.
static int64_t
known_seq (const ledger_t *self, int32_t partition)
{
    int64_t seq = 0;
    for (size_t i = 0; i < self->promise_count; i++) {
        const promise_t *promise = self->promises [i];
        if (promise->confirmed_ms > 0 && promise->partition == partition && promise->seq > seq)
            seq = promise->seq;
    }
    return seq;
}

//  Nothing is promised yet; but what was there before it begins it does not get.
static void
begin (const ledger_t *self, asked_t *asked)
{
    const subscription_t *subscription = asked->subscription;
    for (int32_t i = 0; i < LEDGER_PARTITIONS; i++) {
        int64_t known = known_seq (self, i);
        bool is_replayed = (size_t)i < subscription->replay.partitions;
        asked->until_seqs [i] = is_replayed ? subscription->replay.until [i] : INT64_MAX;
        asked->high_seqs [i] = INT64_MAX;
        if (is_replayed)
            asked->low_seqs [i] = subscription->replay.from [i];
        else if (subscription->start == START_NOW)
            asked->low_seqs [i] = known;
        else if (subscription->start == START_SEQ)
            asked->low_seqs [i] =
                subscription->start_at <= known ? subscription->start_at - 1 : known;
    }
}

//  Once: it has always the same policy.
static void
ask_for_companion (ledger_t *self, const subscription_t *subscription)
{
    limits_t limits = limits_default ();
    problem_t problem = {0};
    if (!subscription->delivers_results || subscription->replay.id)
        return;
    subscription_t *companion =
        subscription_results (subscription, subscription->version, &limits, &problem);
    ASSERT (companion, "a play's subscriptions are sound");
    if (!ledger_find (self, companion->id))
        ledger_ask (self, companion);
    subscription_destroy (&companion);
}

void
ledger_ask (ledger_t *self, const subscription_t *subscription)
{
    size_t i = find (self, subscription->id);
    ASSERT (i < LEDGER_SUBSCRIPTIONS, "a life has few subscriptions");
    asked_t *asked = &self->asked [i];
    subscription_t *before = asked->subscription;
    asked->subscription = subscription_ref (subscription);
    const json_t *match = json_object_get (subscription->document, "match");
    asked->type = json_string_value (json_object_get (match, "type"));
    asked->via = json_string_value (json_object_get (match, "via"));
    subscription_destroy (&before);
    if (i == self->asked_count) {
        self->asked_count++;
        begin (self, asked);
    }
    ask_for_companion (self, subscription);
}

//  Who goes with it: a replay, or who delivers its results.
bool
ledger_goes_with (const ledger_t *self, size_t place, const char *subscription)
{
    const subscription_t *other = self->asked [place].subscription;
    return (other->replay.id && strcmp (other->replay.of, subscription) == 0) ||
           (other->results_of && strcmp (other->results_of, subscription) == 0);
}

//  The last seq that it need not get, of a log that is so long.
static int64_t
first_promise (const subscription_t *subscription, int64_t low_seq, int64_t last_seq)
{
    if (subscription->replay.id)
        return low_seq;
    if (subscription->start == START_NOW)
        return last_seq;
    return subscription->start == START_SEQ ? subscription->start_at - 1 : low_seq;
}

static void
made (ledger_t *self, asked_t *asked, const int64_t *last_seqs)
{
    for (int32_t i = 0; i < LEDGER_PARTITIONS; i++) {
        int64_t high_seq = first_promise (asked->subscription, asked->low_seqs [i], last_seqs [i]);
        if (high_seq < self->soft_seqs [i])
            high_seq = self->soft_seqs [i];  //  the log may have begun there
        if (asked->high_seqs [i] == INT64_MAX)
            asked->high_seqs [i] = high_seq;
    }
}

void
ledger_made (ledger_t *self, const char *subscription, const int64_t *last_seqs)
{
    for (size_t i = 0; i < self->asked_count; i++) {
        const subscription_t *other = self->asked [i].subscription;
        if (strcmp (other->id, subscription) == 0 ||
            (other->results_of && strcmp (other->results_of, subscription) == 0))
            made (self, &self->asked [i], last_seqs);
    }
}

void
ledger_end (ledger_t *self, const char *subscription)
{
    for (size_t i = 0; i < self->asked_count; i++) {
        if (ledger_goes_with (self, i, subscription) ||
            strcmp (self->asked [i].subscription->id, subscription) == 0)
            self->asked [i].is_ending = true;
    }
}

static experience_t *
experience_at (ledger_t *self, const char *subscription, int32_t partition, int64_t seq)
{
    size_t place = ledger_place (self, subscription);
    for (size_t i = 0; i < self->promise_count; i++)
        if (self->promises [i]->partition == partition && self->promises [i]->seq == seq)
            return &self->promises [i]->experiences [place];
    ASSERT (false, "what is dead was published");
}

void
ledger_redriven (ledger_t *self, const char *subscription, int32_t partition, int64_t seq)
{
    experience_t *had = experience_at (self, subscription, partition, seq);
    had->redrives++;
    had->is_cancelled = false;
}

void
ledger_discarded (ledger_t *self, const char *subscription, int32_t partition, int64_t seq)
{
    experience_at (self, subscription, partition, seq)->is_discarded = true;
}

void
ledger_cancelled (ledger_t *self, const char *subscription, int32_t partition, int64_t seq)
{
    experience_t *had = experience_at (self, subscription, partition, seq);
    had->was_cancelled = had->is_cancelled = true;
}

void
ledger_trimmed (ledger_t *self, int32_t partition, int64_t soft_seq, int64_t hard_seq)
{
    if (soft_seq > self->soft_seqs [partition])
        self->soft_seqs [partition] = soft_seq;
    if (hard_seq > self->hard_seqs [partition])
        self->hard_seqs [partition] = hard_seq;
}
