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
    listing_add_text (&listing, "name", &call);
    return listing_answer (&listing, request, answer, &call, problem);
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
    listing_add_text (&listing, "session", &call);
    return resource_answer_call (answer, &call, problem);
}

//  An order about the workers of the name in the path; its members are those of the body, if there is one.
static status_t
workers_order (request_t *request, answer_t *answer, const char *method, problem_t *problem)
{
    json_span_t data = {0};
    if (request->is_read) {
        status_t status = resource_read_data (request, &data, problem);
        if (status != STATUS_OK)
            return status;
    }
    call_t call;
    call_start (&call, request, method);
    call_add_text (&call, "name", request->name);
    if (data.at)
        call_add_members (&call, data);
    status_t status = call_order (&call, problem);
    if (status == STATUS_OK)
        resource_answer_data (answer, call.data);
    call_end (&call);
    return status;
}

status_t
workers_drain (request_t *request, answer_t *answer, problem_t *problem)
{
    return workers_order (request, answer, "worker.drain", problem);
}

status_t
workers_patch (request_t *request, answer_t *answer, problem_t *problem)
{
    return workers_order (request, answer, "worker.change", problem);
}
