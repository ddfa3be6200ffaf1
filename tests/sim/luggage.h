/*  luggage – the subscriptions that workers of a life bring along: which of them, in which revision and
 *  whether they are to be kept, is drawn each time that a worker starts.
 */
#ifndef LUGGAGE_H
#define LUGGAGE_H

#include <stddef.h>

#include "tests/sim/world.h"

enum { LUGGAGE_MOST = 2 };

//  What a worker that starts now has with it.
typedef struct {
    char *documents [LUGGAGE_MOST];  //  ours: as in HELLO
    size_t count;
} luggage_t;

void luggage_pack (luggage_t *self, world_t *world);
void luggage_clear (luggage_t *self);

#endif
