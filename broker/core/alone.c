#include "broker/core/alone.h"

#include "broker/core/lease.h"
#include "broker/core/session.h"

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
    lease_give (core, keeper, delivery, effects);
    delivery->keeper = keeper;
    keeper->kept_for = delivery;
    session_consider (core, keeper);
}

void
alone_go (core_t *core, effects_t *effects)
{
    delivery_t *delivery, *next;
    DL_FOREACH_SAFE2 (core->lonely, delivery, next, queue_next)
    {
        const subscription_t *subscription = delivery->track->subscriber->subscription;
        if (subscription->is_paused || subscription->is_disabled)
            continue;
        if (!delivery->keeper)
            keep_free (core, delivery);
        if (delivery->keeper && delivery->keeper->lease_count == 0)
            give (core, delivery, effects);
    }
}
