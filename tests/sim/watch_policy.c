#include "tests/sim/watch_policy.h"

#include <string.h>

//  ---- The rate

static void
fill_bucket (policy_t *self, const subscription_t *subscription, int64_t now_ms)
{
    double most = (double)subscription->burst;
    double gained = (double)(now_ms - self->tokens_ms) * subscription->rate_per_second / 1000;
    self->tokens = !self->has_bucket || self->tokens + gained > most ? most : self->tokens + gained;
    self->tokens_ms = now_ms;
    self->has_bucket = true;
}

void
policy_sent (policy_t *self)
{
    self->tokens -= 1;
}

//  ---- The breaker

bool
policy_is_broken (const policy_t *self)
{
    return self->broken_ms > 0;
}

//  The least pause before a probe: a tenth of it is jitter.
static int64_t
pause_ms (const policy_t *self, const subscription_t *subscription)
{
    int64_t pause_ms = subscription->breaker.probe_ms;
    for (int32_t i = 0; i < self->openings && pause_ms < subscription->breaker.probe_most_ms; i++)
        pause_ms *= 2;
    if (pause_ms > subscription->breaker.probe_most_ms)
        pause_ms = subscription->breaker.probe_most_ms;
    return pause_ms - pause_ms / 10 - 1;
}

//  It is new, or somebody let it go on: its breaker is closed.
static void
close_breaker (policy_t *self)
{
    self->is_known = true;
    self->failures = self->openings = 0;
    self->broken_ms = 0;
}

void
policy_settled (policy_t *self, const subscription_t *subscription, bool has_failed, bool is_probe,
                int64_t now_ms)
{
    if (!has_failed) {
        close_breaker (self);
        return;
    }
    if (!self->is_known)
        return;
    self->failures++;
    bool opens = subscription->breaker.failures > 0 && !policy_is_broken (self) &&
                 self->failures >= subscription->breaker.failures;
    is_probe = is_probe && policy_is_broken (self) && now_ms >= self->broken_ms;
    if (!opens && !is_probe)
        return;  //  it had begun before the breaker opened
    self->openings += is_probe;
    self->broken_ms = now_ms + pause_ms (self, subscription);
}

//  ---- All of it

const char *
policy_objection (policy_t *self, const subscription_t *subscription,
                  const policy_sending_t *sending)
{
    int32_t attempts = subscription->retry.max_attempts;
    int64_t now_ms = sending->now_ms;
    fill_bucket (self, subscription, now_ms);
    if (self->is_gone)
        return "which has been ended";
    if (self->is_paused)
        return "which is paused";
    if (self->is_disabled)
        return "which is disabled";
    if (subscription->expires_ms > 0 && now_ms >= subscription->expires_ms)
        return "which has expired";
    if (sending->others >= subscription->in_flight_most)
        return "more at a time than limits.in_flight";
    if (sending->attempt > attempts + sending->redrives * (attempts + 1))
        return "more often than max_attempts";
    if (subscription->retry.ttl_ms > 0 &&
        now_ms > sending->event->accepted_ms + subscription->retry.ttl_ms)
        return "though it is older than ttl_ms";
    if (subscription->rate_per_second > 0 && self->tokens < 0.99 && !sending->is_more)
        return "faster than the rate";
    if (policy_is_broken (self) && now_ms < self->broken_ms)
        return "though the breaker is open";
    if (policy_is_broken (self) && sending->others > 0)
        return "beside a probe";
    return NULL;
}

//  It may have been disabled by itself, since it failed for too long: that we do not follow.
static void
let_go_on (policy_t *self, bool was_stopped, bool has_stopped)
{
    if (has_stopped)
        return;
    close_breaker (self);
    self->is_known = was_stopped;
}

//  A replay waits while what it replays has stopped; who delivers its results is in its state.
static void
follow (policy_t *self, const subscription_t *subscription, const policy_t *leader, bool is_new,
        bool is_loaded)
{
    bool was_stopped = self->is_paused || self->is_disabled;
    bool has_stopped = leader->is_paused || leader->is_disabled;
    bool is_companion = subscription->results_of;
    self->is_paused = is_companion ? leader->is_paused : has_stopped;
    self->is_disabled = is_companion && leader->is_disabled;
    if (is_companion && !self->is_there && !is_loaded)
        close_breaker (self);
    self->is_there |= is_companion;
    self->is_gone &= !is_companion;
    if (!is_new)
        let_go_on (self, was_stopped, has_stopped);
}

void
policy_changed (policy_t *policies, const ledger_t *ledger, const subscription_t *subscription,
                bool is_loaded)
{
    policy_t *self = &policies [ledger_place (ledger, subscription->id)];
    if (!self->is_there && !is_loaded)
        close_breaker (self);
    bool is_new = !self->is_there;
    self->is_there = true;
    self->is_gone = false;
    if (subscription->replay.id)
        return;  //  it stands still with what it replays
    bool was_stopped = self->is_paused || self->is_disabled;
    bool has_stopped = subscription->is_paused || subscription->is_disabled;
    self->is_paused = subscription->is_paused;
    self->is_disabled = subscription->is_disabled;
    if (!is_new)
        let_go_on (self, was_stopped, has_stopped);
    for (size_t i = 0; i < ledger->asked_count; i++)
        if (ledger_goes_with (ledger, i, subscription->id))
            follow (&policies [i], ledger->asked [i].subscription, self, is_new, is_loaded);
}

void
policy_ended (policy_t *policies, const ledger_t *ledger, const char *subscription)
{
    for (size_t i = 0; i < ledger->asked_count; i++)
        if (ledger_goes_with (ledger, i, subscription) ||
            strcmp (ledger->asked [i].subscription->id, subscription) == 0)
            policies [i] = (policy_t){.is_gone = true};  //  made anew, it has a new bucket
}

void
policy_stop (policy_t *policies, const ledger_t *ledger, size_t place)
{
    const subscription_t *subscription = ledger->asked [place].subscription;
    const char *id = subscription->replay.id ? subscription->replay.of : subscription->id;
    policies [ledger_place (ledger, id)].is_disabled = true;
    for (size_t i = 0; i < ledger->asked_count; i++) {
        if (!ledger_goes_with (ledger, i, id))
            continue;
        bool is_companion = ledger->asked [i].subscription->results_of;
        policies [i].is_paused |= !is_companion;
        policies [i].is_disabled |= is_companion;
    }
}
