/*  events – POST /v1/events takes them in, GET /v1/events/{id} tells what became of one. */
#include <stdio.h>
#include <string.h>

#include "gateway/call.h"
#include "gateway/event_reader.h"
#include "gateway/event_wait.h"
#include "gateway/prefer.h"
#include "gateway/resources.h"
#include "proto/model/event_id.h"

//  deliveries: what became of it, verbatim; no `at`: nobody waited for that.
static void
events_answer_one (bytes_t *body, const event_t *event, const confirmation_t *confirmation,
                   json_span_t deliveries)
{
    static const char *const words [] = {
        [CONFIRMED_STORED] = "stored",
        [CONFIRMED_DUPLICATE] = "duplicate",
        [CONFIRMED_ID_TAKEN] = "id_taken",
    };
    bytes_add_text (body, "{\"id\":\"");  //  letters, digits, _ and -
    bytes_add_text (body, event->id);
    if (confirmation->kind != CONFIRMED_ID_TAKEN) {
        bytes_add_text (body, "\",\"partition\":");
        bytes_add_number (body, confirmation->partition);
        bytes_add_text (body, ",\"seq\":");
        bytes_add_number (body, confirmation->seq);
        bytes_add_text (body, ",\"status\":\"");
    }
    else {
        bytes_add_text (body, "\",\"status\":\"");
    }
    bytes_add_text (body, words [confirmation->kind]);
    bytes_add_text (body, "\"");
    if (deliveries.at) {
        bytes_add_text (body, ",\"deliveries\":");
        bytes_add (body, deliveries.at, deliveries.size);
    }
    bytes_add_text (body, "}");
}

static void
events_answer (answer_t *answer, const event_list_t *events, const confirmation_t *confirmations,
               event_wait_t *waits)
{
    answer->code = 202;
    bytes_add_text (answer->body, "{\"data\":[");
    for (size_t i = 0; i < events->count; i++) {
        if (i > 0)
            bytes_add_text (answer->body, ",");
        events_answer_one (answer->body, events->at [i], &confirmations [i],
                           waits ? event_wait_next (waits) : (json_span_t){0});
    }
    bytes_add_text (answer->body, "]}");
}

/*  They are on disk, whatever follows. Where as many wait as may, or nobody can say what became of
 *  them, the client is told that it was not waited for.
 */
static void
events_wait (request_t *request, answer_t *answer, int64_t wait_s)
{
    event_wait_t waits = {0};
    const event_list_t *events = &request->desk->reading.events;
    bool may_wait = prefer_enter (request);
    if (may_wait) {
        event_wait_ask (&waits, request, wait_s);
        prefer_leave (request);
    }
    bool is_told = may_wait && waits.is_answered;
    events_answer (answer, events, request->desk->confirmations, is_told ? &waits : NULL);
    if (is_told && waits.is_done)
        answer->code = 200;
    prefer_applied (answer, is_told ? wait_s : 0);
    if (may_wait)
        event_wait_end (&waits);
}

//  Perhaps stored, under an id that was made here: the client needs it to repeat safely.
static status_t
events_unconfirmed (const event_list_t *events, const errand_t *errand, problem_t *problem)
{
    const char *text =
        errand->problem.text [0] ? errand->problem.text : status_text (errand->status);
    const event_t *event = events->at [0];
    if (errand->status == STATUS_OUTCOME_UNKNOWN && events->count == 1 &&
        !event_id_is_derived (event->id))
        return problem_at (problem, errand->status, "data.id", "%s; the id of this event is %s",
                           text, event->id);
    return problem_at (problem, errand->status, errand->problem.name, "%s", text);
}

//  Taken, but a limit is near.
static void
events_ask_to_wait (answer_t *answer, int64_t backoff_ms)
{
    if (backoff_ms <= 0)
        return;
    char seconds [24];
    snprintf (seconds, sizeof seconds, "%lld", (long long)(backoff_ms - 1) / 1000 + 1);
    answer_header (answer, "Backoff", seconds);
}

static status_t
events_publish (request_t *request, answer_t *answer, problem_t *problem)
{
    const event_list_t *events = &request->desk->reading.events;
    errand_t errand = {
        .events = events->at,
        .event_count = events->count,
        .bytes = events->bytes,
        .confirmations = desk_confirmations (request->desk, events->count),
    };
    status_t status = broker_link_do (request->services->link, &errand);
    if (status != STATUS_OK) {
        answer->retry_after_ms = errand.retry_after_ms;
        return events_unconfirmed (events, &errand, problem);
    }
    if (events->count == 1 && errand.confirmations [0].kind == CONFIRMED_ID_TAKEN)
        return problem_at (problem, STATUS_ID_TAKEN, "data.id",
                           "another event has the id %s: give this one a new id",
                           events->at [0]->given_id [0] ? events->at [0]->given_id
                                                        : events->at [0]->id);
    events_ask_to_wait (answer, errand.backoff_ms);
    int64_t wait_s = prefer_wait_s (request);
    if (wait_s >= 0)
        events_wait (request, answer, wait_s);
    else
        events_answer (answer, events, errand.confirmations, NULL);
    return STATUS_OK;
}

status_t
events_post (request_t *request, answer_t *answer, problem_t *problem)
{
    desk_t *desk = request->desk;
    status_t status = event_read (&desk->reading, desk->body.at, desk->body.size,
                                  request->services->limits, desk_now_ms (desk), problem);
    if (status != STATUS_OK)
        return status;
    if (desk->reading.events.count == 1 && desk->reading.events.at [0]->phase == PHASE_PRE)
        return asks_post (request, answer, problem);
    if (desk->reading.events.count > 0)
        return events_publish (request, answer, problem);
    events_answer (answer, &desk->reading.events, NULL, NULL);
    return STATUS_OK;
}

status_t
events_trace (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "event.trace");
    call_add_text (&call, "id", request->name);
    return resource_answer_call (answer, &call, problem);
}

status_t
events_get (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "event.get");
    call_add_text (&call, "id", request->name);
    return resource_answer_call (answer, &call, problem);
}
