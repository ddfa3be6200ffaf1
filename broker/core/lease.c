#include "broker/core/lease.h"

#include "broker/core/alone.h"
#include "broker/core/batching.h"
#include "broker/core/session.h"
#include "broker/core/track.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

//  A worker may keep a delivery in its queue this long before it begins; what it cannot begin in
//  time it releases.
enum { PREFETCH_MS = 30000 };

//  A batch is one request: its consumer, its cap and its rate see it once.
static void
begin_request (subscriber_t *subscriber, bundle_t *bundle)
{
    if (bundle && bundle->left++ > 0)
        return;
    subscriber->in_flight++;
    pace_sent (&subscriber->pace, subscriber->subscription);
}

static void
end_request (subscriber_t *subscriber, bundle_t *bundle)
{
    if (!bundle || !batching_leave (bundle))
        subscriber->in_flight--;
}

void
lease_give (core_t *core, session_t *session, delivery_t *delivery, bundle_t *bundle,
            effects_t *effects)
{
    ASSERT (session->is_open, "dispatch takes from those with credit");
    reason_t reason = delivery->reason;
    delivery_move (delivery, THROUGH_LEASED, reason);
    subscriber_t *subscriber = delivery->track->subscriber;
    begin_request (subscriber, bundle);
    core->lease_count++;

    lease_t *lease = ALLOCATE (lease_t);
    lease->id = ++core->last_lease;
    lease->session = session;
    lease->delivery = delivery;
    lease->bundle = bundle;
    lease->number = session->sent + 1;
    lease->sent_ms = core->now_ms;
    lease->deadline.kind = DUE_LEASE;
    lease->deadline.owner = lease;
    delivery->lease = lease;
    DL_APPEND (session->leases, lease);
    HASH_ADD (hh, core->leases, id, sizeof lease->id, lease);
    session_spend (core, session, subscriber->offer, delivery->event);

    int64_t deadline_ms = subscriber->subscription->retry.timeout_ms + PREFETCH_MS;
    due_queue_put (&core->due, &lease->deadline, core->now_ms + deadline_ms);

    effect_t *deliver = effects_add (effects, EFFECT_DELIVER, reason);
    deliver->peer = session->peer;
    deliver->session = session->id;
    deliver->deliver.lease = lease->id;
    deliver->deliver.number = lease->number;
    deliver->deliver.attempt = delivery->attempts + 1;
    deliver->deliver.deadline_ms = deadline_ms;
    deliver->deliver.batch = bundle ? bundle->number : 0;
    deliver->deliver.subscription = subscriber->subscription;
    deliver->deliver.event = delivery->event;
}

lease_t *
lease_find (core_t *core, lease_id_t id)
{
    lease_t *lease;
    HASH_FIND (hh, core->leases, &id, sizeof id, lease);
    return lease;
}

bool
lease_is_anothers (core_t *core, const session_t *session, lease_id_t id)
{
    const lease_t *lease = lease_find (core, id);
    return id > core->last_lease || (lease && lease->session != session);
}

//  The session's hands are free of it.
static void
leave_session (core_t *core, lease_t *lease)
{
    session_t *session = lease->session;
    if (!session)
        return;
    DL_DELETE (session->leases, lease);
    session->lease_count--;
    lease->session = NULL;
    session_consider (core, session);
}

static delivery_t *
part (core_t *core, lease_t *lease)
{
    delivery_t *delivery = lease->delivery;
    lease->delivery = NULL;
    due_queue_remove (&core->due, &lease->deadline);
    if (delivery) {
        alone_forget (core, delivery);
        delivery->lease = NULL;
        end_request (delivery->track->subscriber, lease->bundle);
        core->lease_count--;
    }
    return delivery;
}

//  Whatever the others said: it was not settled as a whole, and is not judged.
static void
leave_bundle (lease_t *lease)
{
    bundle_t *bundle = lease->bundle;
    lease->bundle = NULL;
    if (bundle)
        batching_forget (bundle);
}

delivery_t *
lease_settle (core_t *core, lease_t *lease)
{
    ASSERT (!lease->is_settled, "a repeated SETTLE is answered when its SAVE is on disk");
    lease->is_settled = true;
    delivery_t *delivery = part (core, lease);
    lease->bundle = NULL;
    return delivery;
}

void
lease_adopt (core_t *core, session_t *session, lease_id_t id)
{
    ASSERT (!lease_find (core, id), "a lease ends with its session");
    lease_t *lease = ALLOCATE (lease_t);
    lease->id = id;
    lease->session = session;
    lease->is_settled = true;
    DL_APPEND (session->leases, lease);
    session->lease_count++;
    HASH_ADD (hh, core->leases, id, sizeof lease->id, lease);
    session_consider (core, session);
}

void
lease_take_back (core_t *core, lease_t *lease, through_t through, reason_t reason)
{
    if (lease->is_settled) {
        leave_session (core, lease);  //  freed when its outcome is on disk
        return;
    }
    delivery_t *delivery = part (core, lease);
    leave_bundle (lease);
    lease_free (core, lease);
    if (!delivery)
        return;
    delivery_move (delivery, through, reason);
    track_requeue (core, delivery);
    track_consider (core, delivery->track);
}

void
lease_orphan (core_t *core, lease_t *lease)
{
    part (core, lease);
    leave_bundle (lease);
}

void
lease_free (core_t *core, lease_t *lease)
{
    leave_session (core, lease);
    core->cancelled -= lease->is_cancelled;
    due_queue_remove (&core->due, &lease->deadline);
    HASH_DEL (core->leases, lease);
    free (lease->said);
    free (lease);
}

void
lease_clear (core_t *core)
{
    lease_t *lease, *next;
    HASH_ITER (hh, core->leases, lease, next)
    lease_free (core, lease);
}
