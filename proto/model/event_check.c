#include <stdbool.h>
#include <string.h>

#include "proto/model/event.h"
#include "proto/model/rfc3339.h"
#include "proto/model/utf8.h"

enum { TIME_BYTES = 64, CONTENT_TYPE_BYTES = 120, SHOWN = 60 };

//  A field as text, and how long it may be.
typedef struct {
    const char *name;
    const char *text;
    int64_t most;    //  bytes
    bool is_needed;  //  may not be ""
} field_t;

static bool
is_letter (char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static status_t
check_field (const field_t *field, problem_t *problem)
{
    const char *text = field->text ? field->text : "";
    size_t size = strlen (text);
    if (size == 0 && field->is_needed)
        return problem_at (problem, STATUS_BAD_EVENT, field->name, "%s: it is missing or empty",
                           field->name);
    if ((int64_t)size > field->most)
        return problem_at (problem, STATUS_BAD_EVENT, field->name,
                           "%s: %zu bytes are too long; at most %lld", field->name, size,
                           (long long)field->most);
    if (!utf8_is_text (text, size))
        return problem_at (problem, STATUS_BAD_EVENT, field->name,
                           "%s: it has a control character, or bytes that are not UTF-8",
                           field->name);
    return STATUS_OK;
}

static bool
is_all_letters (const char *text)
{
    while (is_letter (*text))
        text++;
    return !*text;
}

//  Segments with a dot between them, none of them empty.
static bool
is_dotted (const char *text)
{
    for (;;) {
        const char *segment = text;
        while (is_letter (*text))
            text++;
        if (text == segment)
            return false;
        if (!*text)
            return true;
        if (*text++ != '.')
            return false;
    }
}

//  Where it comes from: names of other events of the log, which need not be there (any more).
static status_t
check_causes (const event_t *fields, problem_t *problem)
{
    const char *const causes [][2] = {{"causation", fields->causation}, {"root", fields->root}};
    for (size_t i = 0; i < sizeof (causes) / sizeof (*causes); i++)
        if (causes [i][1] && !is_all_letters (causes [i][1]))
            return problem_at (problem, STATUS_BAD_EVENT, causes [i][0],
                               "%s: \"%.*s\" is no id of an event: A-Z, a-z, 0-9, _ and -",
                               causes [i][0], SHOWN, causes [i][1]);
    if (fields->hops < 0 || fields->hops > EVENT_HOPS_MOST)
        return problem_at (problem, STATUS_BAD_EVENT, "hops", "hops: it is 0 to %d",
                           EVENT_HOPS_MOST);
    return STATUS_OK;
}

static status_t
check_forms (const event_t *fields, problem_t *problem)
{
    if (!is_all_letters (fields->id))
        return problem_at (problem, STATUS_BAD_EVENT, "id",
                           "id: \"%.*s\" has other characters than A-Z, a-z, 0-9, _ and -", SHOWN,
                           fields->id);
    if (!is_dotted (fields->type))
        return problem_at (
            problem, STATUS_BAD_EVENT, "type",
            "type: \"%.*s\" is no row of words of A-Z, a-z, 0-9, _ and - with a dot between them",
            SHOWN, fields->type);
    if (!rfc3339_is_time (fields->time))
        return problem_at (problem, STATUS_BAD_EVENT, "time",
                           "time: \"%.*s\" is no time like 2026-11-24T03:00:00.123Z (RFC 3339)",
                           SHOWN, fields->time);
    if (fields->phase != PHASE_POST && fields->phase != PHASE_PRE)
        return problem_at (problem, STATUS_BAD_EVENT, "phase",
                           "phase: there are \"post\" and \"pre\"");
    return check_causes (fields, problem);
}

status_t
event_check (const event_t *fields, const limits_t *limits, problem_t *problem)
{
    const field_t texts [] = {
        {"id", fields->id, limits->id_bytes, true},
        {"given_id", fields->given_id, limits->given_id_bytes, false},
        {"source", fields->source, limits->source_bytes, false},
        {"type", fields->type, limits->type_bytes, true},
        {"subject", fields->subject, limits->subject_bytes, true},
        {"key", fields->key, limits->key_bytes, false},
        {"time", fields->time, TIME_BYTES, true},
        {"content_type", fields->content_type, CONTENT_TYPE_BYTES, false},
        {"causation", fields->causation, limits->id_bytes, false},
        {"root", fields->root, limits->id_bytes, false},
        {"via", fields->via, limits->name_bytes, false},
    };
    for (size_t i = 0; i < sizeof (texts) / sizeof (*texts); i++) {
        status_t status = check_field (&texts [i], problem);
        if (status != STATUS_OK)
            return status;
    }
    if (fields->data_size > 0 && !fields->data)
        return problem_at (problem, STATUS_BAD_EVENT, "data", "data: a size without its bytes");
    if (fields->data_size > (size_t)limits->event_bytes)
        return problem_at (problem, STATUS_TOO_LARGE, "data",
                           "data: %zu bytes are more than limits/event_bytes (%lld)",
                           fields->data_size, (long long)limits->event_bytes);
    return check_forms (fields, problem);
}
