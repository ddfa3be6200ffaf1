#include "broker/core/session.h"

#include "broker/core/alone.h"
#include "broker/core/asking.h"
#include "broker/core/draining.h"
#include "broker/core/lease.h"
#include "broker/core/notice.h"
#include "broker/core/track.h"
#include "proto/model/allocate.h"

enum { SILENT_HEARTBEATS = 3 };

offer_t *
offer_of (core_t *core, const char *action)
{
    offer_t *offer;
    HASH_FIND_STR (core->offers, action, offer);
    if (!offer) {
        offer = ALLOCATE (offer_t);
        offer->action = allocate_copy (action);
        HASH_ADD_KEYPTR (hh, core->offers, offer->action, strlen (offer->action), offer);
    }
    return offer;
}

static void
offer_free (core_t *core, offer_t *offer)
{
    HASH_DEL (core->offers, offer);
    free (offer->action);
    free (offer);
}

void
offer_leave (core_t *core, offer_t *offer)
{
    if (offer->sessions == 0 && !offer->subscribers)
        offer_free (core, offer);
}

void
offer_clear (core_t *core)
{
    offer_t *offer, *next;
    HASH_ITER (hh, core->offers, offer, next)
    offer_free (core, offer);
}

session_t *
session_find (core_t *core, const input_t *input)
{
    session_t *session;
    HASH_FIND (hh, core->sessions, &input->session, sizeof input->session, session);
    return session && session->peer == input->peer ? session : NULL;
}

static session_id_t
unused_id (core_t *core)
{
    for (;;) {
        session_id_t id = random_next (&core->random) >> 1;
        session_t *taken;
        HASH_FIND (hh, core->sessions, &id, sizeof id, taken);
        if (id && !taken)
            return id;
    }
}

//  The first to offer an action wakes those that wait for it.
static void
wake_subscribers (core_t *core, offer_t *offer)
{
    subscriber_t *subscriber;
    DL_FOREACH2 (offer->subscribers, subscriber, offer_next)
    {
        for (int32_t i = 0; i < core->settings.partitions; i++)
            track_consider (core, track_of (subscriber, i));
    }
}

session_t *
session_new (core_t *core, const input_t *hello)
{
    session_t *session = ALLOCATE (session_t);
    session->id = unused_id (core);
    session->peer = hello->peer;
    session->name = allocate_copy (hello->hello.name);
    session->joined_ms = session->seen_ms = core->now_ms;
    session->silence.kind = DUE_SESSION;
    session->silence.owner = session;
    session->membership_count = hello->hello.count;
    session->memberships = allocate (session->membership_count, sizeof *session->memberships);
    HASH_ADD (hh, core->sessions, id, sizeof session->id, session);
    due_queue_put (&core->due, &session->silence, session_silent_ms (core, session));
    notice_worker (core, session->name, "joined", 0);

    for (size_t i = 0; i < session->membership_count; i++) {
        membership_t *membership = &session->memberships [i];
        membership->session = session;
        membership->offer = offer_of (core, hello->hello.actions [i]);
        if (membership->offer->sessions++ == 0)
            wake_subscribers (core, membership->offer);
    }
    draining_join (core, session);
    return session;
}

void
session_consider (core_t *core, session_t *session)
{
    bool is_open = !session->is_leaving && !session->is_draining && !core->is_stopping &&
                   !session->kept_for && session->granted > session->sent &&
                   session->granted_bytes > session->sent_bytes &&
                   session->lease_count < (size_t)core->settings.limits.leases_per_session;
    if (is_open == session->is_open)
        return;
    session->is_open = is_open;
    core->may_ask |= is_open;
    for (size_t i = 0; i < session->membership_count; i++) {
        membership_t *membership = &session->memberships [i];
        if (is_open)
            DL_APPEND (membership->offer->open, membership);
        else
            DL_DELETE (membership->offer->open, membership);
    }
}

void
session_spend (core_t *core, session_t *session, const event_t *event)
{
    session->sent++;
    session->sent_bytes += event->data_size;
    session->lease_count++;
    for (size_t i = 0; i < session->membership_count; i++) {
        membership_t *membership = &session->memberships [i];
        DL_DELETE (membership->offer->open, membership);
        DL_APPEND (membership->offer->open, membership);
    }
    session_consider (core, session);
}

int64_t
session_silent_ms (const core_t *core, const session_t *session)
{
    return session->seen_ms + SILENT_HEARTBEATS * core->settings.heartbeat_ms;
}

void
session_end (core_t *core, session_t *session, reason_t reason)
{
    bool has_left = session->is_leaving;
    size_t lost = session->lease_count;
    session->is_leaving = true;
    session_consider (core, session);
    alone_session_ends (session);
    lease_t *lease, *next;
    DL_FOREACH_SAFE (session->leases, lease, next)
    lease_take_back (core, lease, THROUGH_SESSION_GONE, reason);
    asking_session_ends (core, session);
    draining_leave (session);

    for (size_t i = 0; i < session->membership_count; i++) {
        offer_t *offer = session->memberships [i].offer;
        offer->sessions--;
        offer_leave (core, offer);
    }
    if (!core->is_stopping)
        notice_worker (core, session->name, has_left ? "left" : "lost", lost);
    due_queue_remove (&core->due, &session->silence);
    HASH_DEL (core->sessions, session);
    free (session->memberships);
    free (session->name);
    free (session);
}

void
session_clear (core_t *core)
{
    session_t *session, *next;
    HASH_ITER (hh, core->sessions, session, next)
    session_end (core, session, REASON_STOPPING);
}
