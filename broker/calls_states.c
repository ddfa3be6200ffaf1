/*  calls_states – the methods subscription.state, .pause and .resume: how it does; it waits, it goes on.
 *
 *  Nothing is lost meanwhile: a subscription that is paused or disabled stays where it is in the log.
 */
#include "broker/call.h"
#include "broker/states.h"

//  Its breaker is open: going on means that its consumer is tried at once.
static bool
is_broken (const call_t *self, const subscription_t *subscription)
{
    subscriber_view_t view;
    return core_look_at_subscription (self->edge->core, subscription->id, &view) &&
           view.health.probe_ms > 0;
}

//  Answers with the subscription as it is then; one that is so already is left alone.
static void
change_state (call_t *self, bool is_paused)
{
    problem_t problem = {0};
    subscription_t *old = call_subscription (self, "id", &problem);
    if (!old || call_check_version (self, old, &problem) != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    if (old->is_paused == is_paused &&
        (is_paused || !(old->is_disabled || is_broken (self, old)))) {
        call_reply (self, json_pack ("{s:o}", "data", subscription_show (old, false)));
        return;
    }
    const char *because = is_paused && old->is_disabled ? old->disabled_because : NULL;
    OWNED (subscription)
    subscription_t *asked =
        subscription_with_state (old, call_next_version (self, old), is_paused, because);
    OWNED (subscription) subscription_t *made = subscription_taken_over (asked);
    self->prepared = json_pack ("{s:o}", "data", subscription_show (made, false));
    call_subscribe (self, made);
}

void
call_subscription_pause (call_t *self)
{
    change_state (self, true);
}

//  It enables one that is disabled, too: whoever says "go on" means it.
void
call_subscription_resume (call_t *self)
{
    change_state (self, false);
}

//  ---- state

void
call_subscription_state (call_t *self)
{
    problem_t problem = {0};
    subscriber_view_t view;
    const subscription_t *subscription = call_subscription_or_replay (self, "id", &problem);
    if (!subscription || !core_look_at_subscription (self->edge->core, subscription->id, &view)) {
        call_fail (self, &problem);
        return;
    }
    call_reply (self, json_pack ("{s:o}", "data", states_show (self->edge, subscription, &view)));
}
