#include "broker/core/ready_queue.h"

#include "broker/core/track.h"

static bool
may_send (const subscriber_t *subscriber)
{
    const subscription_t *subscription = subscriber->subscription;
    return subscriber->sending && !subscription->is_paused && !subscription->is_disabled &&
           subscriber->in_flight < subscription->in_flight_most;
}

void
ready_queue_consider (core_t *core, track_t *track)
{
    subscriber_t *subscriber = track->subscriber;
    if (!track->is_sending && track_can_send (core, track)) {
        track->is_sending = true;
        DL_APPEND2 (subscriber->sending, track, sending_prev, sending_next);
    }
    if (!subscriber->is_ready && may_send (subscriber)) {
        subscriber->is_ready = true;
        DL_APPEND2 (subscriber->offer->ready, subscriber, ready_prev, ready_next);
    }
}

void
ready_queue_remove (subscriber_t *subscriber)
{
    if (!subscriber->is_ready)
        return;
    subscriber->is_ready = false;
    DL_DELETE2 (subscriber->offer->ready, subscriber, ready_prev, ready_next);
}

delivery_t *
ready_queue_take (core_t *core, offer_t *offer)
{
    subscriber_t *subscriber = offer->ready;
    ready_queue_remove (subscriber);
    if (!may_send (subscriber))
        return NULL;

    while (subscriber->sending) {
        track_t *track = subscriber->sending;
        DL_DELETE2 (subscriber->sending, track, sending_prev, sending_next);
        track->is_sending = false;
        delivery_t *delivery = track_take (core, track);
        if (delivery)
            return delivery;
    }
    return NULL;
}
