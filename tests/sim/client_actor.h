/*  client_actor – a gateway and the clients behind it: a POST is repeated, with the same id, until it
 *  is confirmed.
 */
#ifndef CLIENT_ACTOR_H
#define CLIENT_ACTOR_H

#include "proto/model/event.h"
#include "tests/sim/world.h"

typedef struct client_actor client_actor_t;

client_actor_t *client_actor_new (world_t *world);
void client_actor_destroy (client_actor_t **self_p);

void client_actor_publish (client_actor_t *self, event_t *const *events, size_t count);

#endif
