#include "broker/event_view.h"
#include "broker/core/view.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "broker/traces.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/event_text.h"
#include "proto/model/moment.h"

//  ---- deliveries

typedef struct {
    const event_view_t *view;
    traces_t traces;
    delivery_view_t now;  //  of the one in hand, if the core holds it; zero otherwise
    match_data_t data;
    json_t *deliveries;
    uint64_t behind;
} join_t;

//  Of a set of names, in any order: the sum of what each gives.
static uint64_t
name_hash (const char *name)
{
    uint64_t hash = 14695981039346656037U;  //  FNV-1a
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 1099511628211U;
    return hash;
}

//  A result is JSON if an action made it, or the start of a consumer's reply.
static json_t *
show_result (const char *result)
{
    json_t *json = json_loads (result, JSON_REJECT_DUPLICATES, NULL);
    return json ? json : json_string (result);
}

//  Where an attempt's time went, in ms from its beginning; what was not measured is not told.
static void
show_moment (json_t *attempt, const char *name, int32_t us)
{
    if (us > 0)
        json_object_set_new (attempt, name, json_real (us / 1000.0));
}

json_t *
event_view_attempt (const attempt_t *attempt, bool with_result)
{
    char time [MOMENT_SIZE];
    json_t *json =
        json_pack ("{s:i, s:s, s:I, s:s}", "number", (int)attempt->number, "time",
                   moment_text (attempt->time_ms, time), "duration_ms",
                   (json_int_t)attempt->duration_ms, "outcome", outcome_name (attempt->outcome));
    show_moment (json, "connect_ms", attempt->connect_us);
    show_moment (json, "tls_ms", attempt->tls_us);
    show_moment (json, "first_byte_ms", attempt->first_byte_us);
    if (attempt->http_status > 0)
        json_object_set_new (json, "http_status", json_integer (attempt->http_status));
    if (*attempt->error)
        json_object_set_new (json, "error", json_string (attempt->error));
    json_object_set_new (json, "worker", json_string (attempt->worker));
    if (*attempt->result && with_result)
        json_object_set_new (json, "result", show_result (attempt->result));
    return json;
}

static json_t *
show_attempts (const trace_t *trace, bool with_results)
{
    json_t *attempts = json_array ();
    for (size_t i = trace_coalesced (trace) ? 1 : 0; trace && i < trace->attempt_count; i++)
        json_array_append_new (attempts,
                               event_view_attempt (&trace->attempts [i].attempt, with_results));
    return attempts;
}

//  The state of a delivery that has a row, and that the core does not hold.
static delivery_state_t
state_of_exception (const exception_t *exception)
{
    switch (exception->state) {
        case EXCEPTION_RETRY: return DELIVERY_RETRY;
        case EXCEPTION_HELD: return DELIVERY_HELD;
        case EXCEPTION_SLOW: return DELIVERY_IN_FLIGHT;
        case EXCEPTION_DEAD: break;
    }
    return DELIVERY_DEAD;
}

/*  The state of one that has ended, by its last attempt. One without an end was dead, and its row is
 *  gone: somebody discarded it. Where successes are not kept, it has been delivered.
 */
static delivery_state_t
state_of_attempts (const trace_t *trace, keep_t keep)
{
    const attempt_t *last = &trace->attempts [trace->attempt_count - 1].attempt;
    if (last->number == ATTEMPT_COALESCED || last->outcome == OUTCOME_SKIP)
        return DELIVERY_SKIPPED;
    return last->outcome == OUTCOME_OK || keep != KEEP_ALL ? DELIVERY_DELIVERED : DELIVERY_SKIPPED;
}

//  For good: an attempt went well, or found that there was nothing to be done. One that has a row all the
//  same was put back, since there was no room for what came of it.
static bool
has_ended (const trace_t *trace)
{
    if (!trace || trace->exception || trace->attempt_count == 0)
        return false;
    outcome_t last = trace->attempts [trace->attempt_count - 1].attempt.outcome;
    return last == OUTCOME_OK || last == OUTCOME_SKIP;
}

bool
event_view_is_wanted (const subscription_t *subscription, const event_t *event)
{
    const replay_t *replay = &subscription->replay;
    if (replay->id)
        return (size_t)event->partition < replay->partitions &&
               event->seq > replay->from [event->partition] &&
               event->seq <= replay->until [event->partition];
    switch (subscription->start) {
        case START_NOW: return event->accepted_ms >= subscription->created_ms;
        case START_EARLIEST: break;
        case START_TIME: return event->accepted_ms >= subscription->start_at;
        case START_SEQ: return event->seq >= subscription->start_at;
    }
    return true;
}

/*  What the core holds goes before what the store had when it was read, but for an end that is in
 *  the store: an end is final.
 */
