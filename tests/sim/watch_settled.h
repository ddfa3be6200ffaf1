/*  watch_settled – what went well, and of which the broker said that it is kept, never goes out again:
 *  whatever dies, also if it was said after its session had ended. Until somebody redrives it, ends its
 *  subscription, or there was no room for its result.
 */
#ifndef WATCH_SETTLED_H
#define WATCH_SETTLED_H

#include "broker/core/core.h"
#include "tests/sim/ledger.h"
#include "tests/sim/world.h"

typedef struct watch_settled watch_settled_t;

watch_settled_t *watch_settled_new (world_t *world);
void watch_settled_destroy (watch_settled_t **self_p);

void watch_settled_begun (watch_settled_t *self);  //  the broker has started: leases count from 1
void watch_settled_heard (watch_settled_t *self, const input_t *input);
void watch_settled_ended (watch_settled_t *self, const char *subscription);
void watch_settled_said (watch_settled_t *self, const effect_t *effect);

#endif
