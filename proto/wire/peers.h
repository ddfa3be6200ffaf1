/*  peers – numbers for the connections of a ROUTER, which itself knows them by identities.
 *
 *  An identity is up to 255 bytes that the peer may have chosen; a number is ours, rising, and never
 *  given twice, so that what is said to one that is gone reaches nobody else.
 */
#ifndef PEERS_H
#define PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IDENTITY_MOST = 255 };  //  bytes, by ZMTP

typedef struct peers peers_t;

typedef struct {
    size_t size;  //  bytes
    uint8_t bytes [IDENTITY_MOST];
} identity_t;

peers_t *peers_new (size_t most);  //  so many at a time
void peers_destroy (peers_t **self_p);

//  0: unknown.
uint64_t peers_number (const peers_t *self, const void *identity, size_t size);
bool peers_is_full (const peers_t *self);
//  Unknown so far, and not full. owner: whose key it has, 0: none.
uint64_t peers_add (peers_t *self, const void *identity, size_t size, uint64_t owner);

//  false: there is none of this number.
bool peers_identity (const peers_t *self, uint64_t number, identity_t *identity);
uint64_t peers_owner (const peers_t *self, uint64_t number);  //  0 also when there is none
void peers_forget (peers_t *self, uint64_t number);

#endif
