/*  front – the socket of the gateways: events and calls in, answers out. */
#ifndef FRONT_H
#define FRONT_H

#include "broker/edge.h"
#include "proto/wire/link.h"

typedef struct front front_t;

/*  Binds. NULL and a problem otherwise. edge is borrowed. */
front_t *front_new (edge_t *edge, void *zmq, const char *endpoint, problem_t *problem);
void front_destroy (front_t **self_p);

void *front_socket (const front_t *self);
const char *front_endpoint (const front_t *self);  //  as bound

bool front_ready (void *front);  //  a loop_ready_t: hears what is there, under a budget
void front_beat (front_t *self, int64_t now_monotonic_ms);  //  heartbeats; forgets the silent
void front_expel (front_t *self);  //  forgets those whose key is gone: they are told nothing more

//  Effects of the core.
void front_confirm (front_t *self, const effect_t *effect);
void front_refuse (front_t *self, const effect_t *effect);
void front_error (front_t *self, const effect_t *effect);

//  The answer to a call: `json` is size bytes, borrowed.
void front_reply (front_t *self, peer_t peer, uint64_t request, status_t status, const char *json,
                  size_t size);

//  Whether a peer_t of the core's is one of the front's.
bool front_is_peer (peer_t peer);

#endif
