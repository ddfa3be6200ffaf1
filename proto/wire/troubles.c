#include "proto/wire/troubles.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "proto/model/allocate.h"

enum {
    NAME_SIZE = 64,
    EVENT_SIZE = 6,  //  of the first frame: the event in two bytes, its value in four
    EVENTS = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
             ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_CLOSED
};

struct troubles {
    void *watched;  //  borrowed
    void *socket;
};

//  Nothing waits at its end: what tells of troubles must never hold up the thread that has them.
static void *
troubles_open (void *zmq, const char *name)
{
    void *socket = zmq_socket (zmq, ZMQ_PAIR);
    int none = 0;
    if (!socket)
        return NULL;
    zmq_setsockopt (socket, ZMQ_RCVHWM, &none, sizeof none);
    zmq_setsockopt (socket, ZMQ_LINGER, &none, sizeof none);
    if (zmq_connect (socket, name) == 0)
        return socket;
    zmq_close (socket);
    return NULL;
}

troubles_t *
troubles_new (void *zmq, void *socket)
{
    static atomic_uint_fast64_t last;
    char name [NAME_SIZE];
    snprintf (name, sizeof name, "inproc://tocsin-troubles-%llu",
              (unsigned long long)atomic_fetch_add (&last, 1));
    if (zmq_socket_monitor (socket, name, EVENTS) != 0)
        return NULL;
    void *ears = troubles_open (zmq, name);
    if (!ears) {
        zmq_socket_monitor (socket, NULL, 0);
        return NULL;
    }
    troubles_t *self = ALLOCATE (troubles_t);
    *self = (troubles_t){socket, ears};
    return self;
}

void
troubles_destroy (troubles_t **self_p)
{
    troubles_t *self = *self_p;
    if (!self)
        return;
    zmq_socket_monitor (self->watched, NULL, 0);
    zmq_close (self->socket);
    free (self);
    *self_p = NULL;
}

void *
troubles_socket (const troubles_t *self)
{
    return self->socket;
}

static trouble_t
trouble_of_protocol (uint32_t value)
{
    switch (value) {
        case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH: return TROUBLE_NO_COMMON_WAY;
        case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC: return TROUBLE_WRONG_KEY;
        default: return TROUBLE_BROKEN_OFF;
    }
}

static trouble_t
trouble_of (uint16_t event, uint32_t value)
{
    switch (event) {
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return TROUBLE_KEY_REFUSED;
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return trouble_of_protocol (value);
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return TROUBLE_BROKEN_OFF;
        case ZMQ_EVENT_CLOSED: return TROUBLE_UNREACHABLE;  //  before it was one
        default: return TROUBLE_NONE;
    }
}

trouble_t
troubles_take (troubles_t *self)
{
    uint8_t bytes [EVENT_SIZE];
    char address [NAME_SIZE];
    trouble_t trouble = TROUBLE_NONE;
    while (trouble == TROUBLE_NONE) {
        int size = zmq_recv (self->socket, bytes, sizeof bytes, ZMQ_DONTWAIT);
        if (size < 0)
            return TROUBLE_NONE;
        zmq_recv (self->socket, address, sizeof address, ZMQ_DONTWAIT);  //  ours: known already
        uint16_t event;
        uint32_t value;
        memcpy (&event, bytes, sizeof event);
        memcpy (&value, bytes + sizeof event, sizeof value);
        if (size == EVENT_SIZE)
            trouble = trouble_of (event, value);
    }
    return trouble;
}
