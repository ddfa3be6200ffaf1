#include "gateway/errands.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/clock.h"
#include "gateway/gate.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum {
    GATES = 64,  //  more messages under way than that, and some wake too often
    //  PUBLISHes that may be unconfirmed: one is being committed, one lies with the broker, one is on
    //  its way. What comes meanwhile gathers here, instead of going out one by one to wait there.
    UNDER_WAY_MOST = 3,
    FEW = 4,  //  events: beside a message of no more than that the next goes at once
};

struct errands {
    const limits_t *limits;  //  borrowed
    gate_t gates [GATES];
    pthread_mutex_t lock;         //  of all below, and of the errands in it
    errand_t *publishes, *calls;  //  that wait, oldest first
    size_t waiting_events, waiting_bytes;
    shipment_t *sent;       //  oldest first
    int under_way;          //  PUBLISHes of `sent` that somebody waits for
    size_t last_events;     //  of the PUBLISH that was shipped last
    uint64_t last_request;  //  number
    bool is_asleep;         //  the link thread, or it will be in a moment
    bool is_away;           //  no broker has answered for too long
};

errands_t *
errands_new (const limits_t *limits)
{
    errands_t *self = ALLOCATE (errands_t);
    self->limits = limits;
    pthread_mutex_init (&self->lock, NULL);
    return self;
}

void
errands_destroy (errands_t **self_p)
{
    if (!*self_p)
        return;
    errands_t *self = *self_p;
    ASSERT (!self->publishes && !self->calls && !self->sent,
            "the request threads have ended, and took theirs back");
    pthread_mutex_destroy (&self->lock);
    free (self);
    *self_p = NULL;
}

static void
shipment_destroy (shipment_t *self)
{
    shipment_release (self);
    free (self->slots);
    free (self);
}

void
shipment_release (shipment_t *self)
{
    for (size_t i = 0; self->events && i < self->event_count; i++)
        event_destroy (&self->events [i]);
    free (self->events);
    free (self->json);
    self->events = NULL;
    self->json = NULL;
}

/*  Under the lock. Whether what waits may go now. Beside a large one that is under way it goes when it
 *  is no smaller: under load messages, and with them commits, grow until each holds a good part of all
 *  who wait; with few clients everything goes at once.
 */
static bool
errands_may_go (const errands_t *self)
{
    if (self->calls)
        return true;
    if (!self->publishes || self->under_way == UNDER_WAY_MOST)
        return false;
    return self->under_way == 0 || self->last_events <= FEW ||
           self->waiting_events >= self->last_events;
}

//  Under the lock: it is answered, lost, or nobody waits for it any more.
static void
errands_arrive (errands_t *self, shipment_t *shipment)
{
    self->under_way -= shipment->is_under_way;
    shipment->is_under_way = false;
}

//  ---- Request threads

static void
errands_enqueue (errands_t *self, errand_t *errand)
{
    errand->stage = ERRAND_WAITING;
    errand->gate = (unsigned)(self->last_request % GATES);
    if (errand->method)
        DL_APPEND (self->calls, errand);
    else
        DL_APPEND (self->publishes, errand);
    self->waiting_events += errand->event_count;
    self->waiting_bytes += errand->bytes;
}

static void
errands_dequeue (errands_t *self, errand_t *errand)
{
    if (errand->method)
        DL_DELETE (self->calls, errand);
    else
        DL_DELETE (self->publishes, errand);
    self->waiting_events -= errand->event_count;
    self->waiting_bytes -= errand->bytes;
}

//  OK, or why it cannot be taken now.
static status_t
errands_put (errands_t *self, errand_t *errand, bool *must_ring)
{
    status_t status = STATUS_OK;
    pthread_mutex_lock (&self->lock);
    if (self->is_away)
        status = STATUS_NO_BROKER;
    else if (self->publishes &&
             ((int64_t)(self->waiting_bytes + errand->bytes) > self->limits->pending_bytes ||
              (int64_t)(self->waiting_events + errand->event_count) > self->limits->pending_events))
        status = STATUS_FULL;
    else
        errands_enqueue (self, errand);
    *must_ring = self->is_asleep && errands_may_go (self);
    if (*must_ring)
        self->is_asleep = false;
    pthread_mutex_unlock (&self->lock);
    return status;
}

//  It was sent, and there will be no answer. A question may simply be asked again.
static status_t
errand_unanswered (const errand_t *errand)
{
    return errand->method && !errand->changes ? STATUS_NO_BROKER : STATUS_OUTCOME_UNKNOWN;
}

//  Under the lock. The last who withdraws makes room for those that wait.
static void
errands_withdraw_sent (errands_t *self, errand_t *errand)
{
    shipment_t *shipment = errand->shipment;
    shipment->slots [errand->slot].errand = NULL;
    errand->status = errand_unanswered (errand);
    if (--shipment->waited_for == 0)
        errands_arrive (self, shipment);
}

