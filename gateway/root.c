/*  root – how it is: hello, Dockerflow's three, and the metrics, which are for everybody; and the
 *  broker's status.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/auth.h"
#include "gateway/call.h"
#include "gateway/listing.h"
#include "gateway/resources.h"
#include "version.h"

static void
hello_user (bytes_t *body, const identity_t *who)
{
    bytes_add_text (body, ",\"user\":{\"id\":");
    bytes_add_json_text (body, who->id);
    bytes_add_text (body, ",\"scopes\":[");
    bool is_first = true;
    for (scope_t scope = SCOPE_NONE + 1; scope < SCOPES; scope++) {
        if (!(who->scopes & 1u << scope))
            continue;
        bytes_add_text (body, is_first ? "" : ",");
        bytes_add_json_text (body, scope_word (scope));
        is_first = false;
    }
    bytes_add_text (body, "]}");
}

static void
hello_limits (bytes_t *body, const limits_t *limits)
{
    bytes_add_text (body, "\"settings\":{\"event_bytes\":");
    bytes_add_number (body, limits->event_bytes);
    bytes_add_text (body, ",\"body_bytes\":");
    bytes_add_number (body, limits->body_bytes);
    bytes_add_text (body, ",\"events_per_request\":");
    bytes_add_number (body, limits->events_per_request);
    bytes_add_text (body, "}");
}

status_t
root_hello (request_t *request, answer_t *answer, problem_t *problem)
{
    bytes_t *body = answer->body;
    if (request_header (request, "Authorization")) {
        status_t status = auth_check (request, SCOPE_NONE, problem);
        if (status != STATUS_OK)
            return status;
    }
    bytes_add_text (body, "{\"project_name\":\"tocsin\",\"project_version\":\"" TOCSIN_VERSION
                          "\",\"http_api_version\":\"1.0\",\"url\":");
    bytes_t url = {0};
    request_add_origin (request, &url);
    bytes_add_text (&url, "/v1/");
    bytes_add_json (body, url.at, url.size);
    bytes_free (&url);
    bytes_add_text (
        body,
        ",\"capabilities\":{"
        "\"events\":{\"description\":\"POST takes Kinto notifications and plain events\"},"
        "\"subscriptions\":{\"description\":\"who wants which events, and what is done with each\"}"
        "},");
    hello_limits (body, request->services->limits);
    if (request->who.is_known)
        hello_user (body, &request->who);
    bytes_add_text (body, "}");
    return STATUS_OK;
}

status_t
root_heartbeat (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "status");
    bool is_well = call_do (&call, problem) == STATUS_OK;
    call_end (&call);
    answer->code = is_well ? 200 : 503;
    bytes_add_text (answer->body, is_well ? "{\"broker\":true}" : "{\"broker\":false}");
    return STATUS_OK;
}

status_t
root_lbheartbeat (request_t *request, answer_t *answer, problem_t *problem)
{
    (void)request;
    (void)problem;
    bytes_add_text (answer->body, "{}");
    return STATUS_OK;
}

status_t
root_version (request_t *request, answer_t *answer, problem_t *problem)
{
    (void)request;
    (void)problem;
    bytes_add_text (answer->body, "{\"name\":\"tocsin\",\"version\":\"" TOCSIN_VERSION "\"}");
    return STATUS_OK;
}

//  Ours and, while it answers, the broker's.
status_t
root_metrics (request_t *request, answer_t *answer, problem_t *problem)
{
    char *own = metrics_text (request->services->metrics);
    answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    bytes_add_text (answer->body, own);
    free (own);

    call_t call;
    call_start (&call, request, "metrics");
    if (call_do (&call, problem) == STATUS_OK && call.text)
        bytes_add_text (answer->body, call.text);
    call_end (&call);
    return STATUS_OK;
}

//  The broker in numbers, and its workers: for `tocsin status` and `tocsin top`. ?busiest=N: and so many
//  subscriptions.
status_t
root_status (request_t *request, answer_t *answer, problem_t *problem)
{
    listing_t listing;
    int64_t busiest = 0;
    status_t status = listing_read (&listing, request, "busiest", problem);
    const char *given = listing_filter (&listing, "busiest");
    if (status == STATUS_OK && given)
        status = listing_number ("busiest", given, 0, &busiest, problem);
    if (status == STATUS_OK && given)
        status = auth_check (request, SCOPE_SUBSCRIPTIONS_READ, problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "status");
    if (given)
        call_add_number (&call, "busiest", busiest);
    return resource_answer_call (answer, &call, problem);
}
