#include "gateway/event_reader.h"

#include "gateway/kinto_reader.h"
#include "gateway/plain_reader.h"

static const char shapes [] =
    "an event reads {\"data\": {\"type\", \"subject\", \"data\", …}}, a Kinto notification {\"payload\": {…}, \"impacted_objects\": […]}";

status_t
event_read (reading_t *self, const char *body, size_t size, const limits_t *limits, int64_t now_ms,
            problem_t *problem)
{
    json_span_t name;
    reading_start (self, body, size, limits, now_ms);
    if (json_scan_kind (&self->scan) != KIND_OBJECT) {
        json_scan_skip (&self->scan, &name);
        status_t status = json_scan_end (&self->scan, problem);
        if (status != STATUS_OK)
            return status;
        return problem_set (problem, STATUS_BAD_EVENT, "the body is not an object: %s", shapes);
    }
    json_scan_enter_object (&self->scan);
    if (!json_scan_member (&self->scan, &name)) {
        status_t status = json_scan_end (&self->scan, problem);
        if (status != STATUS_OK)
            return status;
        return problem_set (problem, STATUS_BAD_EVENT, "the body is empty: %s", shapes);
    }
    if (json_span_is (name, "data"))
        return plain_read (self, name, problem);
    return kinto_read (self, name, problem);
}
