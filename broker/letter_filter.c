#include "broker/letter_filter.h"

#include <ctype.h>
#include <string.h>

#include "proto/model/rfc3339.h"

static status_t
read_pattern (const char *name, const char *text, char separator, pattern_t **pattern,
              problem_t *problem)
{
    *pattern = pattern_new (text, separator, name, problem);
    return *pattern ? STATUS_OK : STATUS_BAD_MATCH;
}

static status_t
read_time (const char *name, const char *text, int64_t *ms, problem_t *problem)
{
    if (rfc3339_read (text, ms))
        return STATUS_OK;
    return problem_at (problem, STATUS_BAD_PARAMETER, name,
                       "%s: \"%.60s\" is no time, as in 2026-11-24T03:00:00Z", name, text);
}

//  A word of reason.tbl, in whatever case: USED_UP, used_up.
static status_t
read_reason (const char *text, reason_t *reason, problem_t *problem)
{
    for (int i = 1; i < REASONS; i++)
        if (strcasecmp (text, reason_name ((reason_t)i)) == 0) {
            *reason = (reason_t)i;
            return STATUS_OK;
        }
    return problem_at (problem, STATUS_BAD_PARAMETER, "reason",
                       "reason: \"%.60s\" is none; those of dead letters are USED_UP, FINAL, "
                       "EXPIRED, POISON, CANCELLED and STORE",
                       text);
}

static status_t
read_member (letter_filter_t *self, const char *name, const char *text, problem_t *problem)
{
    if (strcmp (name, "type") == 0)
        return read_pattern (name, text, '.', &self->type, problem);
    if (strcmp (name, "subject") == 0)
        return read_pattern (name, text, '/', &self->subject, problem);
    if (strcmp (name, "reason") == 0)
        return read_reason (text, &self->reason, problem);
    if (strcmp (name, "before") == 0)
        return read_time (name, text, &self->before_ms, problem);
    if (strcmp (name, "after") == 0)
        return read_time (name, text, &self->after_ms, problem);
    return problem_at (problem, STATUS_BAD_PARAMETER, name,
                       "filter: \"%.40s\" is no member of it; there are type, subject, reason, "
                       "before and after",
                       name);
}

status_t
letter_filter_read (letter_filter_t *self, const json_t *given, problem_t *problem)
{
    *self = (letter_filter_t){.before_ms = INT64_MAX};
    if (given && !json_is_object (given))
        return problem_at (problem, STATUS_BAD_PARAMETER, "filter", "filter: it is an object");
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)given, name, value)
    {
        if (!json_is_string (value))
            return problem_at (problem, STATUS_BAD_PARAMETER, name, "%.40s: a text is needed here",
                               name);
        status_t status = read_member (self, name, json_string_value (value), problem);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

void
letter_filter_clear (letter_filter_t *self)
{
    pattern_destroy (&self->type);
    pattern_destroy (&self->subject);
}

bool
letter_filter_wants (const letter_filter_t *self, const struct listed_row *row)
{
    int64_t died_ms = row->at.exception.due_ms;
    if (died_ms >= self->before_ms || died_ms < self->after_ms)
        return false;
    if (self->reason != REASON_NONE && row->at.exception.reason != self->reason)
        return false;
    if (self->type && !(row->event && pattern_matches (self->type, row->event->type)))
        return false;
    return !self->subject || (row->event && pattern_matches (self->subject, row->event->subject));
}
