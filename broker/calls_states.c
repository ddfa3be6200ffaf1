/*  calls_states – the methods subscription.state, .pause and .resume: how it does; it waits, it goes on.
 *
 *  Nothing is lost meanwhile: a subscription that is paused or disabled stays where it is in the log.
 */
#include <string.h>

#include "broker/call.h"
#include "broker/redrives.h"
#include "broker/why.h"
#include "proto/model/moment.h"

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
    subscription_t *made =
        subscription_with_state (old, call_next_version (self, old), is_paused, because);
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

static const char *
status_word (const subscription_t *subscription, const subscriber_view_t *view)
{
    if (subscription->is_disabled)
        return "disabled";
    if (subscription->is_paused)
        return "paused";
    return view->health.probe_ms > 0 ? "broken" : "active";
}

static void
add_moment (json_t *json, const char *name, int64_t ms)
{
    char text [MOMENT_SIZE];
    if (ms > 0)
        json_object_set_new (json, name, json_string (moment_text (ms, text)));
}

static json_t *
show_state (const edge_t *edge, const subscription_t *subscription, const subscriber_view_t *view)
{
    char text [HINDRANCE_SIZE];
    const char *status = status_word (subscription, view);
    why_hindered (subscription, view, text);
    json_t *json =
        json_pack ("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I}", "id",
                   subscription->id, "status", status, "reason", reason_name (view->hindrance),
                   "text", text, "failures", (int)view->health.failures, "in_flight",
                   (int)view->in_flight, "in_flight_cap", (int)view->in_flight_cap, "behind",
                   (json_int_t)view->behind, "waiting", (json_int_t)view->waiting, "retries",
                   (json_int_t)view->retries, "held", (json_int_t)view->held, "dead",
                   (json_int_t)view->dead, "workers", (json_int_t)view->workers);
    if (strcmp (status, "disabled") == 0 || strcmp (status, "paused") == 0)
        add_moment (json, "since", subscription->version);
    add_moment (json, "failing_since", view->health.failing_since_ms);
    add_moment (json, "next_probe", view->health.probe_ms);
    add_moment (json, "until", view->until_ms);
    add_moment (json, "expires", subscription->expires_ms);
    json_t *job = redrives_show (edge, subscription->id);
    if (job)
        json_object_set_new (json, "job", job);
    return json;
}

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
    call_reply (self, json_pack ("{s:o}", "data", show_state (self->edge, subscription, &view)));
}