static bool
find_state (join_t *self, const subscription_t *subscription, const trace_t *trace,
            delivery_state_t *state, int64_t *due_ms)
{
    const event_t *event = self->view->history->event;
    const char *id = subscription->id;
    delivery_view_t *now = &self->now;
    *now = (delivery_view_t){0};
    *due_ms = 0;
    if (has_ended (trace))
        *state = state_of_attempts (trace, KEEP_ALL);
    else if (core_look (self->view->core, id, event->partition, event->seq, now)) {
        *state = now->state;
        *due_ms = now->due_ms;
    }
    else if (trace && trace->exception) {
        *state = state_of_exception (trace->exception);
        *due_ms = *state == DELIVERY_RETRY ? trace->exception->due_ms : 0;
    }
    else if (!core_has_passed (self->view->core, id, event->partition, event->seq))
        *state = DELIVERY_WAITING;
    else if (trace && trace->attempt_count > 0)
        *state = state_of_attempts (trace, subscription->keep);
    else if (subscription->keep != KEEP_ALL)
        *state =
            event_view_is_wanted (subscription, event) ? DELIVERY_DELIVERED : DELIVERY_NOT_MATCHED;
    else {
        bool is_saving = core_is_saving (self->view->core, id, event->partition, event->seq);
        self->behind += name_hash (id) + is_saving;
        *state = DELIVERY_IN_FLIGHT;
        return is_saving;
    }
    return *state != DELIVERY_NOT_MATCHED;
}

//  Each worker performs it by itself, and nobody is told how that went.
static void
join_broadcast (join_t *self, const subscription_t *subscription)
{
    if (event_view_is_wanted (subscription, self->data.event))
        json_array_append_new (self->deliveries,
                               json_pack ("{s:s, s:s, s:[]}", "subscription", subscription->id,
                                          "status", "broadcast", "attempts"));
}

//  What its worker last said of it.
static void
show_progress (json_t *delivery, const delivery_view_t *now)
{
    char time [MOMENT_SIZE];
    if (now->said_ms == 0)
        return;
    json_t *progress = json_object ();
    if (now->percent > 0)
        json_object_set_new (progress, "percent", json_integer (now->percent));
    if (*now->text)
        json_object_set_new (progress, "text", json_string (now->text));
    json_object_set_new (progress, "time", json_string (moment_text (now->said_ms, time)));
    json_object_set_new (delivery, "progress", progress);
}

static void
join_subscription (void *context, subscription_t *subscription)
{
    join_t *self = context;
    const trace_t *trace = traces_find (&self->traces, subscription->id);
    if (!trace && match_asks (subscription->match, &self->data) != MATCH_YES)
        return;
    if (subscription->replay.id && !event_view_is_wanted (subscription, self->data.event))
        return;  //  beyond its end nothing waits
    if (subscription->is_broadcast) {
        join_broadcast (self, subscription);
        return;
    }
    delivery_state_t state;
    int64_t due_ms;
    if (!find_state (self, subscription, trace, &state, &due_ms))
        return;
    const replay_t *replay = &subscription->replay;
    json_t *json = json_pack ("{s:s, s:s*, s:s, s:o}", "subscription",
                              replay->id ? replay->of : subscription->id, "replay", replay->id,
                              "status", delivery_state_name (state), "attempts",
                              show_attempts (trace, self->view->with_results));
    char due [MOMENT_SIZE];
    if (due_ms > 0)
        json_object_set_new (json, "next_attempt", json_string (moment_text (due_ms, due)));
    show_progress (json, &self->now);
    if (state == DELIVERY_SKIPPED && trace_coalesced (trace)) {
        json_object_set_new (json, "reason", json_string (reason_name (REASON_COALESCED)));
        json_object_set_new (json, "instead", json_string (trace_coalesced (trace)));
    }
    if (state == DELIVERY_DEAD && trace && trace->exception)
        json_object_set_new (json, "reason", json_string (reason_name (trace->exception->reason)));
    json_array_append_new (self->deliveries, json);
}

json_t *
event_view_deliveries (const event_view_t *self, uint64_t *behind)
{
    join_t join = {
        .view = self, .data = {.event = self->history->event}, .deliveries = json_array ()};
    traces_fill (&join.traces, self->history);
    core_each_subscription (self->core, join_subscription, &join);
    traces_clear (&join.traces);
    match_data_clear (&join.data);
    *behind = join.behind;
    return join.deliveries;
}

//  ---- the event

json_t *
event_view_attributes (const event_t *event)
{
    return event_text_attributes (event);
}

char *
event_view_text (const event_view_t *self, size_t *size, uint64_t *behind)
{
    const event_t *event = self->history->event;
    json_t *json = event_text_attributes (event);
    json_object_set_new (json, "deliveries", event_view_deliveries (self, behind));
    size_t text_size;
    char *text = event_text_with (event, json, &text_size);
    *size = text_size + sizeof "{\"data\":}" - 1;
    char *whole = allocate (*size + 1, 1);
    stpcpy (stpcpy (stpcpy (whole, "{\"data\":"), text), "}");
    free (text);
    return whole;
}
