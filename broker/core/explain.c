#include "broker/core/explain.h"

#include "broker/core/alone.h"
#include "broker/core/batching.h"
#include "broker/core/draining.h"
#include "broker/core/ready_queue.h"
#include "broker/core/road.h"
#include "broker/core/track.h"

//  What keeps a subscription from sending anything.
static reason_t
hindrance (core_t *core, subscriber_t *subscriber, int64_t *until_ms)
{
    reason_t reason = ready_queue_hindrance (core, subscriber, until_ms);
    if (reason != REASON_NONE)
        return reason;
    if (subscriber->offer->sessions == 0)
        return REASON_NO_WORKER;
    if (subscriber->subscription->is_broadcast)
        return REASON_NONE;  //  it needs no credit
    if (draining_is_all_of (subscriber->offer))
        return REASON_DRAINING;
    return subscriber->offer->open ? REASON_NONE : REASON_NO_CREDIT;
}

static void
explain_waiting (core_t *core, const delivery_t *delivery, explanation_t *explanation)
{
    track_t *track = delivery->track;
    reason_t why = hindrance (core, track->subscriber, &explanation->until_ms);
    if (delivery->is_alone)
        why = REASON_ALONE;
    else if (why == REASON_NONE && track_is_recovering (core, track))
        why = REASON_BEHIND;
    else if (why == REASON_NONE && due_node_is_in (&track->ripe)) {
        why = REASON_BATCH;
        explanation->until_ms = track->ripe.due_ms;
    }
    if (why != REASON_NONE)
        explanation->reason = why;
}

static void
explain_delivery (core_t *core, const delivery_t *delivery, explanation_t *explanation)
{
    const lease_t *lease = delivery->lease;
    explanation->is_held = true;
    explanation->state = delivery->state;
    explanation->reason = delivery->reason;
    explanation->attempts = delivery->attempts;
    explanation->forgiven = delivery->forgiven;
    explanation->crashes = delivery->crashes;
    if (delivery->state == DELIVERY_WAITING)
        explain_waiting (core, delivery, explanation);
    else if (delivery->state == DELIVERY_RETRY || delivery->group)
        explanation->until_ms = delivery->due.due_ms;
    else if (delivery->state == DELIVERY_HELD && delivery->line && !delivery->group)
        explanation->behind_seq = delivery->line->deliveries->seq;
    if (lease && lease->session) {
        explanation->worker = lease->session->name;
        explanation->sent_ms = lease->sent_ms;
    }
}

bool
core_explain (core_t *self, const char *subscription, int32_t partition, int64_t seq,
              explanation_t *explanation)
{
    track_t *track = subscribing_track (self, subscription, partition);
    if (!track)
        return false;
    *explanation = (explanation_t){
        .worker = "",
        .floor = track_floor (self, track),
        .cursor = track_cursor (self, track),
        .first_seq = self->partitions [partition].first_seq,
        .last_seq = self->partitions [partition].last_seq,
    };
    const delivery_t *delivery = track_find (track, seq);
    if (delivery) {
        explain_delivery (self, delivery, explanation);
        return true;
    }
    explanation->has_passed =
        seq <= explanation->cursor || progress_has_ended (&track->progress, seq);
    if (!explanation->has_passed) {
        explanation->reason = hindrance (self, track->subscriber, &explanation->until_ms);
        if (explanation->reason == REASON_NONE)
            explanation->reason = REASON_BEHIND;
    }
    return true;
}

//  What has not ended in one track, by what it waits for.
static void
count (const delivery_t *list, subscriber_view_t *view)
{
    for (; list; list = list->next) {
        view->waiting += list->state == DELIVERY_WAITING;
        view->retries += list->state == DELIVERY_RETRY;
        view->held += list->state == DELIVERY_HELD;
    }
}

bool
core_look_at_subscription (core_t *self, const char *subscription, subscriber_view_t *view)
{
    subscriber_t *subscriber = subscriber_find (self, subscription);
    if (!subscriber)
        return false;
    *view = (subscriber_view_t){
        .health = subscriber->health,
        .in_flight = subscriber->in_flight,
        .in_flight_cap = pace_cap (&subscriber->pace, subscriber->subscription),
        .workers = subscriber->offer->sessions,
    };
    view->hindrance = hindrance (self, subscriber, &view->until_ms);
    for (int32_t i = 0; i < self->settings.partitions; i++) {
        const track_t *track = track_of (subscriber, i);
        if (!track->is_owned)
            continue;
        count (track->pins, view);
        count (track->exceptions, view);
        view->dead += track->dead;
        int64_t end = track->is_done ? track->cursor : self->partitions [i].last_seq;
        view->behind += end - track_cursor (self, track);
    }
    return true;
}
