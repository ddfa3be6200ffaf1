#include "gateway/reading.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BYTES_KEPT = 65536,
    IMPACTED_KEPT = 64,
    NAME_SHOWN = 60,  //  bytes of a stranger's name in a message
};

void
reading_free (reading_t *self)
{
    json_scan_free (&self->scan);
    event_list_free (&self->events);
    bytes_free (&self->texts);
    bytes_free (&self->built);
    bytes_free (&self->subject);
    free (self->impacted);
    *self = (reading_t){0};
}

void
reading_reset (reading_t *self)
{
    event_list_clear (&self->events);
    bytes_clear (&self->texts, BYTES_KEPT);
    bytes_clear (&self->built, BYTES_KEPT);
    if (self->impacted_room > IMPACTED_KEPT) {
        free (self->impacted);
        self->impacted = NULL;
        self->impacted_room = 0;
    }
}

void
reading_start (reading_t *self, const char *body, size_t size, const limits_t *limits,
               int64_t now_ms)
{
    reading_reset (self);
    json_scan_start (&self->scan, body, size, limits->json_depth);
    self->limits = limits;
    self->now_ms = now_ms;
    self->room = bytes_reserve (&self->texts, size);
}

status_t
reading_wrong_kind (reading_t *self, const char *name, json_kind_t wanted, problem_t *problem)
{
    json_kind_t kind = json_scan_kind (&self->scan);
    json_span_t value;
    if (!json_scan_skip (&self->scan, &value))  //  no JSON at all: that comes first
        return json_scan_status (&self->scan, problem);
    return problem_at (problem, STATUS_BAD_EVENT, name, "%s: %s is expected, not %s", name,
                       json_kind_name (wanted), json_kind_name (kind));
}

status_t
reading_text (reading_t *self, const char *name, const char **text, problem_t *problem)
{
    if (json_scan_kind (&self->scan) != KIND_STRING)
        return reading_wrong_kind (self, name, KIND_STRING, problem);
    *text = json_scan_text (&self->scan, &self->room);
    return json_scan_status (&self->scan, problem);
}

status_t
reading_stranger (const char *where, json_span_t name, const char *known, problem_t *problem)
{
    int shown = (int)name.size;
    if (name.size > NAME_SHOWN)
        for (shown = NAME_SHOWN; ((unsigned char)name.at [shown] & 0xc0) == 0x80;)
            shown--;  //  not within a character
    char path [2 * NAME_SHOWN + 2];
    snprintf (path, sizeof (path), "%s%s%.*s", where, where [0] ? "." : "", shown, name.at);
    return problem_at (problem, STATUS_BAD_EVENT, path, "%s: there is no such member; there are %s",
                       path, known);
}
