/*  model – what must have become of each event for each subscription, computed slowly and plainly
 *  from the ledger: what clients were promised, and what consumers answered. It shares no code with
 *  the core; the store is asked only for what is compared.
 */
#ifndef MODEL_H
#define MODEL_H

#include "broker/store/store.h"
#include "tests/sim/ledger.h"
#include "tests/sim/world.h"

//  Whether a subscription may get an event, whose place is known, and whether it must.
bool model_may_want (const asked_t *asked, const promise_t *promise);
bool model_must_want (const world_t *world, const asked_t *asked, const promise_t *promise);
//  Whether a delivery can have ended by now; `place` of the subscription in the ledger.
bool model_may_have_ended (const world_t *world, const promise_t *promise, size_t place);

bool model_is_notice (const event_t *event);  //  the broker speaks of itself
//  That of an event that was published; what the broker says of itself (tocsin.*) becomes one, like
//  all others, and what an action made. NULL: nobody published it.
promise_t *model_promise (world_t *world, const event_t *event);
void model_adopt_notices (world_t *world);  //  all that are in the log

//  Whether everything promised has been kept; if not, what is missing is said in `what`.
bool model_is_fulfilled (world_t *world, char *what, size_t size);
//  At the end of a life: the log is what clients were told, and each dead letter has died of something.
void model_compare (world_t *world);

//  The row of a dead letter; false: there is none.
bool model_find_dead (store_t *store, const char *event, const char *subscription,
                      exception_t *exception);

#endif
