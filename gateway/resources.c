#include "gateway/resources.h"

static status_t
resource_wrong_kind (json_scan_t *scan, const char *name, problem_t *problem)
{
    json_kind_t kind = json_scan_kind (scan);
    json_span_t value;
    if (!json_scan_skip (scan, &value))  //  no JSON at all: that comes first
        return json_scan_status (scan, problem);
    return problem_at (problem, STATUS_BAD_REQUEST, name, "%s: an object is expected, not %s",
                       name [0] ? name : "the body", json_kind_name (kind));
}

status_t
resource_read_data (request_t *request, json_span_t *data, problem_t *problem)
{
    const bytes_t *body = &request->desk->body;
    json_scan_t *scan = &request->desk->reading.scan;
    json_span_t name;
    data->at = NULL;
    json_scan_start (scan, body->at, body->size, request->services->limits->json_depth);
    if (json_scan_kind (scan) != KIND_OBJECT)
        return resource_wrong_kind (scan, "", problem);
    json_scan_enter_object (scan);
    while (json_scan_member (scan, &name)) {
        if (!json_span_is (name, "data"))
            return problem_at (problem, STATUS_BAD_REQUEST, "",
                               "the body has a member beside \"data\": there is nothing else");
        if (json_scan_kind (scan) != KIND_OBJECT)
            return resource_wrong_kind (scan, "data", problem);
        json_scan_skip (scan, data);
    }
    status_t status = json_scan_end (scan, problem);
    if (status == STATUS_OK && !data->at)
        return problem_at (problem, STATUS_BAD_REQUEST, "data", "data is missing");
    return status;
}

void
resource_answer_data (answer_t *answer, json_span_t data)
{
    bytes_add_text (answer->body, "{\"data\":");
    bytes_add (answer->body, data.at ? data.at : "null", data.at ? data.size : 4);
    bytes_add_text (answer->body, "}");
}

status_t
resource_answer_call (answer_t *answer, call_t *call, problem_t *problem)
{
    status_t status = call_do (call, problem);
    if (status == STATUS_OK)
        resource_answer_data (answer, call->data);
    call_end (call);
    return status;
}
