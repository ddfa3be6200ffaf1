#include "daemon/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { ENTRIES = 24 };  //  sockets of 8 brokers, twice, and some more

typedef struct {
    loop_ready_t *ready;
    void *context;  //  borrowed
    bool has_more;  //  it said so when it was called last
} entry_t;

struct loop {
    zmq_pollitem_t items [ENTRIES];
    entry_t entries [ENTRIES];  //  each belongs to the item of the same index
    int count;
};

struct bell {
    int descriptor;
};

loop_t *
loop_new (void)
{
    return ALLOCATE (loop_t);
}

void
loop_destroy (loop_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

static void
loop_add (loop_t *self, zmq_pollitem_t item, loop_ready_t *ready, void *context)
{
    ASSERT (self->count < ENTRIES, "a role has a handful of sockets: ENTRIES must have room");
    self->items [self->count] = item;
    self->entries [self->count] = (entry_t){ready, context, false};
    self->count++;
}

void
loop_add_socket (loop_t *self, void *zmq_socket, loop_ready_t *ready, void *context)
{
    loop_add (self, (zmq_pollitem_t){.socket = zmq_socket, .events = ZMQ_POLLIN}, ready, context);
}

void
loop_add_descriptor (loop_t *self, int descriptor, loop_ready_t *ready, void *context)
{
    loop_add (self, (zmq_pollitem_t){.fd = descriptor, .events = ZMQ_POLLIN}, ready, context);
}

/*  How long zmq_poll may wait, in ms; -1: for ever. */
static long
loop_patience (const loop_t *self, int64_t deadline_ms)
{
    for (int i = 0; i < self->count; i++)
        if (self->entries [i].has_more)
            return 0;
    if (deadline_ms == INT64_MAX)
        return -1;
    int64_t left_ms = deadline_ms - monotonic_ms ();
    return left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (long)left_ms;
}

void
loop_turn (loop_t *self, int64_t deadline_monotonic_ms)
{
    int found = zmq_poll (self->items, self->count, loop_patience (self, deadline_monotonic_ms));
    ASSERT (found >= 0 || errno == EINTR, "a socket was closed while the loop still looked at it");

    for (int i = 0; i < self->count; i++) {
        entry_t *entry = &self->entries [i];
        bool is_ready = found > 0 && self->items [i].revents != 0;
        if (is_ready || entry->has_more)
            entry->has_more = entry->ready (entry->context);
    }
}

bell_t *
bell_new (void)
{
    bell_t *self = ALLOCATE (bell_t);
    self->descriptor = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    ASSERT (self->descriptor >= 0, "context_new has checked that there are descriptors");
    return self;
}

void
bell_destroy (bell_t **self_p)
{
    if (!*self_p)
        return;
    close ((*self_p)->descriptor);
    free (*self_p);
    *self_p = NULL;
}

void
bell_ring (bell_t *self)
{
    int failed = eventfd_write (self->descriptor, 1);
    (void)failed;  //  EAGAIN: it has been rung 2^64 - 1 times, and is heard all the same
}

int
bell_descriptor (const bell_t *self)
{
    return self->descriptor;
}

void
bell_silence (bell_t *self)
{
    eventfd_t rings;
    int failed = eventfd_read (self->descriptor, &rings);
    (void)failed;  //  EAGAIN: it was silent
}
