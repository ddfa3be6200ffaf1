#include "tests/sim/ledger.h"

#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

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

size_t
ledger_place (const ledger_t *self, const char *subscription)
{
    size_t i = find (self, subscription);
    ASSERT (i < self->asked_count, "a play names a subscription that it made");
    return i;
}

size_t
ledger_ask (ledger_t *self, const subscription_t *subscription, const int64_t *start_seqs)
{
    size_t i = find (self, subscription->id);
    ASSERT (i < LEDGER_SUBSCRIPTIONS, "a life has few subscriptions");
    asked_t *asked = &self->asked [i];
    if (i == self->asked_count) {
        self->asked_count++;
        memcpy (asked->start_seqs, start_seqs, sizeof asked->start_seqs);
    }
    subscription_destroy (&asked->subscription);
    asked->subscription = subscription_ref (subscription);
    return i;
}
