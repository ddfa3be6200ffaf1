/*  calls_cancel – the method delivery.cancel: one delivery that somebody wants no more. */
#include <string.h>

#include "broker/call.h"
#include "broker/core/view.h"
#include "broker/event_view.h"

static const char *
subscription_of (const call_t *call)
{
    return json_string_value (json_object_get (call->args, "subscription"));
}

static const char *
event_of (const call_t *call)
{
    return json_string_value (json_object_get (call->args, "event"));
}

static void
fail_without_delivery (call_t *call, bool is_known)
{
    problem_t problem = {0};
    if (is_known)
        problem_at (&problem, STATUS_NOT_FOUND, "event",
                    "\"%.64s\" has no delivery for %.60s that has not ended: `explain` says what "
                    "became of it",
                    event_of (call), subscription_of (call));
    else
        problem_at (&problem, STATUS_NOT_FOUND, "event",
                    "there is no event \"%.64s\": it was never accepted here, or retention has "
                    "deleted it from the log",
                    event_of (call));
    call_fail (call, &problem);
}

static void
fail_too_far (call_t *call)
{
    problem_t problem = {0};
    problem_at (&problem, STATUS_FULL, "event",
                "\"%.64s\" waits more than %d events behind what %.60s has done: repeat when it is "
                "nearer, or end the subscription",
                event_of (call), PROGRESS_SPAN, subscription_of (call));
    call_fail (call, &problem);
}

//  It waits in the log, and the subscription will ask for it.
static bool
is_to_come (const call_t *call, const subscription_t *subscription, event_t *event)
{
    if (core_has_passed (call->edge->core, subscription->id, event->partition, event->seq) ||
        !event_view_is_wanted (subscription, event))
        return false;
    match_data_t data = {.event = event};
    bool is_matched = match_asks (subscription->match, &data) == MATCH_YES;
    match_data_clear (&data);
    return is_matched;
}

static void
cancel_done (call_t *call)
{
    call_reply (call, TAKE (call->prepared));
}

static void
cancel_it (call_t *call, const char *subscription, const event_t *event, delivery_state_t was)
{
    call->prepared =
        json_pack ("{s:{s:s, s:s, s:s, s:s, s:s}}", "data", "subscription", subscription, "event",
                   event->id, "status", delivery_state_name (DELIVERY_DEAD), "reason",
                   reason_name (REASON_CANCELLED), "was", delivery_state_name (was));
    uint64_t ticket = call->edge->last_ticket + 1;
    edge_step (call->edge, &(input_t){.kind = INPUT_CANCEL,
                                      .cancel = {.subscription = subscription,
                                                 .partition = event->partition,
                                                 .seq = event->seq}});
    call_when_on_disk (call, ticket, cancel_done);
}

static void
cancel_found (call_t *call, query_t *query)
{
    const core_t *core = call->edge->core;
    const char *id = subscription_of (call);
    const subscription_t *subscription = core_subscription (core, id);
    if (!query->history || !subscription) {
        fail_without_delivery (call, query->history);
        return;
    }
    event_t *event = query->history->event;
    delivery_view_t now = {.state = DELIVERY_WAITING};
    if (!core_look (core, id, event->partition, event->seq, &now) &&
        !is_to_come (call, subscription, event))
        fail_without_delivery (call, true);
    else if (core_can_cancel (core, id, event->partition, event->seq))
        cancel_it (call, id, event, now.state);
    else if (event->seq > core_last_seq (core, event->partition))
        call_ask_again (call);  //  it was committed just now, and the core will hear of it
    else
        fail_too_far (call);
}

void
call_delivery_cancel (call_t *self)
{
    const char *id;
    problem_t problem = {0};
    self->may_find_nothing = true;
    const subscription_t *subscription =
        call_subscription_or_replay (self, "subscription", &problem);
    if (!subscription || call_text (self, "event", &id, &problem) != STATUS_OK)
        call_fail (self, &problem);
    else if (subscription->is_broadcast) {
        problem_at (
            &problem, STATUS_BAD_PARAMETER, "subscription",
            "%.60s is a broadcast: each worker performs it by itself, and nobody can cancel "
            "that",
            subscription->id);
        call_fail (self, &problem);
    }
    else
        call_ask (self, QUERY_HISTORY, id, cancel_found);
}
