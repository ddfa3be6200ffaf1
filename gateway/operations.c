/*  operations – what somebody on call needs: how a subscription does, why an event was not delivered,
 *  dead letters, replays.
 */
#include <string.h>

#include "gateway/call.h"
#include "gateway/listing.h"
#include "gateway/resources.h"

#define LETTER_FILTERS "type subject reason before after"

//  Whoever began a long piece of work was answered before its end.
static bool
is_running (json_span_t data)
{
    static const char running [] = "\"status\":\"running\"";
    return data.at && memmem (data.at, data.size, running, sizeof (running) - 1);
}

//  The members of {"data": {…}}, if there is a body.
static status_t
operations_add_body (call_t *call, request_t *request, problem_t *problem)
{
    json_span_t data;
    if (!request->is_read)
        return STATUS_OK;
    status_t status = resource_read_data (request, &data, problem);
    if (status == STATUS_OK)
        call_add_members (call, data);
    return status;
}

static status_t
operations_do (call_t *call, answer_t *answer, int code, problem_t *problem)
{
    status_t status = call_order (call, problem);
    if (status == STATUS_OK) {
        answer->code = code;
        resource_answer_data (answer, call->data);
    }
    call_end (call);
    return status;
}

//  A long piece of work: 202 while it goes on.
static status_t
operations_begin (call_t *call, answer_t *answer, problem_t *problem)
{
    status_t status = call_order (call, problem);
    if (status == STATUS_OK) {
        answer->code = is_running (call->data) ? 202 : 200;
        resource_answer_data (answer, call->data);
    }
    call_end (call);
    return status;
}

//  ---- How it does

status_t
operations_state (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "subscription.state");
    call_add_text (&call, "id", request->name);
    return resource_answer_call (answer, &call, problem);
}

status_t
operations_explain (request_t *request, answer_t *answer, problem_t *problem)
{
    listing_t listing;
    status_t status = listing_read (&listing, request, "subscription", problem);
    const char *subscription = listing_filter (&listing, "subscription");
    if (status == STATUS_OK && !subscription)
        status = problem_at (problem, STATUS_BAD_PARAMETER, "subscription",
                             "subscription is missing: ?subscription=ID says for whom");
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "event.explain");
    call_add_text (&call, "id", request->name);
    call_add_text (&call, "subscription", subscription);
    status = call_do (&call, problem);
    if (status == STATUS_OK)
        resource_answer_data (answer, call.data);
    call_end (&call);
    return status;
}

status_t
operations_counters (request_t *request, answer_t *answer, problem_t *problem)
{
    listing_t listing;
    status_t status = listing_read (&listing, request, "key", problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "subscription.counts");
    call_add_text (&call, "subscription", request->name);
    listing_add_text (&listing, "key", &call);
    listing_add_page (&listing, &call);
    return listing_answer (&listing, request, answer, &call, problem);
}

//  ---- Dead letters, and what else has not ended

static status_t
operations_list (request_t *request, answer_t *answer, const listing_t *listing, const char *state,
                 problem_t *problem)
{
    call_t call;
    call_start (&call, request, "delivery.list");
    call_add_text (&call, "subscription", request->name);
    call_add_text (&call, "status", state);
    listing_add_page (listing, &call);
    listing_add_filter (listing, "status", &call);
    return listing_answer (listing, request, answer, &call, problem);
}

status_t
operations_deliveries (request_t *request, answer_t *answer, problem_t *problem)
{
    listing_t listing;
    status_t status = listing_read (&listing, request, "status " LETTER_FILTERS, problem);
    const char *state = listing_filter (&listing, "status");
    if (status == STATUS_OK && !state)
        status = problem_at (problem, STATUS_BAD_PARAMETER, "status",
                             "status is missing: it is dead, retry, held or slow");
    return status == STATUS_OK ? operations_list (request, answer, &listing, state, problem)
                               : status;
}

status_t
operations_dead_letters (request_t *request, answer_t *answer, problem_t *problem)
{
    listing_t listing;
    status_t status = listing_read (&listing, request, LETTER_FILTERS, problem);
    return status == STATUS_OK ? operations_list (request, answer, &listing, "dead", problem)
                               : status;
}

status_t
operations_redrive (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "delivery.redrive");
    call_add_text (&call, "subscription", request->name);
    status_t status = operations_add_body (&call, request, problem);
    return status == STATUS_OK ? operations_begin (&call, answer, problem) : status;
}

//  The one event that the path names.
static void
operations_add_event (call_t *call, const request_t *request)
{
    call_add (call, "events", (json_span_t){"[", 1});
    bytes_add_json_text (call->arguments, request->part);
    bytes_add_text (call->arguments, "]");
}

status_t
operations_redrive_one (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "delivery.redrive");
    call_add_text (&call, "subscription", request->name);
    operations_add_event (&call, request);
    return operations_begin (&call, answer, problem);
}

status_t
operations_discard (request_t *request, answer_t *answer, problem_t *problem)
{
    listing_t listing;
    status_t status = listing_read (&listing, request, LETTER_FILTERS, problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "delivery.discard");
    call_add_text (&call, "subscription", request->name);
    listing_add_filter (&listing, "", &call);
    return operations_begin (&call, answer, problem);
}

status_t
operations_discard_one (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "delivery.discard");
    call_add_text (&call, "subscription", request->name);
    operations_add_event (&call, request);
    return operations_begin (&call, answer, problem);
}

status_t
operations_cancel (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "delivery.cancel");
    call_add_text (&call, "subscription", request->name);
    call_add_text (&call, "event", request->part);
    return operations_do (&call, answer, 200, problem);
}

//  ---- Replays

status_t
operations_replay (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "replay.create");
    call_add_text (&call, "subscription", request->name);
    status_t status = operations_add_body (&call, request, problem);
    return status == STATUS_OK ? operations_do (&call, answer, 201, problem) : status;
}

status_t
operations_replay_event (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "replay.create");
    call_add_text (&call, "event", request->name);
    status_t status = operations_add_body (&call, request, problem);
    return status == STATUS_OK ? operations_do (&call, answer, 201, problem) : status;
}

status_t
operations_replays (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "replay.list");
    call_add_text (&call, "subscription", request->name);
    return resource_answer_call (answer, &call, problem);
}

status_t
operations_replay_delete (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "replay.delete");
    call_add_text (&call, "subscription", request->name);
    call_add_text (&call, "replay", request->part);
    return operations_do (&call, answer, 200, problem);
}
