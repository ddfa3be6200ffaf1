/*  watch_bringing – subscriptions that workers bring along must come with the first that does, be
 *  replaced by a higher revision and no other, stay while somebody who has brought them is there or they
 *  are to be kept, and go with the last, not earlier than PROTOCOL.md says; and deliver nothing that
 *  was there before they were made. What must be, is computed here from what the broker hears, and
 *  compared with what it has after each step.
 */
#ifndef WATCH_BRINGING_H
#define WATCH_BRINGING_H

#include "broker/core/core.h"
#include "tests/sim/luggage.h"
#include "tests/sim/world.h"

typedef struct watch_bringing watch_bringing_t;

watch_bringing_t *watch_bringing_new (world_t *world);
void watch_bringing_destroy (watch_bringing_t **self_p);

void watch_bringing_begun (watch_bringing_t *self);  //  the broker has started
//  A worker in this session is about to be heard with this.
void watch_bringing_brought (watch_bringing_t *self, session_id_t session, const char *id,
                             const brought_t *brought);
void watch_bringing_heard (watch_bringing_t *self, const input_t *input, int64_t now_ms);
//  After a step; which of them have gone in it: V0, V1.
void watch_bringing_look (watch_bringing_t *self, bool has_gone [LUGGAGE_MOST], int64_t now_ms);
void watch_bringing_said (watch_bringing_t *self, const effect_t *effect);

//  None is there that should go.
bool watch_bringing_is_settled (const watch_bringing_t *self);

#endif
