/*  settles – what a worker said of its leases, from the words of the wire into those of the core. */
#ifndef SETTLES_H
#define SETTLES_H

#include "broker/core/core.h"
#include "proto/wire/message.h"

typedef struct {
    settle_t *list;
    size_t room;
} settles_t;

//  Valid until the next call, and as long as the message.
const settle_t *settles_read (settles_t *self, const settlement_t *settlements, size_t count);
void settles_clear (settles_t *self);

#endif
