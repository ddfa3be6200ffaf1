#include "broker/core/alone.h"
#include "broker/core/asking.h"
#include "broker/core/belated.h"
#include "broker/core/cancelling.h"
#include "broker/core/deaths.h"
#include "broker/core/lease.h"
#include "broker/core/road.h"
#include "broker/core/session.h"

enum {
    LOST_HEARTBEATS = 3,
    HELD_MOST = 65536  //  limits/leases_per_session goes no higher
};

static session_t *
session_of_peer (const core_t *core, peer_t peer)
{
    session_t *session, *next;
    HASH_ITER (hh, core->sessions, session, next)
    {
        if (session->peer == peer)
            return session;
    }
    return NULL;
}

void
joining_hello (core_t *core, const input_t *input, effects_t *effects)
{
    session_t *session = session_of_peer (core, input->peer);
    reason_t reason = session ? REASON_REPEATED : REASON_JOINED;
    if (!session)
        belated_end_former (core, input);
    if (!session && HASH_COUNT (core->sessions) >= (size_t)core->settings.limits.sessions) {
        effect_t *error = effects_add (effects, EFFECT_ERROR, REASON_FULL);
        error->peer = input->peer;
        error->error.status = STATUS_FULL;
        return;
    }
    if (!session) {
        session = session_new (core, input);
        belated_join (core, session, input);
    }
    deaths_withdraw (core, session->instance);
    session->seen_ms = core->now_ms;
    effect_t *welcome = effects_add (effects, EFFECT_WELCOME, reason);
    welcome->peer = session->peer;
    welcome->session = session->id;
    welcome->welcome.heartbeat_ms = core->settings.heartbeat_ms;
    welcome->welcome.former = session->former;
}

void
joining_credit (core_t *core, session_t *session, const input_t *input, effects_t *effects)
{
    if (input->credit.deliveries > session->sent + HELD_MOST) {
        session_blame (session, REASON_OVERDRAWN, effects);
        return;
    }
    if (input->credit.deliveries > session->granted)
        session->granted = input->credit.deliveries;
    if (input->credit.bytes > session->granted_bytes)
        session->granted_bytes = input->credit.bytes;
    session_consider (core, session);
}

void
joining_release (core_t *core, session_t *session, const input_t *input, effects_t *effects)
{
    bool is_wrong = false;
    for (size_t i = 0; i < input->release.count; i++) {
        lease_t *lease = lease_find (core, input->release.leases [i]);
        if (lease && lease->session == session && !lease->is_settled)
            lease_take_back (core, lease, THROUGH_RELEASED, REASON_RELEASED);
        else if (!lease)
            asking_release (core, session, input->release.leases [i]);
        is_wrong = is_wrong || lease_is_anothers (core, session, input->release.leases [i]);
    }
    if (is_wrong)
        session_blame (session, REASON_ANOTHERS, effects);
}

static void
note_begun (core_t *core, session_t *session, const input_t *input, uint64_t heartbeat)
{
    session->tells_begun = input->alive.tells_begun;
    session->told = heartbeat;
    for (size_t i = 0; i < input->alive.begun_count; i++) {
        lease_t *lease = lease_find (core, input->alive.begun [i]);
        if (lease && lease->session == session)
            lease->is_begun = true;
    }
}

//  Its connection broke, without a BYE: what it was at work on, as far as is known, is suspect. What
//  it said that it only kept for later is not; of what it did not name, since that had not reached it
//  when it last told, nobody knows.
void
joining_crash (core_t *core, session_t *session)
{
    lease_t *lease, *next;
    DL_FOREACH_SAFE (session->leases, lease, next)
    {
        bool is_known_idle =
            session->tells_begun && !lease->is_begun && lease->listed == session->told;
        if (lease->delivery && !lease->is_settled && !is_known_idle) {
            deaths_note (core, session->instance, lease->delivery);
            settling_crash (core, lease);
        }
    }
    asking_crash (core, session);
}

//  What it does not hold although it must have got it, or should have long ago, never reached it.
void
joining_alive (core_t *core, session_t *session, const input_t *input, effects_t *effects)
{
    uint64_t heartbeat = ++core->heartbeats;
    for (size_t i = 0; i < input->alive.count; i++) {
        lease_t *lease = lease_find (core, input->alive.leases [i]);
        if (lease && lease->session == session)
            lease->listed = heartbeat;
        else if (!lease)
            asking_listed (core, session, input->alive.leases [i], heartbeat);
    }
    note_begun (core, session, input, heartbeat);
    cancelling_repeat (core, session, heartbeat, effects);
    int64_t long_ago_ms = core->now_ms - LOST_HEARTBEATS * core->settings.heartbeat_ms;
    bool is_lenient = core->now_ms < core->lenient_ms;
    lease_t *lease, *next;
    DL_FOREACH_SAFE (session->leases, lease, next)
    {
        bool has_arrived = lease->number <= input->alive.received;
        bool is_overdue = lease->sent_ms < long_ago_ms && !is_lenient;
        if (lease->listed != heartbeat && !lease->is_settled && (has_arrived || is_overdue))
            lease_take_back (core, lease, THROUGH_LOST, REASON_LOST);
    }
    asking_alive (core, session, input->alive.received, heartbeat);
}
