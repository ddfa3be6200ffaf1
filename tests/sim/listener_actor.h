/*  listener_actor – a worker that performs a broadcast subscription: the real session and the real
 *  feeds, with a place that outlives it as far as it was written down.
 *
 *  Whether what it performs is the log, listener_judge says.
 */
#ifndef LISTENER_ACTOR_H
#define LISTENER_ACTOR_H

#include "proto/wire/message.h"
#include "tests/sim/world.h"

typedef struct listener_actor listener_actor_t;

listener_actor_t *listener_actor_new (world_t *world, const char *name, const char *subscription);
void listener_actor_destroy (listener_actor_t **self_p);
const char *listener_actor_name (const listener_actor_t *self);

void listener_actor_start (listener_actor_t *self);
void listener_actor_kill (listener_actor_t *self);

void listener_actor_feed (listener_actor_t *self, const message_t *message);  //  it is on its way

size_t listener_actor_performed (const listener_actor_t *self);
bool listener_actor_is_level (const listener_actor_t *self);  //  with the log

#endif
