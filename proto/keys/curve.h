/*  curve – a ZeroMQ socket that speaks with keys only: both ends know each other's, and nobody
 *  between them reads or writes. To be set before it binds or connects.
 */
#ifndef CURVE_H
#define CURVE_H

#include "proto/keys/node_key.h"

/*  As a door of the broker's: each handshake asks the ZAP handler, which must be bound. SYSTEM: this
 *  libzmq cannot hold the door shut.
 */
status_t curve_serve (void *socket, const node_key_t *own, door_t door, problem_t *problem);

//  To the broker of this key.
status_t curve_connect (void *socket, const node_key_t *own, const char *broker_key,
                        problem_t *problem);

#endif
