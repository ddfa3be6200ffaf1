/*  subscriptions – make, list, read, replace and delete them. The broker keeps them and knows their
 *  rules; here are only the manners of HTTP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/call.h"
#include "gateway/precondition.h"
#include "gateway/query.h"
#include "gateway/resources.h"

enum { LIST_STANDARD = 100, LIST_MOST = 1000 };  //  subscriptions of one page

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

typedef struct {
    int64_t limit;
    char after [QUERY_VALUE_SIZE];  //  id of the last of the page before; "" for the first page
} page_t;

static status_t
page_read_limit (page_t *self, const char *value, problem_t *problem)
{
    size_t size = strlen (value);
    if (size == 0 || size > 9 || strspn (value, "0123456789") != size || atoll (value) == 0)
        return problem_at (problem, STATUS_BAD_PARAMETER, "_limit",
                           "_limit: a whole number above 0 is expected");
    int64_t limit = atoll (value);
    self->limit = limit > LIST_MOST ? LIST_MOST : limit;
    return STATUS_OK;
}

static status_t
page_read (page_t *self, request_t *request, problem_t *problem)
{
    query_t query;
    *self = (page_t){.limit = LIST_STANDARD};
    request->location = "querystring";
    query_start (&query, request->info->query_string);
    while (query_next (&query)) {
        if (strcmp (query.name, "_limit") == 0) {
            status_t status = page_read_limit (self, query.value, problem);
            if (status != STATUS_OK)
                return status;
        }
        else if (strcmp (query.name, "_token") == 0) {
            strcpy (self->after, query.value);
        }
        else {
            return problem_at (problem, STATUS_BAD_PARAMETER, query.name,
                               "there is no such parameter; there are _limit and _token");
        }
    }
    if (query.is_bad)
        return problem_set (problem, STATUS_BAD_PARAMETER,
                            "the query is too long, or badly encoded");
    request->location = "body";
    return STATUS_OK;
}

static void
page_answer_next (const page_t *self, request_t *request, answer_t *answer, const char *next)
{
    static const char hex [] = "0123456789ABCDEF";
    bytes_t *headers = answer->headers;
    bytes_add_text (headers, "Next-Page: ");
    request_add_origin (request, headers);
    bytes_add_text (headers, "/v1/subscriptions?_limit=");
    bytes_add_number (headers, self->limit);
    bytes_add_text (headers, "&_token=");
    for (const char *at = next; *at; at++) {
        unsigned char character = (unsigned char)*at;
        char escaped [3] = {'%', hex [character >> 4], hex [character & 15]};
        bool is_plain = strchr ("-._~", *at) || (character >= '0' && character <= '9') ||
                        ((character | 0x20) >= 'a' && (character | 0x20) <= 'z');
        bytes_add (headers, is_plain ? at : escaped, is_plain ? 1 : 3);
    }
    bytes_add_text (headers, "\r\n");
}

static void
page_answer (const page_t *self, request_t *request, answer_t *answer, const call_t *call)
{
    char total [24];
    snprintf (total, sizeof (total), "%lld", (long long)call->total);
    answer_header (answer, "Total-Objects", total);
    answer_header (answer, "Total-Records", total);
    if (call->next)
        page_answer_next (self, request, answer, call->next);
    resource_answer_data (answer, call->data);
}

status_t
subscriptions_list (request_t *request, answer_t *answer, problem_t *problem)
{
    page_t page;
    status_t status = page_read (&page, request, problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "subscription.list");
    call_add_number (&call, "limit", page.limit);
    if (page.after [0])
        call_add_text (&call, "after", page.after);
    status = call_do (&call, problem);
    if (status == STATUS_OK)
        page_answer (&page, request, answer, &call);
    call_end (&call);
    return status;
}
