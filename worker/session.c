#include "worker/session.h"

#include <stdlib.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "worker/session_state.h"

static int64_t
earlier (int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
later (int64_t a, int64_t b)
{
    return a > b ? a : b;
}

//  splitmix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
uint64_t
worker_session_random (worker_session_t *self, uint64_t below)
{
    uint64_t z = (self->random += UINT64_C (0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C (0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C (0x94d049bb133111eb);
    return below > 0 ? (z ^ (z >> 31)) % below : 0;
}

worker_session_t *
worker_session_new (const worker_session_settings_t *settings, int64_t now_ms)
{
    ASSERT (settings->capacity > 0, "a worker that takes nothing need not join");
    worker_session_t *self = ALLOCATE (worker_session_t);
    self->settings = *settings;
    self->batch_size = 1;
    self->capacity = settings->capacity;
    self->holdings = holdings_new ((size_t)settings->capacity);
    self->random = settings->seed;
    self->now_ms = now_ms;
    self->asked_ms = INT64_MAX;
    self->hello_due_ms = now_ms;
    self->word_due_ms = INT64_MAX;
    self->patience_ms = HELLO_FIRST_MS;
    return self;
}

void
worker_session_destroy (worker_session_t **self_p)
{
    worker_session_t *self = *self_p;
    if (!self)
        return;
    ASSERT (holdings_slots_taken (self->holdings) == 0,
            "an attempt under way still looks at its delivery");
    holdings_destroy (&self->holdings);
    free (self->settlements);
    free (self->leases);
    free (self->begun);
    free (self->released);
    free (self);
    *self_p = NULL;
}

/*  The broker knows us no more: what we held is others' now. */
static void
lose (worker_session_t *self)
{
    worker_session_keep (self);
    self->former = self->id;
    self->id = 0;
    self->wants_connection = !self->is_leaving;
    self->patience_ms = HELLO_FIRST_MS;
    self->hello_due_ms = self->now_ms + (int64_t)worker_session_random (self, HELLO_FIRST_MS);
    self->released_count = 0;
    worker_session_drop (self, HOLDING_WAITING);
    holding_t *holding;
    while ((holding = holdings_first (self->holdings, HOLDING_BEGUN))) {
        holding->session = holding->is_cancelled ? 0 : self->former;
        holdings_lose (self->holdings, holding);
    }
}

/*  Time goes on. Were we stopped (SIGSTOP, a closed lid), then what the broker said meanwhile still
 *  waits in the socket and is read before it is judged; unless we were silent so long ourselves that
 *  it has ended the session.
 */
static void
advance (worker_session_t *self, int64_t now_ms)
{
    ASSERT (now_ms >= self->now_ms, "whoever reads the clock holds it back when it jumps");
    self->now_ms = now_ms;
    if (self->id == 0)
        return;
    if (now_ms - self->said_ms >= SILENT_HEARTBEATS * self->heartbeat_ms)
        lose (self);
    else if (now_ms - self->heartbeat_ms > self->asked_ms)
        self->lenient_ms = now_ms + self->heartbeat_ms;
}

void
worker_session_release_waiting (worker_session_t *self)
{
    holding_t *holding;
    while ((holding = holdings_first (self->holdings, HOLDING_WAITING))) {
        worker_session_release (self, holding->lease);
        holdings_drop (self->holdings, holding);
    }
}

static void
welcome (worker_session_t *self, const message_t *message)
{
    if (self->id == message->session) {  //  a HELLO was repeated, or the capacity changes
        worker_session_resize (self, message->capacity);
        return;
    }
    if (self->id != 0) {
        lose (self);  //  it would not give a second one had it kept the first
        return;
    }
    if (self->is_leaving || message->session == 0)
        return;
    self->id = message->session;
    worker_session_take_up (self, message->former);
    self->hellos = 0;
    self->heartbeat_ms = later (1, message->heartbeat_ms);
    self->said_ms = self->now_ms;
    self->lenient_ms = 0;
    self->heartbeat_due_ms =
        self->now_ms + (int64_t)worker_session_random (self, (uint64_t)self->heartbeat_ms);
    self->wants_credit_said = true;
    self->broker_leaves = false;
    self->received = self->beyond = self->bytes_received = 0;
    self->batch_size = 1;
    self->granted = self->bytes_granted = self->shrunk_until = 0;
    worker_session_resize (self, message->capacity);
    self->repeat_after_ms = 2 * self->heartbeat_ms;
}

//  The deliveries up to this number were lost on the way: their credit may be granted again.
static void
skip (worker_session_t *self, uint64_t number)
{
    uint64_t lost = number - self->received;
    self->bytes_received += lost * (uint64_t)self->settings.limits->event_bytes;
    self->received = number;
}

static void
receive_one (worker_session_t *self, parcel_t *parcel, size_t index)
{
    const delivery_t *delivery = parcel_delivery (parcel, index);
    if (delivery->number <= self->received)
        return;  //  a repeat; or late, and then the broker has it back at our next heartbeat
    skip (self, delivery->number - 1);
    self->received = delivery->number;
    self->bytes_received += delivery->event->data_size;

    if (holdings_find (self->holdings, delivery->lease))
        return;
    if (self->is_leaving || self->broker_leaves ||
        !worker_session_has_room (self, delivery->number)) {
        worker_session_release (self, delivery->lease);
        return;
    }
    //  The broker must have heard of its end before the deadline, or it takes the lease back. A
    //  question has nothing but its deadline: what is begun late may still be in time.
    int64_t spare_ms =
        delivery->deadline_ms - parcel_target (parcel, index)->timeout_ms - self->heartbeat_ms;
    if (delivery->event->phase == PHASE_PRE)
        spare_ms = delivery->deadline_ms;
    holdings_add (self->holdings, parcel, index, self->now_ms + later (0, spare_ms));
}

//  Of the largest batch in it.
static size_t
largest_batch (const message_t *message)
{
    size_t largest = 1, size = 1;
    for (size_t i = 1; i < message->delivery_count; i++) {
        uint64_t batch = message->deliveries [i].batch;
        size = batch > 0 && batch == message->deliveries [i - 1].batch ? size + 1 : 1;
        if (size > largest)
            largest = size;
    }
    return largest;
}

static void
receive (worker_session_t *self, message_t *message)
{
    self->batch_size = largest_batch (message);
    parcel_t *parcel = parcel_new (message);
    for (size_t i = 0; i < parcel_message (parcel)->delivery_count; i++)
        receive_one (self, parcel, i);
    parcel_destroy (&parcel);
}

/*  The broker tells the number of its last delivery. What it had sent before its previous heartbeat
 *  and still is not here will never be.
 */
static void
learn_last (worker_session_t *self, uint64_t last)
{
    if (self->beyond > self->received)
        skip (self, self->beyond);
    self->beyond = last > self->received ? last : 0;
}

//  The broker hears nothing more that comes over this connection, for what we said in it.
static void
be_shunned (worker_session_t *self)
{
    if (self->id != 0)
        lose (self);
    self->hello_due_ms =
        self->now_ms + SHUNNED_MS + (int64_t)worker_session_random (self, SHUNNED_MORE_MS);
}

static void
hear_in_session (worker_session_t *self, message_t *message)
{
    if (message->command == COMMAND_DELIVER)
        receive (self, message);
    else if (message->command == COMMAND_SETTLED)
        worker_session_settled (self, message);
    else if (message->command == COMMAND_CANCEL)
        worker_session_cancelled (self, message);
    else if (message->command == COMMAND_HEARTBEAT)
        learn_last (self, message->received);
    else if (message->command == COMMAND_BYE) {
        self->broker_leaves = true;
        worker_session_release_waiting (self);
    }
}

void
worker_session_hear (worker_session_t *self, message_t *message, int64_t now_ms)
{
    advance (self, now_ms);
    self->heard_ms = now_ms;
    if (message->command == COMMAND_WELCOME)
        welcome (self, message);
    else if (message->command == COMMAND_RESET) {
        if (self->id != 0 && (message->session == 0 || message->session == self->id))
            lose (self);  //  a late one may be about the session before
    }
    else if (message->command == COMMAND_BYE && message->status != STATUS_OK) {
        if (message->session == 0 || message->session == self->id)
            be_shunned (self);
    }
    else if (self->id != 0 && message->session == self->id)
        hear_in_session (self, message);
    message_clear (message);
}

static void
finish_one (worker_session_t *self, holding_t *holding, const settlement_t *settlement)
{
    if (holding->state != HOLDING_BEGUN)
        worker_session_finish_lost (self, holding, settlement);
    else if (settlement)
        holdings_end (self->holdings, holding, settlement);
    else {
        worker_session_release (self, holding->lease);
        holdings_drop (self->holdings, holding);
    }
}

void
worker_session_finish (worker_session_t *self, holding_t *holding, const settlement_t *settlements,
                       int64_t now_ms)
{
    advance (self, now_ms);
    holding_t *const *members;
    const delivery_t *const *deliveries;
    size_t count = holdings_batch (holding, &members, &deliveries);
    if (count == 1)
        finish_one (self, holding, settlements);
    else
        for (size_t i = 0; i < count; i++)  //  the crate goes with the last of them
            finish_one (self, members [i], settlements ? &settlements [i] : NULL);
}

void
worker_session_progress (worker_session_t *self, holding_t *holding, int32_t percent,
                         const char *text, int64_t now_ms)
{
    advance (self, now_ms);
    worker_session_note_word (self, holding, percent, text);
}

//  While all slots are taken for long, what waits for one would wait here beyond its deadline.
static void
release_late (worker_session_t *self)
{
    holding_t *holding = holdings_first (self->holdings, HOLDING_WAITING);
    while (holding) {
        holding_t *next = holding->next;
        if (holding->begin_by_ms < self->now_ms) {
            worker_session_release (self, holding->lease);
            holdings_drop (self->holdings, holding);
        }
        holding = next;
    }
}

static int64_t
silent_ms (const worker_session_t *self)
{
    return later (self->heard_ms + SILENT_HEARTBEATS * self->heartbeat_ms, self->lenient_ms);
}

static void
repeat_outcomes (worker_session_t *self)
{
    holding_t *holding = holdings_first (self->holdings, HOLDING_SAID);
    if (!holding || holding->said_ms + self->repeat_after_ms > self->now_ms)
        return;
    int64_t before_ms = self->now_ms - self->repeat_after_ms;
    while (holding && holding->said_ms <= before_ms) {
        holdings_say_again (self->holdings, holding);
        holding = holdings_first (self->holdings, HOLDING_SAID);
    }
    self->repeat_after_ms = earlier (self->repeat_after_ms * 2, REPEAT_MOST_MS);
}

void
worker_session_tick (worker_session_t *self, int64_t now_ms)
{
    advance (self, now_ms);
    if (self->id == 0)
        return;
    if (silent_ms (self) <= now_ms) {
        lose (self);
        return;
    }
    release_late (self);
    repeat_outcomes (self);
}

void
worker_session_leave (worker_session_t *self, int64_t now_ms)
{
    advance (self, now_ms);
    self->is_leaving = true;
    self->wants_bye_said = true;
    self->wants_connection = false;
    worker_session_release_waiting (self);
    worker_session_drop (self, HOLDING_KEPT);  //  there is no session more
}

static bool
take_connect (worker_session_t *self, worker_effect_t *effect)
{
    bool is_worn = self->id == 0 && !self->is_leaving && self->hello_due_ms <= self->now_ms &&
                   self->hellos >= HELLOS_OF_A_CONNECTION;
    if (!self->wants_connection && !is_worn)
        return false;
    self->wants_connection = false;
    self->hellos = 0;
    *effect = (worker_effect_t){.kind = WORKER_CONNECT};
    return true;
}

static bool
take_cancel (worker_session_t *self, worker_effect_t *effect)
{
    holding_t *holding = holdings_first (self->holdings, HOLDING_LOST);
    if (!holding)
        return false;
    holding_t *const *members;
    const delivery_t *const *deliveries;
    size_t count = holdings_batch (holding, &members, &deliveries);
    if (count == 1)
        holdings_stop (self->holdings, holding);
    else
        for (size_t i = 0; i < count; i++)  //  leases are lost all together
            holdings_stop (self->holdings, members [i]);
    *effect = (worker_effect_t){.kind = WORKER_CANCEL, .holding = holding};
    return true;
}

//  What cannot be begun in time goes back.
static bool
take_begin (worker_session_t *self, worker_effect_t *effect)
{
    holding_t *holding;
    while ((holding = holdings_begin (self->holdings))) {
        if (holding->begin_by_ms < self->now_ms) {
            worker_session_finish (self, holding, NULL, self->now_ms);
            continue;
        }
        holding_t *const *members;
        *effect = (worker_effect_t){.kind = WORKER_BEGIN,
                                    .holding = holding,
                                    .delivery = parcel_delivery (holding->parcel, holding->index),
                                    .target = parcel_target (holding->parcel, holding->index)};
        effect->delivery_count = holdings_batch (holding, &members, &effect->deliveries);
        return true;
    }
    return false;
}

bool
worker_session_take (worker_session_t *self, worker_effect_t *effect)
{
    if (take_connect (self, effect) || take_cancel (self, effect) || take_begin (self, effect))
        return true;
    if (worker_session_say (self)) {
        *effect = (worker_effect_t){.kind = WORKER_SEND, .message = &self->out};
        return true;
    }
    self->asked_ms = worker_session_deadline (self);
    return false;
}

int64_t
worker_session_deadline (const worker_session_t *self)
{
    if (self->id == 0)
        return self->is_leaving ? INT64_MAX : self->hello_due_ms;
    int64_t deadline_ms = earlier (silent_ms (self), self->heartbeat_due_ms);
    const holding_t *said = holdings_first (self->holdings, HOLDING_SAID);
    if (said)
        deadline_ms = earlier (deadline_ms, said->said_ms + self->repeat_after_ms);
    return earlier (deadline_ms, self->word_due_ms);
}

uint64_t
worker_session_id (const worker_session_t *self)
{
    return self->id;
}

int64_t
worker_session_heartbeat_ms (const worker_session_t *self)
{
    return self->heartbeat_ms;
}

bool
worker_session_is_member (const worker_session_t *self)
{
    return self->id != 0;
}

bool
worker_session_has_left (const worker_session_t *self)
{
    return self->is_leaving && holdings_slots_taken (self->holdings) == 0 &&
           holdings_leases (self->holdings) == 0 && self->released_count == 0 &&
           (self->id == 0 || !self->wants_bye_said);
}
