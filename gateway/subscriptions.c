/*  subscriptions – make, list, read, replace and delete them. The broker keeps them and knows their
 *  rules; here are only the manners of HTTP.
 */
#include "gateway/call.h"
#include "gateway/listing.h"
#include "gateway/precondition.h"
#include "gateway/resources.h"
#include "gateway/transform_check.h"

static void
subscriptions_answer (answer_t *answer, const call_t *call, int code)
{
    answer->code = code;
    if (call->last_modified >= 0)
        answer_etag (answer, call->last_modified);
    resource_answer_data (answer, call->data);
}

status_t
subscriptions_post (request_t *request, answer_t *answer, problem_t *problem)
{
    json_span_t document;
    status_t status = resource_read_data (request, &document, problem);
    if (status == STATUS_OK)
        status = transform_check (document, problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "subscription.create");
    call_add (&call, "document", document);
    status = call_order (&call, problem);
    if (status == STATUS_OK)
        subscriptions_answer (answer, &call, 201);
    call_end (&call);
    return status;
}

//  ---- One

//  Read it; then 412, 304 or the whole.
static status_t
subscriptions_answer_if (answer_t *answer, const call_t *call, const precondition_t *precondition,
                         problem_t *problem)
{
    if (precondition->match >= 0 && precondition->match != call->last_modified)
        return problem_set (problem, STATUS_CHANGED, "%s", status_text (STATUS_CHANGED));
    if (precondition->must_be_new || precondition->none_match == call->last_modified) {
        answer->code = 304;
        answer->content_type = NULL;
        answer_etag (answer, call->last_modified);
        return STATUS_OK;
    }
    subscriptions_answer (answer, call, 200);
    return STATUS_OK;
}

status_t
subscriptions_get (request_t *request, answer_t *answer, problem_t *problem)
{
    precondition_t precondition;
    status_t status = precondition_read (&precondition, request, problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "subscription.get");
    call_add_text (&call, "id", request->name);
    status = call_do (&call, problem);
    if (status == STATUS_OK)
        status = subscriptions_answer_if (answer, &call, &precondition, problem);
    call_end (&call);
    return status;
}

status_t
subscriptions_put (request_t *request, answer_t *answer, problem_t *problem)
{
    precondition_t precondition;
    json_span_t document;
    status_t status = precondition_read (&precondition, request, problem);
    if (status == STATUS_OK)
        status = resource_read_data (request, &document, problem);
    if (status == STATUS_OK)
        status = transform_check (document, problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "subscription.replace");
    call_add_text (&call, "id", request->name);
    call_add (&call, "document", document);
    if (precondition.match >= 0)
        call_add_number (&call, "if_match", precondition.match);
    if (precondition.must_be_new)
        call_add (&call, "if_none_match", (json_span_t){"true", 4});
    status = call_order (&call, problem);
    if (status == STATUS_OK)
        subscriptions_answer (answer, &call, call.was_created ? 201 : 200);
    call_end (&call);
    return status;
}

status_t
subscriptions_delete (request_t *request, answer_t *answer, problem_t *problem)
{
    precondition_t precondition;
    status_t status = precondition_read (&precondition, request, problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "subscription.delete");
    call_add_text (&call, "id", request->name);
    if (precondition.match >= 0)
        call_add_number (&call, "if_match", precondition.match);
    status = call_order (&call, problem);
    if (status == STATUS_OK)
        resource_answer_data (answer, call.data);
    call_end (&call);
    return status;
}

//  ---- The list

status_t
subscriptions_list (request_t *request, answer_t *answer, problem_t *problem)
{
    listing_t listing;
    status_t status = listing_read (&listing, request, "", problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "subscription.list");
    listing_add_page (&listing, &call);
    return listing_answer (&listing, request, answer, &call, problem);
}

//  ---- Whether it goes on

//  An order that needs no more than the id, and the version that was seen if there is If-Match.
static status_t
subscriptions_order (request_t *request, answer_t *answer, const char *method, problem_t *problem)
{
    precondition_t precondition;
    status_t status = precondition_read (&precondition, request, problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, method);
    call_add_text (&call, "id", request->name);
    if (precondition.match >= 0)
        call_add_number (&call, "if_match", precondition.match);
    status = call_order (&call, problem);
    if (status == STATUS_OK)
        subscriptions_answer (answer, &call, 200);
    call_end (&call);
    return status;
}

status_t
subscriptions_pause (request_t *request, answer_t *answer, problem_t *problem)
{
    return subscriptions_order (request, answer, "subscription.pause", problem);
}

status_t
subscriptions_resume (request_t *request, answer_t *answer, problem_t *problem)
{
    return subscriptions_order (request, answer, "subscription.resume", problem);
}
