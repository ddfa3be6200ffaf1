/*  door_try – a door is knocked at with a key that nobody has allowed, before anybody else can.
 *
 *  CURVE with no handler for its questions lets everybody in, and so may a libzmq that we do not know:
 *  what keeps strangers out is not believed, but tried.
 */
#ifndef DOOR_TRY_H
#define DOOR_TRY_H

#include "proto/keys/zap.h"
#include "proto/wire/link.h"

/*  Knocks at a server's link, over loopback, and answers the questions meanwhile. SYSTEM: it was not
 *  refused within some seconds.
 */
status_t door_try (link_t *door, void *zmq, const node_key_t *own, zap_t *zap,
                   const limits_t *limits, problem_t *problem);

#endif
