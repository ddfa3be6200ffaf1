/*  results – what actions make, as the model has it: which event may come of which, and which must be
 *  there. Worked out from the ledger, like all of the model.
 */
#ifndef SIM_RESULTS_H
#define SIM_RESULTS_H

#include "proto/model/event.h"
#include "tests/sim/world.h"

//  What a worker says of an event that went well, whenever it does.
enum { RESULTS_WORD = 96 };  //  bytes
void results_word (const event_t *event, char word [RESULTS_WORD]);

bool results_is_one (const event_t *event);
bool results_may_come (const world_t *world);  //  somebody emits

//  That it came of a delivery that went well, and is what that makes; otherwise the world fails.
void results_check (world_t *world, const event_t *event);

//  Whether each delivery that ended well has made its event; if not, which has not.
bool results_are_there (world_t *world, char *what, size_t size);

#endif
