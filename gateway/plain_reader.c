#include "gateway/plain_reader.h"

#include <string.h>

#include "gateway/cause_reader.h"
#include "gateway/event_time.h"
#include "proto/model/event_id.h"

//  The members that are strings, and where they go.
static const struct {
    const char *name, *path;
    size_t offset;
} fields_known [] = {
    {"type", "data.type", offsetof (event_t, type)},
    {"subject", "data.subject", offsetof (event_t, subject)},
    {"source", "data.source", offsetof (event_t, source)},
    {"id", "data.id", offsetof (event_t, given_id)},
    {"key", "data.key", offsetof (event_t, key)},
    {"time", "data.time", offsetof (event_t, time)},
    {"causation", "data.causation", offsetof (event_t, causation)},
    {"root", "data.root", offsetof (event_t, root)},
};

static const char **
plain_field (event_t *fields, size_t offset)
{
    return (const char **)(void *)((char *)fields + offset);
}

static status_t
plain_read_phase (reading_t *self, event_t *fields, problem_t *problem)
{
    const char *phase;
    status_t status = reading_text (self, "data.phase", &phase, problem);
    if (status != STATUS_OK)
        return status;
    fields->phase = strcmp (phase, "pre") == 0 ? PHASE_PRE : PHASE_POST;
    if (fields->phase == PHASE_POST && strcmp (phase, "post") != 0)
        return problem_at (problem, STATUS_BAD_EVENT, "data.phase",
                           "data.phase: there are \"post\" and \"pre\"");
    return STATUS_OK;
}

static status_t
plain_read_member (reading_t *self, json_span_t name, event_t *fields, problem_t *problem)
{
    for (size_t i = 0; i < sizeof (fields_known) / sizeof (*fields_known); i++)
        if (json_span_is (name, fields_known [i].name))
            return reading_text (self, fields_known [i].path,
                                 plain_field (fields, fields_known [i].offset), problem);
    if (json_span_is (name, "data")) {
        json_span_t data = {0};
        json_scan_skip (&self->scan, &data);
        fields->data = (const uint8_t *)data.at;
        fields->data_size = data.size;
        return json_scan_status (&self->scan, problem);
    }
    if (json_span_is (name, "phase"))
        return plain_read_phase (self, fields, problem);
    if (json_span_is (name, "hops"))
        return cause_read_hops (self, "data.hops", fields, problem);
    return reading_stranger (
        "data", name, "type, subject, source, id, key, time, phase, causation, root, hops and data",
        problem);
}

static status_t
plain_read_event (reading_t *self, event_t *fields, problem_t *problem)
{
    if (json_scan_kind (&self->scan) != KIND_OBJECT)
        return reading_wrong_kind (self, "data", KIND_OBJECT, problem);
    json_span_t name;
    json_scan_enter_object (&self->scan);
    while (json_scan_member (&self->scan, &name)) {
        status_t status = plain_read_member (self, name, fields, problem);
        if (status != STATUS_OK)
            return status;
    }
    return json_scan_status (&self->scan, problem);
}

static status_t
plain_missing (const char *name, problem_t *problem)
{
    return problem_at (problem, STATUS_BAD_EVENT, name, "%s is missing", name);
}

//  Its name in the log, by the rules of "Identity" in docs/DESIGN.md.
static status_t
plain_identify (const reading_t *self, event_t *fields, char id [EVENT_ID_SIZE], problem_t *problem)
{
    const char *given = fields->given_id;
    const char *source = fields->source ? fields->source : "";
    fields->id = id;
    if (!given) {
        event_id_make (self->now_ms, id);
        return STATUS_OK;
    }
    if (given [0] == 0)
        return problem_at (problem, STATUS_BAD_EVENT, "data.id",
                           "data.id: it is empty: leave it out, and one is made");
    if ((int64_t)strlen (given) > self->limits->given_id_bytes)
        return problem_at (problem, STATUS_BAD_EVENT, "data.id",
                           "data.id: it is too long; at most %lld bytes",
                           (long long)self->limits->given_id_bytes);
    if (source [0] == 0 && event_id_is_plain (given)) {
        strcpy (id, given);
        fields->given_id = NULL;
        return STATUS_OK;
    }
    event_id_derive (source, given, id);
    return STATUS_OK;
}

static status_t
plain_complete (reading_t *self, event_t *fields, problem_t *problem)
{
    if (!fields->type)
        return plain_missing ("data.type", problem);
    if (strncmp (fields->type, "tocsin.", 7) == 0)
        return problem_at (problem, STATUS_BAD_EVENT, "data.type",
                           "data.type: what begins with tocsin. is told by Tocsin itself: choose "
                           "another first word");
    if (!fields->subject)
        return plain_missing ("data.subject", problem);
    if (!fields->data)
        return plain_missing ("data.data", problem);

    char id [EVENT_ID_SIZE], time [EVENT_TIME_SIZE];
    status_t status = plain_identify (self, fields, id, problem);
    if (status == STATUS_OK)
        status = cause_complete ("data.", fields, problem);
    if (status != STATUS_OK)
        return status;
    if (!fields->time && event_time_text (self->now_ms, time))
        fields->time = time;
    if (!fields->key || fields->key [0] == 0)
        fields->key = fields->subject;
    return event_list_add (&self->events, fields, self->limits, "data", problem);
}

status_t
plain_read (reading_t *self, json_span_t name, problem_t *problem)
{
    event_t fields = {.content_type = "application/json", .phase = PHASE_POST, .partition = -1};
    do {
        if (!json_span_is (name, "data"))
            return reading_stranger ("", name, "data, with the event in it", problem);
        status_t status = plain_read_event (self, &fields, problem);
        if (status != STATUS_OK)
            return status;
    } while (json_scan_member (&self->scan, &name));

    status_t status = json_scan_end (&self->scan, problem);
    return status == STATUS_OK ? plain_complete (self, &fields, problem) : status;
}
