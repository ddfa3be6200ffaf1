/*  asking – questions: events of phase pre, which are answered and never stored.
 *
 *  Each subscription that is asked (match.phase is pre) has one worker answer, and a time: what comes
 *  later, or is no decision, is silence, and the subscription says what that means. While there is
 *  time, a question whose worker goes, gives it back or never got it is put to another one. When all
 *  have answered or were silent, DECIDE tells what they said together (opinion_join, in the order of
 *  their ids).
 *
 *      unasked → with a worker → ended
 *         ↑           │
 *         └───────────┘  SESSION_GONE, RELEASED, LOST
 *
 *  A lease of a question has a number out of the same row as all others, and takes credit as they do,
 *  but nothing of it is saved: SETTLED comes at once. Retries, breaker, pace and order are not for
 *  it.
 */
#ifndef ASKING_H
#define ASKING_H

#include "broker/core/state.h"

typedef struct asked asked_t;

void asking_ask (core_t *core, const input_t *input);
void asking_stop (core_t *core);                  //  nothing that is open is waited for
void asking_wake (core_t *core, asked_t *asked);  //  its time is up
void asking_go (core_t *core,
                effects_t *effects);  //  DELIVER to who has credit, DECIDE what has ended
void asking_sweep (core_t *core);     //  at the next step: what was decided goes
void asking_clear (core_t *core);     //  frees all, at the end

//  A worker's words, and what becomes of its questions with it. false: the lease is no question of it.
bool asking_settle (core_t *core, session_t *session, const settle_t *settle, effects_t *effects);
void asking_release (core_t *core, session_t *session, lease_id_t lease);
void asking_listed (core_t *core, session_t *session, lease_id_t lease, uint64_t heartbeat);
void asking_alive (core_t *core, session_t *session, uint64_t received, uint64_t heartbeat);
void asking_crash (core_t *core, session_t *session);  //  it died, perhaps over one of them
void asking_session_ends (core_t *core, session_t *session);

#endif
