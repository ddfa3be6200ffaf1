#include "gateway/cause_reader.h"

#include <stdio.h>

status_t
cause_read_hops (reading_t *self, const char *path, event_t *fields, problem_t *problem)
{
    int64_t hops;
    if (json_scan_kind (&self->scan) != KIND_NUMBER)
        return reading_wrong_kind (self, path, KIND_NUMBER, problem);
    if (!json_scan_integer (&self->scan, &hops) || hops < 0 || hops > EVENT_HOPS_MOST)
        return problem_at (problem, STATUS_BAD_EVENT, path, "%s: a whole number from 0 to %d", path,
                           EVENT_HOPS_MOST);
    fields->hops = (int32_t)hops;
    return STATUS_OK;
}

static status_t
cause_read_member (reading_t *self, json_span_t name, event_t *fields, problem_t *problem)
{
    if (json_span_is (name, "id"))
        return reading_text (self, "causation.id", &fields->causation, problem);
    if (json_span_is (name, "root"))
        return reading_text (self, "causation.root", &fields->root, problem);
    if (json_span_is (name, "hops"))
        return cause_read_hops (self, "causation.hops", fields, problem);
    return reading_stranger ("causation", name, "id, root and hops", problem);
}

status_t
cause_read_object (reading_t *self, event_t *fields, problem_t *problem)
{
    json_kind_t kind = json_scan_kind (&self->scan);
    if (kind == KIND_NULL) {
        json_span_t null;
        json_scan_skip (&self->scan, &null);
        return json_scan_status (&self->scan, problem);
    }
    if (kind != KIND_OBJECT)
        return reading_wrong_kind (self, "causation", KIND_OBJECT, problem);
    json_span_t name;
    json_scan_enter_object (&self->scan);
    while (json_scan_member (&self->scan, &name)) {
        status_t status = cause_read_member (self, name, fields, problem);
        if (status != STATUS_OK)
            return status;
    }
    return json_scan_status (&self->scan, problem);
}

static bool
cause_is_said (const char *text)
{
    return text && *text;
}

status_t
cause_complete (const char *where, event_t *fields, problem_t *problem)
{
    if (cause_is_said (fields->causation)) {
        if (!cause_is_said (fields->root))
            fields->root = fields->causation;
        if (fields->hops == 0)
            fields->hops = 1;
        return STATUS_OK;
    }
    if (!cause_is_said (fields->root) && fields->hops == 0)
        return STATUS_OK;
    char name [32];
    snprintf (name, sizeof (name), "%s%s", where, *where == 'c' ? "id" : "causation");
    return problem_at (problem, STATUS_BAD_EVENT, name,
                       "%s: it is missing, and a root or hops are nothing without it", name);
}
