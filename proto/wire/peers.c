#include "proto/wire/peers.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

typedef struct {
    uint64_t number;
    uint64_t owner;  //  whose key it has; 0: it has none
    UT_hash_handle by_number;
    UT_hash_handle by_identity;
    size_t size;  //  of the identity, bytes
    uint8_t identity [];
} peer_t;

struct peers {
    peer_t *numbers, *identities;  //  the same peers, by either
    size_t most;
    uint64_t last;  //  number given
};

peers_t *
peers_new (size_t most)
{
    peers_t *self = ALLOCATE (peers_t);
    self->most = most;
    return self;
}

static void
peers_remove (peers_t *self, peer_t *peer)
{
    HASH_DELETE (by_number, self->numbers, peer);
    HASH_DELETE (by_identity, self->identities, peer);
    free (peer);
}

void
peers_destroy (peers_t **self_p)
{
    peers_t *self = *self_p;
    if (!self)
        return;
    while (self->numbers)
        peers_remove (self, self->numbers);
    free (self);
    *self_p = NULL;
}

uint64_t
peers_number (const peers_t *self, const void *identity, size_t size)
{
    peer_t *peer;
    HASH_FIND (by_identity, self->identities, identity, size, peer);
    return peer ? peer->number : 0;
}

bool
peers_is_full (const peers_t *self)
{
    return HASH_CNT (by_number, self->numbers) >= self->most;
}

uint64_t
peers_add (peers_t *self, const void *identity, size_t size, uint64_t owner)
{
    ASSERT (size <= IDENTITY_MOST, "ZMTP has no longer identities");
    ASSERT (!peers_is_full (self), "who adds asks for room before");
    ASSERT (!peers_number (self, identity, size), "one connection has one number");
    peer_t *peer = allocate (1, sizeof *peer + size);
    peer->number = ++self->last;
    peer->owner = owner;
    peer->size = size;
    memcpy (peer->identity, identity, size);
    HASH_ADD (by_number, self->numbers, number, sizeof (peer->number), peer);
    HASH_ADD_KEYPTR (by_identity, self->identities, peer->identity, size, peer);
    return peer->number;
}

static peer_t *
peers_find (const peers_t *self, uint64_t number)
{
    peer_t *peer;
    HASH_FIND (by_number, self->numbers, &number, sizeof (number), peer);
    return peer;
}

bool
peers_identity (const peers_t *self, uint64_t number, identity_t *identity)
{
    const peer_t *peer = peers_find (self, number);
    if (!peer)
        return false;
    identity->size = peer->size;
    memcpy (identity->bytes, peer->identity, peer->size);
    return true;
}

uint64_t
peers_owner (const peers_t *self, uint64_t number)
{
    const peer_t *peer = peers_find (self, number);
    return peer ? peer->owner : 0;
}

void
peers_forget (peers_t *self, uint64_t number)
{
    peer_t *peer = peers_find (self, number);
    if (peer)
        peers_remove (self, peer);
}
