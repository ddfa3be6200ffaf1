#include "broker/core/alone.h"

#include "broker/core/lease.h"
#include "broker/core/offer.h"
#include "broker/core/ready_queue.h"
#include "broker/core/session.h"
#include "broker/core/track.h"

bool
alone_wants (const delivery_t *delivery)
{
    return delivery->crashes >= CRASHES_MOST - 1;
}

void
alone_put (core_t *core, delivery_t *delivery)
{
    delivery->is_alone = true;
    DL_APPEND2 (core->lonely, delivery, queue_prev, queue_next);
}

static void
let_go (core_t *core, delivery_t *delivery)
{
    session_t *keeper = delivery->keeper;
    if (!keeper)
        return;
    delivery->keeper = NULL;
    keeper->kept_for = NULL;
    session_consider (core, keeper);
}

void
alone_forget (core_t *core, delivery_t *delivery)
{
    if (!delivery->is_alone)
        return;
    delivery->is_alone = false;
    if (delivery->state != DELIVERY_IN_FLIGHT && !delivery->lease)
        DL_DELETE2 (core->lonely, delivery, queue_prev, queue_next);
    let_go (core, delivery);
}

void
alone_session_ends (session_t *session)
{
    if (session->kept_for)
        session->kept_for->keeper = NULL;
    session->kept_for = NULL;
}

void
alone_session_closes (session_t *session)
{
    if (session->kept_for && !session->kept_for->lease)
        alone_session_ends (session);
}

//  The one with the fewest leases, of those that have credit.
static session_t *
find_keeper (const offer_t *offer)
{
    session_t *found = NULL;
    const membership_t *membership;
    DL_FOREACH (offer->open, membership)
    {
        if (!found || membership->session->lease_count < found->lease_count)
            found = membership->session;
    }
    return found;
}

static void
keep_free (core_t *core, delivery_t *delivery)
{
    session_t *keeper = find_keeper (delivery->track->subscriber->offer);
    if (!keeper)
        return;
    delivery->keeper = keeper;
    keeper->kept_for = delivery;
    session_consider (core, keeper);
}

//  It stays kept for it, so that nothing else comes beside.
static void
give (core_t *core, delivery_t *delivery, effects_t *effects)
{
    session_t *keeper = delivery->keeper;
    let_go (core, delivery);
    if (!keeper->is_open)
        return;  //  it has no credit, or leaves: another one, at the next step
    DL_DELETE2 (core->lonely, delivery, queue_prev, queue_next);
    delivery->reason = REASON_ALONE;
    lease_give (core, keeper, delivery, NULL, effects);
    delivery->keeper = keeper;
    keeper->kept_for = delivery;
    session_consider (core, keeper);
}

//  Its subscription's policy holds for it as well. When that lets it go is planned.
static reason_t
hindrance (core_t *core, const delivery_t *delivery)
{
    subscriber_t *subscriber = delivery->track->subscriber;
    int64_t until_ms;
    reason_t reason = ready_queue_hindrance (core, subscriber, &until_ms);
    bool is_planned = due_node_is_in (&subscriber->wake) && subscriber->wake.due_ms <= until_ms;
    if (until_ms > 0 && !is_planned)
        due_queue_put (&core->due, &subscriber->wake, until_ms);
    return reason;
}

static void
go (core_t *core, delivery_t *delivery, effects_t *effects)
{
    reason_t reason = hindrance (core, delivery);
    if (track_is_too_old (delivery, core->now_ms)) {
        alone_forget (core, delivery);
        track_expire (core, delivery);
    }
    else if (reason == REASON_NONE) {
        if (delivery->keeper && !offer_has (delivery->track->subscriber->offer, delivery->keeper))
            let_go (core, delivery);  //  its subscription was changed, and wants others
        if (!delivery->keeper)
            keep_free (core, delivery);
        if (delivery->keeper && delivery->keeper->lease_count == 0)
            give (core, delivery, effects);
    }
    else if (reason != REASON_IN_FLIGHT && reason != REASON_RATE)
        let_go (core, delivery);  //  others may have that worker meanwhile
}

void
alone_go (core_t *core, effects_t *effects)
{
    delivery_t *delivery, *next;
    DL_FOREACH_SAFE2 (core->lonely, delivery, next, queue_next)
    go (core, delivery, effects);
}
