/*  session – a worker's life here, from HELLO to BYE or to silence.
 *
 *  Its credit dies with it. It is open, and found by dispatch, while it has credit of both kinds;
 *  the last delivery may overdraw the bytes.
 */
#ifndef SESSION_H
#define SESSION_H

#include "broker/core/state.h"

session_t *session_find (core_t *core, const input_t *input);  //  NULL: a stranger
session_t *session_new (core_t *core, const input_t *hello);
void session_consider (core_t *core, session_t *session);  //  opens or closes it
//  A delivery of this event, of this offer, goes to it: its credit, and its turn.
void session_spend (core_t *core, session_t *session, offer_t *offer, const event_t *event);
//  Its leases return to the queue, its credit dies; freed.
void session_end (core_t *core, session_t *session, reason_t reason);
//  What it said is wrong: it is told, and nothing else came of it.
void session_blame (const session_t *session, reason_t reason, effects_t *effects);
void session_clear (core_t *core);  //  frees all, at the end

int64_t session_silent_ms (const core_t *core, const session_t *session);  //  when it is too long

#endif
