/*  worker_actor – a worker in the world: the real session, and consumers in virtual time. */
#ifndef WORKER_ACTOR_H
#define WORKER_ACTOR_H

#include "tests/sim/world.h"

typedef struct worker_actor worker_actor_t;

worker_actor_t *worker_actor_new (world_t *world, const char *name);
void worker_actor_destroy (worker_actor_t **self_p);

const char *worker_actor_name (const worker_actor_t *self);
void worker_actor_start (worker_actor_t *self);
void worker_actor_kill (worker_actor_t *self);
void worker_actor_freeze (worker_actor_t *self, int64_t for_ms);
bool worker_actor_is_frozen (const worker_actor_t *self);
//  Nothing is under way, and so nothing waits for its turn; nor for it to thaw.
bool worker_actor_is_idle (const worker_actor_t *self);
bool worker_actor_is_up (const worker_actor_t *self);

#endif