//  Nobody waits for it any more. What it was answered in the last moment counts. Returns whether the
//  link thread must be woken.
static bool
errands_withdraw (errands_t *self, errand_t *errand)
{
    pthread_mutex_lock (&self->lock);
    if (errand->stage == ERRAND_WAITING) {
        errands_dequeue (self, errand);
        errand->status = STATUS_NO_BROKER;
    }
    else if (errand->stage == ERRAND_SENT) {
        errands_withdraw_sent (self, errand);
    }
    errand->stage = ERRAND_DONE;
    bool must_ring = self->is_asleep && errands_may_go (self);
    if (must_ring)
        self->is_asleep = false;
    pthread_mutex_unlock (&self->lock);
    return must_ring;
}

void
errands_do (errands_t *self, errand_t *errand, int64_t timeout_ms, void (*ring) (void *),
            void *context)
{
    int64_t deadline_ms = monotonic_ms () + timeout_ms;
    bool must_ring;
    atomic_init (&errand->is_done, false);
    status_t status = errands_put (self, errand, &must_ring);
    if (status != STATUS_OK) {  //  if it is OK, its answer may be there already
        errand->status = status;
        return;
    }
    if (must_ring)
        ring (context);
    gate_sleep (&self->gates [errand->gate], &errand->is_done, deadline_ms);
    if (!atomic_load (&errand->is_done) && errands_withdraw (self, errand))
        ring (context);
}

//  ---- The link thread

//  Done with it, under the lock, and with all that are in it; then those who wait are woken.
static void
errands_unlock_and_wake (errands_t *self, shipment_t *shipment)
{
    pthread_mutex_unlock (&self->lock);
    for (uint64_t gates = shipment->gates; gates; gates &= gates - 1)
        gate_open (&self->gates [__builtin_ctzll (gates)]);
    shipment_destroy (shipment);
}

bool
errands_may_sleep (errands_t *self)
{
    pthread_mutex_lock (&self->lock);
    self->is_asleep = !errands_may_go (self);
    bool may_sleep = self->is_asleep;
    pthread_mutex_unlock (&self->lock);
    return may_sleep;
}

void
errands_set_away (errands_t *self, bool is_away)
{
    pthread_mutex_lock (&self->lock);
    self->is_away = is_away;
    pthread_mutex_unlock (&self->lock);
}

//  How many of the PUBLISHes that wait fit into one message: at least the first.
static size_t
errands_fitting (const errands_t *self)
{
    const errand_t *first = self->publishes;
    size_t count = 1, events = first->event_count, bytes = first->bytes;
    for (const errand_t *errand = first->next; errand && !first->is_alone; errand = errand->next) {
        events += errand->event_count;
        bytes += errand->bytes;
        if (errand->is_alone || (int64_t)bytes > self->limits->frame_bytes ||
            (int64_t)events > self->limits->batch_events)
            break;
        count++;
    }
    return count;
}

//  Under the lock: its thread may give up at any time, so the message has its own references.
static void
shipment_add (shipment_t *self, errand_t *errand)
{
    self->events = allocate_again (self->events, self->event_count + errand->event_count,
                                   sizeof (*self->events));
    for (size_t i = 0; i < errand->event_count; i++)
        self->events [self->event_count++] = event_ref (errand->events [i]);
    if (errand->method) {
        self->method = errand->method;  //  a literal
        self->json = allocate_bytes (errand->json, errand->json_size);
        self->json_size = errand->json_size;
    }
    errand->stage = ERRAND_SENT;
    errand->shipment = self;
    errand->slot = self->count;
    self->slots [self->count].errand = errand;
    self->slots [self->count++].event_count = errand->event_count;
}

//  Under the lock: the oldest, as long as nobody waits for them any more. Their answers may never come.
static void
errands_forget (errands_t *self)
{
    while (self->sent && self->sent->waited_for == 0) {
        shipment_t *shipment = self->sent;
        DL_DELETE (self->sent, shipment);
        shipment_destroy (shipment);
    }
}

//  Under the lock: the first of a queue, and those behind it, `count` in all, become a message.
static shipment_t *
errands_ship (errands_t *self, errand_t *first, size_t count)
{
    shipment_t *shipment = ALLOCATE (shipment_t);
    shipment->request = ++self->last_request;
    shipment->slots = allocate (count, sizeof (*shipment->slots));
    for (errand_t *errand = first; shipment->count < count;) {
        errand_t *next = errand->next;
        errands_dequeue (self, errand);
        shipment_add (shipment, errand);
        errand = next;
    }
    shipment->waited_for = count;
    shipment->is_under_way = !first->method;
    self->under_way += shipment->is_under_way;
    if (shipment->is_under_way)
        self->last_events = shipment->event_count;
    DL_APPEND (self->sent, shipment);
    return shipment;
}

shipment_t *
errands_take (errands_t *self)
{
    shipment_t *shipment = NULL;
    pthread_mutex_lock (&self->lock);
    errands_forget (self);
    if (self->calls)
        shipment = errands_ship (self, self->calls, 1);
    else if (errands_may_go (self))
        shipment = errands_ship (self, self->publishes, errands_fitting (self));
    pthread_mutex_unlock (&self->lock);
    return shipment;
}

