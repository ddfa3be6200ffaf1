#include "proto/model/backoff.h"

#include "proto/model/assert.h"

int64_t
backoff_ms (int32_t attempts, const retry_policy_t *policy, uint32_t random)
{
    ASSERT (attempts >= 1, "nobody waits for a first attempt");
    ASSERT (policy->min_backoff_ms <= policy->max_backoff_ms, "subscription_new checks the bounds");

    if (policy->schedule_count > 0) {
        int32_t last = policy->schedule_count - 1;
        return policy->schedule_ms [attempts - 1 < last ? attempts - 1 : last];
    }
    int64_t ceiling_ms = policy->min_backoff_ms;
    for (int32_t i = 1; i < attempts && ceiling_ms < policy->max_backoff_ms; i++)
        ceiling_ms *= 2;
    if (ceiling_ms > policy->max_backoff_ms)
        ceiling_ms = policy->max_backoff_ms;

    //  ceiling_ms is at most some days, so the product stays below 2^63.
    return (int64_t)(((uint64_t)ceiling_ms * random) >> 32);
}
