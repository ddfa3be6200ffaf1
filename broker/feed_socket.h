/*  feed_socket – the broker's feed: what is told to everybody who listens, and to nobody else.
 *
 *  It never waits: for who does not read fast enough ZeroMQ drops what is more than its queue takes.
 */
#ifndef FEED_SOCKET_H
#define FEED_SOCKET_H

#include "broker/edge.h"
#include "daemon/settings.h"
#include "proto/wire/feed_link.h"

typedef struct feed_socket feed_socket_t;

/*  Binds as broker/feed says. NULL and a problem otherwise. edge is borrowed. */
feed_socket_t *feed_socket_new (edge_t *edge, void *zmq, const settings_t *settings,
                                problem_t *problem);
void feed_socket_destroy (feed_socket_t **self_p);

void *feed_socket_handle (const feed_socket_t *self);
const char *feed_socket_endpoint (const feed_socket_t *self);  //  as bound

bool feed_socket_ready (void *self);  //  a loop_ready_t: hears who wants what

void feed_socket_expel (feed_socket_t *self);  //  cuts those whose key is gone

void feed_socket_tell (feed_socket_t *self, const effect_t *feed);

#endif
