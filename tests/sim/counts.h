/*  counts – what must have been counted: each delivery that ended well, once. Workers count each event
 *  under its id, for every subscription.
 */
#ifndef COUNTS_H
#define COUNTS_H

#include "tests/sim/world.h"

void counts_compare (world_t *world);  //  at the end of a life

#endif
