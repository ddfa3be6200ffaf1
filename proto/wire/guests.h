/*  guests – who listens to a feed, by connection: a listener says little, and is told all the while,
 *  so that one whose key is revoked has to be found without a word of his.
 */
#ifndef GUESTS_H
#define GUESTS_H

#include <zmq.h>

#include "proto/keys/allow_list.h"

typedef struct guest guest_t;

//  Zero-initialised there are none; guests_clear at the end.
typedef struct {
    guest_t *all;  //  by descriptor, so never more than there are descriptors
} guests_t;

//  Whoever brought this frame came in by the key of this number.
void guests_note (guests_t *self, zmq_msg_t *frame, uint64_t owner);

//  Cuts the connections of those whose key is no longer in the list, and forgets them.
void guests_expel (guests_t *self, const allow_list_t *allowed);
void guests_clear (guests_t *self);

#endif
