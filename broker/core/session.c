#include "broker/core/session.h"

#include "broker/core/alone.h"
#include "broker/core/asking.h"
#include "broker/core/belated.h"
#include "broker/core/bringing.h"
#include "broker/core/draining.h"
#include "broker/core/lease.h"
#include "broker/core/notice.h"
#include "broker/core/offer.h"
#include "broker/core/track.h"
#include "proto/model/allocate.h"

enum { SILENT_HEARTBEATS = 3 };

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

static void
note_actions (session_t *session, const input_t *hello)
{
    session->action_count = hello->hello.count;
    session->actions = (char **)allocate (session->action_count, sizeof *session->actions);
    for (size_t i = 0; i < session->action_count; i++)
        session->actions [i] = allocate_copy (hello->hello.actions [i]);
    session->labels = allocate_copy (hello->hello.labels ? hello->hello.labels : "");
}

session_t *
session_new (core_t *core, const input_t *hello)
{
    session_t *session = ALLOCATE (session_t);
    session->id = unused_id (core);
    session->peer = hello->peer;
    session->name = allocate_copy (hello->hello.name);
    session->joined_ms = session->seen_ms = core->now_ms;
    session->instance = hello->hello.instance;
    session->silence.kind = DUE_SESSION;
    session->silence.owner = session;
    note_actions (session, hello);
    HASH_ADD (hh, core->sessions, id, sizeof session->id, session);
    due_queue_put (&core->due, &session->silence, session_silent_ms (core, session));
    notice_worker (core, session->name, "joined", 0);

    offer_join (core, session);
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
    membership_t *membership;
    DL_FOREACH2 (session->memberships, membership, then)
    {
        if (is_open)
            DL_APPEND (membership->offer->open, membership);
        else
            DL_DELETE (membership->offer->open, membership);
    }
}

void
session_spend (core_t *core, session_t *session, offer_t *offer, const event_t *event)
{
    session->sent++;
    session->sent_bytes += event->data_size;
    session->lease_count++;
    offer_turn (offer, session);
    session_consider (core, session);
}

int64_t
session_silent_ms (const core_t *core, const session_t *session)
{
    return session->seen_ms + SILENT_HEARTBEATS * core->settings.heartbeat_ms;
}

static void
session_free (session_t *session)
{
    for (size_t i = 0; i < session->action_count; i++)
        free (session->actions [i]);
    free ((void *)session->actions);
    free (session->labels);
    free (session->name);
    free (session);
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
    {
        belated_note (core, lease);
        lease_take_back (core, lease, THROUGH_SESSION_GONE, reason);
    }
    asking_session_ends (core, session);
    bringing_session_ends (core, session);
    offer_part (session);
    if (!core->is_stopping)
        notice_worker (core, session->name, has_left ? "left" : "lost", lost);
    due_queue_remove (&core->due, &session->silence);
    HASH_DEL (core->sessions, session);
    session_free (session);
}

void
session_blame (const session_t *session, reason_t reason, effects_t *effects)
{
    effect_t *error = effects_add (effects, EFFECT_ERROR, reason);
    error->peer = session->peer;
    error->session = session->id;
    error->error.status = STATUS_BAD_MESSAGE;
}

void
session_clear (core_t *core)
{
    session_t *session, *next;
    HASH_ITER (hh, core->sessions, session, next)
    session_end (core, session, REASON_STOPPING);
}
