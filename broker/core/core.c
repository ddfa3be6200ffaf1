#include "broker/core/core.h"

#include "broker/core/alone.h"
#include "broker/core/asking.h"
#include "broker/core/batching.h"
#include "broker/core/breaker.h"
#include "broker/core/bringing.h"
#include "broker/core/cancelling.h"
#include "broker/core/coalescing.h"
#include "broker/core/deaths.h"
#include "broker/core/draining.h"
#include "broker/core/feeding.h"
#include "broker/core/lease.h"
#include "broker/core/notice.h"
#include "broker/core/offer.h"
#include "broker/core/parking.h"
#include "broker/core/pending.h"
#include "broker/core/progressing.h"
#include "broker/core/reading.h"
#include "broker/core/ready_queue.h"
#include "broker/core/redriving.h"
#include "broker/core/road.h"
#include "broker/core/session.h"
#include "broker/core/track.h"
#include "broker/core/trimming.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { SAVES_MOST = 16384 };

core_t *
core_new (const core_settings_t *settings, int64_t now_ms)
{
    ASSERT (settings->partitions > 0, "a store has at least one partition");
    core_t *self = ALLOCATE (core_t);
    self->settings = *settings;
    self->random.state = settings->seed;
    self->now_ms = now_ms;
    self->asked_ms = INT64_MAX;
    self->level_due_ms = now_ms + settings->level_ms;
    self->partitions = allocate ((size_t)settings->partitions, sizeof *self->partitions);
    self->matching = matching_new ();
    return self;
}

void
core_destroy (core_t **self_p)
{
    core_t *self = *self_p;
    if (!self)
        return;
    self->is_stopping = true;
    asking_clear (self);
    subscribing_clear (self);
    session_clear (self);
    lease_clear (self);
    reading_clear (self);
    pending_clear (self);
    notice_clear (self);
    draining_clear (self);
    deaths_clear (self);
    offer_clear (self);
    matching_destroy (&self->matching);
    due_queue_clear (&self->due);
    free (self->partitions);
    free (self);
    *self_p = NULL;
}

//  Who calls much later than it was asked to was itself stopped (SIGSTOP, a closed lid): what
//  others said meanwhile still waits in the sockets, so nobody is judged before it was read.
static void
forgive (core_t *self)
{
    int64_t late_ms = self->asked_ms == INT64_MAX ? 0 : self->now_ms - self->asked_ms;
    if (late_ms <= self->settings.heartbeat_ms)
        return;
    self->lenient_ms = self->now_ms + self->settings.heartbeat_ms;
}

static void
say_reset (const input_t *input, effects_t *effects)
{
    effect_t *reset = effects_add (effects, EFFECT_RESET, REASON_STRANGER);
    reset->peer = input->peer;
    reset->session = input->session;
}

//  What a worker says within its session.
static void
hear (core_t *self, const input_t *input, effects_t *effects)
{
    session_t *session = session_find (self, input);
    if (!session) {
        say_reset (input, effects);
        return;
    }
    session->seen_ms = self->now_ms;
    if (input->kind == INPUT_CREDIT)
        joining_credit (self, session, input, effects);
    else if (input->kind == INPUT_SETTLE)
        settling_settle (self, input, effects);
    else if (input->kind == INPUT_RELEASE)
        joining_release (self, session, input, effects);
    else if (input->kind == INPUT_ALIVE)
        joining_alive (self, session, input, effects);
    else if (input->kind == INPUT_PROGRESS)
        progressing_note (self, session, input);
    else if (input->kind == INPUT_LISTEN)
        feeding_listen (self, session, effects);
    else if (input->kind == INPUT_CATCH_UP)
        feeding_catch_up (self, session, input, effects);
    else if (input->kind == INPUT_BRING)
        bringing_bring (self, session, input, effects);
    else {
        ASSERT (input->kind == INPUT_BYE, "core_step hands on what is said in a session");
        session->is_leaving = true;
        alone_session_closes (session);
        session_consider (self, session);
    }
}

static void
go (core_t *self, const input_t *input)
{
    session_t *session = session_find (self, input);
    if (!session)
        return;
    if (!session->is_leaving && !input->gone.is_expelled)
        joining_crash (self, session);
    session_end (self, session, REASON_SESSION_GONE);
}

static void
stop (core_t *self, effects_t *effects)
{
    bool is_first = !self->is_stopping;
    self->is_stopping = true;
    session_t *session, *next;
    HASH_ITER (hh, self->sessions, session, next)
    {
        session_consider (self, session);
        if (!is_first)
            continue;
        effect_t *bye = effects_add (effects, EFFECT_BYE, REASON_STOPPING);
        bye->peer = session->peer;
        bye->session = session->id;
    }
    asking_stop (self);
    pending_level (self, true);
}

static void
wake_session (core_t *self, session_t *session)
{
    int64_t silent_ms = session_silent_ms (self, session);
    if (silent_ms < self->lenient_ms)
        silent_ms = self->lenient_ms;
    if (silent_ms <= self->now_ms)
        session_end (self, session, REASON_SESSION_GONE);
    else
        due_queue_put (&self->due, &session->silence, silent_ms);
}

static void
wake_lease (core_t *self, lease_t *lease)
{
    if (self->now_ms < self->lenient_ms)
        due_queue_put (&self->due, &lease->deadline, self->lenient_ms);
    else
        settling_late (self, lease);
}

