/*  deaths – over what workers seem to have died, until it turns out that one has not.
 *
 *  A connection that breaks looks like a worker that dies. One that says HELLO again with the number
 *  of its process has lived all the while: what it was at work on is not suspect for that.
 */
#ifndef DEATHS_H
#define DEATHS_H

#include "broker/core/state.h"

void deaths_note (core_t *core, uint64_t instance, const delivery_t *delivery);
void deaths_withdraw (core_t *core,
                      uint64_t instance);  //  of all that it was taken to have died over
void deaths_clear (core_t *core);          //  frees all, at the end

#endif
