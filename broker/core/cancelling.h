/*  cancelling – deliveries that somebody wants no more: each is a dead letter at once, wherever it is.
 *
 *  A worker that has it is told with CANCEL. That may be lost, so the lease stays, without its
 *  delivery, and CANCEL is said again to each heartbeat that still names it.
 */
#ifndef CANCELLING_H
#define CANCELLING_H

#include "broker/core/state.h"

void cancelling_cancel (core_t *core, const input_t *input, effects_t *effects);

//  Who has it is told, and why. That the delivery leaves the lease is the caller's affair.
void cancelling_stop (core_t *core, lease_t *lease, reason_t reason, effects_t *effects);

//  The session's heartbeat of this number has come, and what it names is marked.
void cancelling_repeat (core_t *core, session_t *session, uint64_t heartbeat, effects_t *effects);

#endif