static void
wake_delivery (core_t *self, delivery_t *delivery)
{
    if (delivery->group) {
        coalescing_wake (self, delivery);
        return;
    }
    due_queue_remove (&self->due, &delivery->due);
    delivery->ripe_ms = 0;
    delivery_move (delivery, THROUGH_DUE, REASON_DUE);
    parking_put (self, delivery);
}

//  What waited for others has waited long enough.
static void
wake_track (core_t *self, track_t *track)
{
    due_queue_remove (&self->due, &track->ripe);
    ready_queue_consider (self, track);
}

//  Retries, deadlines, silence: no other step has to think of time.
static void
wake_due (core_t *self)
{
    due_node_t *node;
    while ((node = due_queue_first (&self->due)) && node->due_ms <= self->now_ms) {
        switch (node->kind) {
            case DUE_DELIVERY: wake_delivery (self, node->owner); break;
            case DUE_LEASE: wake_lease (self, node->owner); break;
            case DUE_SESSION: wake_session (self, node->owner); break;
            case DUE_SUBSCRIBER: subscribing_wake (self, node->owner); break;
            case DUE_TRACK: wake_track (self, node->owner); break;
            case DUE_ASKED: asking_wake (self, node->owner); break;
            case DUE_BROUGHT: bringing_wake (self, node->owner); break;
        }
    }
    pending_level (self, false);
}

//  Fair over the subscriptions that may send, and over the sessions that have credit. A store that
//  keeps no outcomes gets no more of them: what waits for it stays bounded.
static void
dispatch (core_t *self, effects_t *effects)
{
    asking_go (self, effects);
    if (self->pending_saves > SAVES_MOST)
        return;
    offer_t *offer, *next;
    alone_go (self, effects);
    HASH_ITER (hh, self->offers, offer, next)
    {
        while (offer->open && !ready_queue_is_empty (offer)) {
            delivery_t *delivery = ready_queue_take (self, offer);
            if (!delivery)
                continue;
            track_t *track = delivery->track;
            if (alone_wants (delivery))
                alone_put (self, delivery);
            else if (batching_is_wanted (track->subscriber))
                batching_give (self, offer, delivery, effects);
            else
                lease_give (self, offer_next (offer), delivery, NULL, effects);
            track_consider (self, track);
        }
    }
    alone_go (self, effects);
}

void
core_step (core_t *self, const input_t *input, int64_t now_ms, effects_t *effects)
{
    ASSERT (now_ms >= self->now_ms, "whoever reads the clock holds it back when it jumps");
    self->now_ms = now_ms;
    effects_clear (effects);
    pending_sweep (self);
    asking_sweep (self);
    forgive (self);

    switch (input->kind) {  //  no default, so that the compiler names the case we forgot
        case INPUT_PUBLISH: publishing_accept (self, input, effects); break;
        case INPUT_PERSISTED: publishing_announce (self, input, effects); break;
        case INPUT_NOT_PERSISTED: publishing_withdraw (self, input, effects); break;
        case INPUT_PAGE: reading_page (self, input); break;
        case INPUT_PAGE_FAILED: reading_failed (self, input); break;
        case INPUT_HELLO: joining_hello (self, input, effects); break;
        case INPUT_CREDIT:
        case INPUT_SETTLE:
        case INPUT_RELEASE:
        case INPUT_ALIVE:
        case INPUT_LISTEN:
        case INPUT_CATCH_UP:
        case INPUT_PROGRESS:
        case INPUT_BRING:
        case INPUT_BYE: hear (self, input, effects); break;
        case INPUT_DRAIN: draining_drain (self, input); break;
        case INPUT_GONE: go (self, input); break;
        case INPUT_SUBSCRIBE: subscribing_subscribe (self, input, effects); break;
        case INPUT_UNSUBSCRIBE: subscribing_unsubscribe (self, input, effects); break;
        case INPUT_REDRIVE: redriving_redrive (self, input); break;
        case INPUT_DISCARD: redriving_discard (self, input); break;
        case INPUT_CANCEL: cancelling_cancel (self, input, effects); break;
        case INPUT_TRIM: trimming_trim (self, input); break;
        case INPUT_TENURE_GAINED: subscribing_tenure (self, input); break;
        case INPUT_ASK: asking_ask (self, input); break;
        case INPUT_STOP: stop (self, effects); break;
        case INPUT_TICK: break;
    }
    wake_due (self);
    dispatch (self, effects);  //  last, and only here: nothing above hands out a lease
    reading_go (self, effects);
    trimming_go (self);
    notice_flush (self, effects);
    pending_flush (self, effects);
    self->asked_ms = core_deadline (self);
}

static int64_t
earlier (int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t
core_deadline (const core_t *self)
{
    const due_node_t *first = due_queue_first (&self->due);
    int64_t deadline_ms = earlier (first ? first->due_ms : INT64_MAX, pending_level_due (self));
    if (self->store_status != STATUS_OK)
        deadline_ms = earlier (deadline_ms, self->store_retry_ms);
    if (self->reading_again_ms > self->now_ms && (self->hungry || self->fetches))
        deadline_ms = earlier (deadline_ms, self->reading_again_ms);
    return deadline_ms;
}
