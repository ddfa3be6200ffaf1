/*  tokens – make, list and delete them, for admins. A token is shown once, in the answer that made
 *  it: the broker keeps its hash.
 */
#include "gateway/call.h"
#include "gateway/resources.h"

status_t
tokens_post (request_t *request, answer_t *answer, problem_t *problem)
{
    json_span_t data;
    status_t status = resource_read_data (request, &data, problem);
    if (status != STATUS_OK)
        return status;
    call_t call;
    call_start (&call, request, "token.create");
    call_add_members (&call, data);
    status = call_order (&call, problem);
    if (status == STATUS_OK) {
        answer->code = 201;
        resource_answer_data (answer, call.data);
    }
    call_end (&call);
    return status;
}

status_t
tokens_list (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "token.list");
    return resource_answer_call (answer, &call, problem);
}

status_t
tokens_delete (request_t *request, answer_t *answer, problem_t *problem)
{
    call_t call;
    call_start (&call, request, "token.delete");
    call_add_text (&call, "id", request->name);
    status_t status = call_order (&call, problem);
    token_cache_empty (request->services->tokens);  //  also when nobody knows whether it was
    if (status == STATUS_OK)
        resource_answer_data (answer, call.data);
    call_end (&call);
    return status;
}