//  Those that nobody has withdrawn wait again, before all others and in their order.
static void
errands_put_back (errands_t *self, shipment_t *shipment, bool is_alone)
{
    for (size_t i = shipment->count; i-- > 0;) {
        errand_t *errand = shipment->slots [i].errand;
        if (!errand)
            continue;
        errand->stage = ERRAND_WAITING;
        errand->is_alone |= is_alone;
        if (errand->method)
            DL_PREPEND (self->calls, errand);
        else
            DL_PREPEND (self->publishes, errand);
        self->waiting_events += errand->event_count;
        self->waiting_bytes += errand->bytes;
    }
}

void
errands_return (errands_t *self, shipment_t *shipment)
{
    pthread_mutex_lock (&self->lock);
    DL_DELETE (self->sent, shipment);
    errands_arrive (self, shipment);
    errands_put_back (self, shipment, false);
    pthread_mutex_unlock (&self->lock);
    shipment_destroy (shipment);
}

//  Under the lock: the shipment of a request, taken out; NULL when nobody waits for it any more.
static shipment_t *
errands_find (errands_t *self, uint64_t request)
{
    shipment_t *shipment;
    DL_FOREACH (self->sent, shipment)
    if (shipment->request == request) {
        DL_DELETE (self->sent, shipment);
        errands_arrive (self, shipment);
        return shipment;
    }
    return NULL;
}

//  Under the lock, one errand of an answered shipment.
static void
shipment_finish (shipment_t *self, errand_t *errand, status_t status)
{
    self->gates |= UINT64_C (1) << errand->gate;
    errand->status = status;
    errand->stage = ERRAND_DONE;
    atomic_store (&errand->is_done, true);  //  from here on it may be gone
}

void
errands_confirm (errands_t *self, uint64_t request, const confirmation_t *confirmations,
                 size_t count, int64_t backoff_ms)
{
    pthread_mutex_lock (&self->lock);
    shipment_t *shipment = errands_find (self, request);
    if (!shipment) {
        pthread_mutex_unlock (&self->lock);
        return;
    }
    bool is_whole = count == shipment->event_count && !shipment->method;
    for (size_t i = 0; i < shipment->count; i++) {
        errand_t *errand = shipment->slots [i].errand;
        size_t events = shipment->slots [i].event_count;
        if (errand && is_whole && events > 0)
            memcpy (errand->confirmations, confirmations, events * sizeof (*confirmations));
        confirmations += is_whole ? events : 0;
        if (!errand)
            continue;
        errand->backoff_ms = backoff_ms;
        shipment_finish (shipment, errand, is_whole ? STATUS_OK : STATUS_OUTCOME_UNKNOWN);
    }
    errands_unlock_and_wake (self, shipment);
}

void
errands_refuse (errands_t *self, uint64_t request, status_t status, int64_t retry_after_ms,
                const char *text)
{
    pthread_mutex_lock (&self->lock);
    shipment_t *shipment = errands_find (self, request);
    if (!shipment) {
        pthread_mutex_unlock (&self->lock);
        return;
    }
    //  One of them is to blame, the others are not: each again, by itself.
    if (shipment->count > 1 && status_repeat (status) == REPEAT_NEVER) {
        errands_put_back (self, shipment, true);
        pthread_mutex_unlock (&self->lock);
        shipment_destroy (shipment);
        return;
    }
    for (size_t i = 0; i < shipment->count; i++) {
        errand_t *errand = shipment->slots [i].errand;
        if (!errand)
            continue;
        errand->retry_after_ms = retry_after_ms;
        problem_set (&errand->problem, status, "%s", text);
        shipment_finish (shipment, errand, status);
    }
    errands_unlock_and_wake (self, shipment);
}

void
errands_reply (errands_t *self, uint64_t request, status_t status, const char *json, size_t size)
{
    pthread_mutex_lock (&self->lock);
    shipment_t *shipment = errands_find (self, request);
    if (!shipment) {
        pthread_mutex_unlock (&self->lock);
        return;
    }
    errand_t *errand = shipment->slots [0].errand;
    if (errand) {
        if (shipment->method)
            bytes_add (&errand->reply, json, size);
        shipment_finish (shipment, errand, shipment->method ? status : STATUS_OUTCOME_UNKNOWN);
    }
    errands_unlock_and_wake (self, shipment);
}

void
errands_lose (errands_t *self)
{
    pthread_mutex_lock (&self->lock);
    while (self->sent) {
        shipment_t *shipment = self->sent;
        DL_DELETE (self->sent, shipment);
        errands_arrive (self, shipment);
        for (size_t i = 0; i < shipment->count; i++) {
            errand_t *errand = shipment->slots [i].errand;
            if (errand)
                shipment_finish (shipment, errand, errand_unanswered (errand));
        }
        errands_unlock_and_wake (self, shipment);
        pthread_mutex_lock (&self->lock);
    }
    pthread_mutex_unlock (&self->lock);
}
