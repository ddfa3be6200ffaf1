/*  model – what must have become of each event for each subscription, computed slowly and plainly
 *  from the ledger: what clients were promised, and what consumers answered. It shares no code with
 *  the core; the store is asked only for what is compared.
 */
#ifndef MODEL_H
#define MODEL_H

#include "broker/store/store.h"
#include "tests/sim/ledger.h"
#include "tests/sim/world.h"

//  Whether a subscription asked for an event whose place is known.
bool model_wants (const asked_t *asked, const promise_t *promise);
//  Whether a consumer's answers so far can have ended a delivery; `place` of the subscription.
bool model_may_have_ended (const asked_t *asked, const promise_t *promise, size_t place);

//  Whether everything promised has been kept; if not, what is missing is said in `what`.
bool model_is_fulfilled (world_t *world, char *what, size_t size);
//  At the end of a life: the log is what clients were told, and each dead letter has died of something.
void model_compare (world_t *world);

bool model_is_dead (store_t *store, const char *event, const char *subscription);

#endif
