#include "proto/wire/frames.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/model/assert.h"

//  ---- Receiving

//  false: nothing is there, or the context is being closed.
static bool
frame_receive (zmq_msg_t *frame, void *socket)
{
    while (zmq_msg_recv (frame, socket, ZMQ_DONTWAIT) < 0) {
        if (errno == EAGAIN || errno == ETERM)
            return false;
        ASSERT (errno == EINTR, "a socket belongs to one thread, which closes it last");
    }
    return true;
}

//  The frames of a message come all at once, so that after the first none is waited for.
static void
frames_take_rest (frames_t *self, void *socket, zmq_msg_t *last)
{
    zmq_msg_t dropped;
    zmq_msg_init (&dropped);
    while (zmq_msg_more (last)) {
        last = self->count == 0 ? &self->head : self->count == 1 ? &self->body : &dropped;
        if (!frame_receive (last, socket))
            break;
        self->count++;
    }
    zmq_msg_close (&dropped);
}

bool
frames_receive (frames_t *self, void *socket, bool is_router)
{
    zmq_msg_init (&self->identity);
    zmq_msg_init (&self->head);
    zmq_msg_init (&self->body);
    self->count = 0;
    zmq_msg_t *first = is_router ? &self->identity : &self->head;
    if (!frame_receive (first, socket)) {
        frames_destroy (self);
        return false;
    }
    if (!is_router)
        self->count = 1;
    frames_take_rest (self, socket, first);
    return true;
}

void
frames_destroy (frames_t *self)
{
    zmq_msg_close (&self->identity);
    zmq_msg_close (&self->head);
    zmq_msg_close (&self->body);
}

//  ---- Sending

static void
free_body (void *body, void *hint)
{
    (void)hint;
    free (body);
}

static bool
frame_send (void *socket, const void *bytes, size_t size)
{
    while (zmq_send (socket, bytes, size, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) {
        if (errno != EINTR)
            return false;
    }
    return true;
}

//  Only the first frame can be refused. A pipe that was full may have been emptied, or its peer
//  found gone: a socket notices when it is asked for its events.
static status_t
frame_send_first (void *socket, const void *bytes, size_t size)
{
    if (frame_send (socket, bytes, size))
        return STATUS_OK;
    if (errno == EAGAIN) {
        int events;
        size_t events_size = sizeof (events);
        zmq_getsockopt (socket, ZMQ_EVENTS, &events, &events_size);
        if (frame_send (socket, bytes, size))
            return STATUS_OK;
    }
    if (errno == EAGAIN)
        return STATUS_FULL;
    ASSERT (errno == EHOSTUNREACH || errno == ETERM,
            "a socket belongs to one thread, which closes it last");
    return STATUS_NOT_FOUND;
}

//  The bytes go out as they are, without a copy, and are freed by the thread that sent them.
static void
body_send (void *socket, const message_t *message)
{
    uint8_t *bytes;
    size_t size;
    zmq_msg_t body;
    message_encode (message, &bytes, &size);
    int code = zmq_msg_init_data (&body, bytes, size, free_body, NULL);
    ASSERT (code == 0, "zmq_msg_init_data fails only without memory");
    while (zmq_msg_send (&body, socket, ZMQ_DONTWAIT) < 0) {
        if (errno != EINTR) {
            zmq_msg_close (&body);  //  the context is being closed
            return;
        }
    }
}

status_t
frames_send (void *socket, const void *identity, size_t identity_size, const message_t *message)
{
    const uint8_t head [] = {WIRE_VERSION, (uint8_t)message->command};
    status_t status = identity ? frame_send_first (socket, identity, identity_size)
                               : frame_send_first (socket, head, sizeof (head));
    if (status)
        return status;
    if (identity)
        frame_send (socket, head, sizeof (head));
    body_send (socket, message);
    return STATUS_OK;
}
