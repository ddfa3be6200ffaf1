/*  backoff – how long to wait before the next attempt. */
#ifndef BACKOFF_H
#define BACKOFF_H

#include "proto/model/subscription.h"

/*  Wait before the next attempt.
 *
 *  attempts      tries so far, from 1
 *  policy        bounds in ms, min ≤ max
 *  random        32 uniform bits, from the caller so that a run can be repeated
 *  returns       ms, in [0, policy->max_backoff_ms]; with a schedule, what that says
 *
 *  Full jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015):
 *  it spreads a crowd of retries better than equal or decorrelated jitter.
 */
int64_t backoff_ms (int32_t attempts, const retry_policy_t *policy, uint32_t random);

#endif
