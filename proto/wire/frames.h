/*  frames – one message as ZeroMQ carries it: [identity, at a ROUTER][command][body].
 *
 *  Nothing here waits. That a message was sent means that it was queued, no more.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>
#include <zmq.h>

#include "proto/wire/message.h"

typedef struct {
    zmq_msg_t identity;  //  at a ROUTER; empty otherwise
    zmq_msg_t head, body;
    size_t count;  //  of frames without the identity; all but the first two are dropped
} frames_t;

/*  false: nothing is there. Otherwise to be destroyed. */
bool frames_receive (frames_t *self, void *socket, bool is_router);
void frames_destroy (frames_t *self);

/*  identity: NULL at a DEALER. FULL: the pipe is; NOT_FOUND: nobody has this identity now. */
status_t frames_send (void *socket, const void *identity, size_t identity_size,
                      const message_t *message);

#endif
