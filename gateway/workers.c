/*  workers – who performs actions: the list, and one of them. */
#include "gateway/call.h"
#include "gateway/listing.h"
#include "gateway/resources.h"

status_t
workers_list (request_t *request, answer_t *answer, problem_t *problem)
{
    listing_t listing;
    status_t status = listing_read (&listing, request, "name", problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "worker.list");
    listing_add_page (&listing, &call);
    if (listing_filter (&listing, "name"))
        call_add_text (&call, "name", listing_filter (&listing, "name"));
    status = call_do (&call, problem);
    if (status == STATUS_OK)
        listing_answer (&listing, request, answer, &call);
    call_end (&call);
    return status;
}

status_t
workers_get (request_t *request, answer_t *answer, problem_t *problem)
{
    listing_t listing;
    status_t status = listing_read (&listing, request, "session", problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "worker.get");
    call_add_text (&call, "name", request->name);
    if (listing_filter (&listing, "session"))
        call_add_text (&call, "session", listing_filter (&listing, "session"));
    return resource_answer_call (answer, &call, problem);
}
