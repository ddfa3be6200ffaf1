#include "broker/core/ready_queue.h"

#include "broker/core/batching.h"
#include "broker/core/breaker.h"
#include "broker/core/emitting.h"
#include "broker/core/replaying.h"
#include "broker/core/track.h"

enum { QUANTUM = 1536, COST = 512 };  //  bytes of a turn, and of a delivery beside its data

reason_t
ready_queue_hindrance (core_t *core, subscriber_t *subscriber, int64_t *until_ms)
{
    const subscription_t *subscription = subscriber->subscription;
    *until_ms = 0;
    if (subscription->is_disabled)
        return REASON_DISABLED;
    if (subscription->is_paused)
        return REASON_PAUSED;
    int64_t probe_ms = breaker_next_ms (subscriber, core->now_ms);
    if (probe_ms > core->now_ms) {
        *until_ms = probe_ms == INT64_MAX ? 0 : probe_ms;
        return REASON_BREAKER_OPEN;
    }
    *until_ms = emitting_waits_until_ms (core, subscriber);
    if (*until_ms > 0)
        return REASON_FULL;
    if (subscriber->in_flight >= pace_cap (&subscriber->pace, subscription))
        return REASON_IN_FLIGHT;
    int64_t token_ms = pace_next_ms (&subscriber->pace, subscription, core->now_ms);
    if (token_ms > core->now_ms) {
        *until_ms = token_ms;
        return REASON_RATE;
    }
    return REASON_NONE;
}

//  When to ask again, if nothing happens before: what hinders it ends, or it expires.
static void
plan (core_t *core, subscriber_t *subscriber, int64_t until_ms)
{
    if (due_node_is_in (&subscriber->wake) && subscriber->wake.due_ms <= core->now_ms)
        return;  //  it is woken within this step, and its tracks are asked then
    int64_t expires_ms = subscriber->subscription->expires_ms;
    int64_t due_ms = until_ms > 0 ? until_ms : INT64_MAX;
    if (expires_ms > 0 && expires_ms < due_ms)
        due_ms = expires_ms;
    if (replaying_has_ended (subscriber))
        due_ms = core->now_ms;
    if (due_ms == INT64_MAX)
        due_queue_remove (&core->due, &subscriber->wake);
    else if (!due_node_is_in (&subscriber->wake) || subscriber->wake.due_ms != due_ms)
        due_queue_put (&core->due, &subscriber->wake, due_ms);
}

static bool
has_first_tries (const subscriber_t *subscriber)
{
    const track_t *track;
    DL_FOREACH2 (subscriber->sending, track, sending_next)
    {
        if (track->fresh)
            return true;
    }
    return false;
}

static subscriber_t **
queue_of (const subscriber_t *subscriber)
{
    offer_t *offer = subscriber->offer;
    return subscriber->is_urgent ? &offer->ready : &offer->ready_again;
}

void
ready_queue_remove (subscriber_t *subscriber)
{
    if (!subscriber->is_ready)
        return;
    subscriber->is_ready = false;
    DL_DELETE2 (*queue_of (subscriber), subscriber, ready_prev, ready_next);
}

//  One whose turn has not ended stays in front.
static void
enter (subscriber_t *subscriber)
{
    subscriber->is_ready = true;
    subscriber->is_urgent = has_first_tries (subscriber);
    subscriber_t **queue = queue_of (subscriber);
    if (subscriber->deficit > 0)
        DL_PREPEND2 (*queue, subscriber, ready_prev, ready_next);
    else
        DL_APPEND2 (*queue, subscriber, ready_prev, ready_next);
}

void
ready_queue_reconsider (core_t *core, subscriber_t *subscriber)
{
    int64_t until_ms;
    bool may_send = ready_queue_hindrance (core, subscriber, &until_ms) == REASON_NONE;
    if (!may_send || !subscriber->sending) {
        subscriber->deficit = 0;
        plan (core, subscriber, until_ms);
        return;
    }
    if (subscriber->is_ready && !subscriber->is_urgent && has_first_tries (subscriber))
        ready_queue_remove (subscriber);
    if (!subscriber->is_ready)
        enter (subscriber);
}

void
ready_queue_consider (core_t *core, track_t *track)
{
    subscriber_t *subscriber = track->subscriber;
    if (!track->is_sending && track_can_send (core, track)) {
        track->is_sending = true;
        DL_APPEND2 (subscriber->sending, track, sending_prev, sending_next);
    }
    batching_plan (core, track);
    if (!subscriber->is_ready || !subscriber->is_urgent)
        ready_queue_reconsider (core, subscriber);
}

bool
ready_queue_is_empty (const offer_t *offer)
{
    return !offer->ready && !offer->ready_again;
}

static subscriber_t *
choose (offer_t *offer)
{
    bool again_first = offer->turns++ % 8 == 7;
    if (offer->ready_again && (again_first || !offer->ready))
        return offer->ready_again;
    return offer->ready;
}

static delivery_t *
take_from (core_t *core, subscriber_t *subscriber)
{
    while (subscriber->sending) {
        track_t *track = subscriber->sending;
        DL_DELETE2 (subscriber->sending, track, sending_prev, sending_next);
        track->is_sending = false;
        delivery_t *delivery = track_take (core, track);
        if (delivery)
            return delivery;
        batching_plan (core, track);
    }
    return NULL;
}

void
ready_queue_charge (subscriber_t *subscriber, const delivery_t *delivery)
{
    subscriber->deficit -= COST + (int64_t)delivery->event->data_size;
}

delivery_t *
ready_queue_take (core_t *core, offer_t *offer)
{
    subscriber_t *subscriber = choose (offer);
    ready_queue_remove (subscriber);
    int64_t until_ms;
    if (ready_queue_hindrance (core, subscriber, &until_ms) != REASON_NONE) {
        subscriber->deficit = 0;
        plan (core, subscriber, until_ms);
        return NULL;
    }
    if (subscriber->deficit <= 0 && (subscriber->deficit += QUANTUM) <= 0) {
        enter (subscriber);  //  its last one was large: it sits this turn out
        return NULL;
    }
    delivery_t *delivery = take_from (core, subscriber);
    if (!delivery) {
        subscriber->deficit = 0;
        return NULL;
    }
    ready_queue_charge (subscriber, delivery);
    return delivery;
}
