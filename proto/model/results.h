/*  results – the companion of a subscription: who delivers the results of its action.
 *
 *  A result that goes somewhere is an event of its own (emit_t), and the companion S~results is a
 *  subscription of its own: it wants what the action of S made, POSTs it to the deliver.url of S, and
 *  has its own progress, retries, breaker and dead letters. So an action is not done again because a
 *  consumer was down.
 */
#ifndef RESULTS_H
#define RESULTS_H

#include "proto/model/subscription.h"

#define RESULTS_END "~results"

//  The type of a result that goes to a consumer, and of which `emit` says nothing. Like all that begins
//  so it is matched by nobody who does not ask for it.
#define RESULTS_TYPE "tocsin.result"

/*  The companion of one that delivers its results, in the state (paused, disabled) that it is in. NULL
 *  and a problem when there can be none; which its form has seen to.
 */
subscription_t *subscription_results (const subscription_t *self, int64_t version,
                                      const limits_t *limits, problem_t *problem);

#endif
