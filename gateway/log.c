/*  log – GET /v1/events lists what is in the log, POST /v1/events/match tries a match on it. */
#include "gateway/call.h"
#include "gateway/listing.h"
#include "gateway/resources.h"

status_t
log_list (request_t *request, answer_t *answer, problem_t *problem)
{
    listing_t listing;
    int64_t since;
    status_t status = listing_read (&listing, request, "_since type subject", problem);
    const char *given = listing_filter (&listing, "_since");
    if (status == STATUS_OK && given)
        status = listing_number ("_since", given, 0, &since, problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "event.list");
    listing_add_page (&listing, &call);
    listing_add_text (&listing, "type", &call);
    listing_add_text (&listing, "subject", &call);
    if (given)
        call_add_number (&call, "since", since);
    return listing_answer (&listing, request, answer, &call, problem);
}

status_t
log_match (request_t *request, answer_t *answer, problem_t *problem)
{
    json_span_t data;
    status_t status = resource_read_data (request, &data, problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "event.match");
    call_add_members (&call, data);
    status = call_do (&call, problem);
    if (status == STATUS_OK)
        resource_answer_data (answer, call.data);
    call_end (&call);
    return status;
}
