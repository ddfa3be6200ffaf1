#include "broker/core/breaker.h"

#include "broker/core/notice.h"
#include "broker/core/pending.h"
#include "broker/core/road.h"

bool
breaker_is_open (const subscriber_t *self)
{
    return self->health.probe_ms > 0;
}

int64_t
breaker_next_ms (const subscriber_t *self, int64_t now_ms)
{
    if (!breaker_is_open (self))
        return now_ms;
    return self->in_flight > 0 ? INT64_MAX : self->health.probe_ms;
}

static void
save (core_t *core, const subscriber_t *self)
{
    change_t *change = pending_change (core, CHANGE_HEALTH, NULL, 0);
    change->subscription = pending_copy (core, self->subscription->id);
    change->health = self->health;
}

//  A tenth of jitter, so that a crowd of subscriptions of one dead host does not probe as one.
static int64_t
pause_ms (core_t *core, const subscriber_t *self)
{
    const breaker_policy_t *policy = &self->subscription->breaker;
    int64_t pause_ms = policy->probe_ms;
    for (int32_t i = 0; i < self->health.openings && pause_ms < policy->probe_most_ms; i++)
        pause_ms *= 2;
    if (pause_ms > policy->probe_most_ms)
        pause_ms = policy->probe_most_ms;
    return pause_ms - (int64_t)(random_next (&core->random) % (uint64_t)(pause_ms / 10 + 1));
}

void
breaker_succeeded (core_t *core, subscriber_t *self)
{
    bool was_open = breaker_is_open (self);
    self->health = (health_t){0};
    if (!was_open)
        return;
    pace_begin_slowly (&self->pace);
    save (core, self);
    notice_subscription (core, self->subscription, "mended", "its consumer answers again");
    subscribing_consider (core, self);
}

void
breaker_failed (core_t *core, subscriber_t *self)
{
    const subscription_t *subscription = self->subscription;
    health_t *health = &self->health;
    if (health->failures < INT32_MAX)
        health->failures++;
    if (health->failing_since_ms == 0)
        health->failing_since_ms = core->now_ms;
    int64_t failing_ms = core->now_ms - health->failing_since_ms;
    int64_t most_ms = subscription->retry.disable_after_ms;
    if (most_ms > 0 && failing_ms >= most_ms) {
        subscribing_disable (core, self, "failing");
        return;
    }
    int32_t most = subscription->breaker.failures;
    if (most == 0 || health->failures < most || core->now_ms < health->probe_ms)
        return;  //  closed, or open: then this one had begun before the breaker opened
    if (health->probe_ms == 0) {
        notice_subscription (core, subscription, "broken", "its consumer fails");
        subscribing_shed (core, self);
    }
    else
        health->openings++;
    health->probe_ms = core->now_ms + pause_ms (core, self);
    save (core, self);
    subscribing_consider (core, self);
}

void
breaker_reset (core_t *core, subscriber_t *self)
{
    bool was_ill = self->health.failing_since_ms > 0 || breaker_is_open (self);
    self->health = (health_t){0};
    if (!was_ill)
        return;
    pace_begin_slowly (&self->pace);
    save (core, self);
}
