#include "proto/wire/guests.h"

#include <stdlib.h>
#include <uthash.h>

#include "proto/model/allocate.h"
#include "proto/wire/intruder.h"

struct guest {
    int descriptor;
    uint64_t owner;
    connection_end_t end;
    UT_hash_handle hh;
};

//  One of the same descriptor is of a connection that has ended.
void
guests_note (guests_t *self, zmq_msg_t *frame, uint64_t owner)
{
    connection_end_t end;
    if (!connection_end_of (frame, &end))
        return;
    guest_t *guest;
    HASH_FIND_INT (self->all, &end.descriptor, guest);
    if (!guest) {
        guest = ALLOCATE (guest_t);
        guest->descriptor = end.descriptor;
        HASH_ADD_INT (self->all, descriptor, guest);
    }
    guest->owner = owner;
    guest->end = end;
}

static void
guests_drop (guests_t *self, guest_t *guest)
{
    HASH_DEL (self->all, guest);
    free (guest);
}

void
guests_expel (guests_t *self, const allow_list_t *allowed)
{
    guest_t *guest, *next;
    HASH_ITER (hh, self->all, guest, next)
    {
        if (allow_list_has (allowed, guest->owner))
            continue;
        connection_end_cut (&guest->end);
        guests_drop (self, guest);
    }
}

void
guests_clear (guests_t *self)
{
    guest_t *guest, *next;
    HASH_ITER (hh, self->all, guest, next)
    guests_drop (self, guest);
}
