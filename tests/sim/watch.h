/*  watch – listens at the broker's door: what it hears from workers and operators, and what it hands
 *  out. It keeps its own list of who has what, by the words of PROTOCOL.md alone, and objects as soon
 *  as a delivery goes out that a subscription's policy forbids.
 *
 *      one at a time of each event, and of each key with order: key · no more under way than
 *      limits.in_flight · no faster than the rate and its burst · no more tries than max_attempts ·
 *      none after ttl_ms, none after `expires` · none while it is paused, disabled, or gone · none
 *      beside a probe while the breaker is open · none to a worker that is drained · none of what
 *      went well, and is kept
 */
#ifndef WATCH_H
#define WATCH_H

#include "broker/core/core.h"
#include "tests/sim/ledger.h"
#include "tests/sim/world.h"

typedef struct watch watch_t;

watch_t *watch_new (world_t *world);
void watch_destroy (watch_t **self_p);

//  Times are the broker's. Before a step its input; after it, that its sessions may have ended, and
//  then its effects.
void watch_begun (watch_t *self);  //  the broker has started: nobody has anything
void watch_heard (watch_t *self, const input_t *input, int64_t now_ms);
void watch_looked (watch_t *self, int64_t now_ms);
//  A worker in this session is about to be heard with what it brings.
void watch_brought (watch_t *self, session_id_t session, const char *id, const brought_t *brought);
bool watch_is_settled (const watch_t *self);  //  nothing is there that should go
void watch_said (watch_t *self, const effect_t *effect, int64_t now_ms);

#endif
