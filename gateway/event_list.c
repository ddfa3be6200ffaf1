#include "gateway/event_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

enum {
    ROOM_FIRST = 16,
    ROOM_KEPT = 64,        //  events; a larger room goes back to the system
    ENVELOPE_BYTES = 256,  //  of one event in a message, beside its bytes: the names of its fields
};

void
event_list_clear (event_list_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        event_destroy (&self->at [i]);
    self->count = self->bytes = 0;
    if (self->room > ROOM_KEPT)
        event_list_free (self);
}

void
event_list_free (event_list_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        event_destroy (&self->at [i]);
    free (self->at);
    *self = (event_list_t){0};
}

//  "type" becomes "data.type".
static void
problem_prefix (problem_t *problem, const char *where)
{
    if (!problem)
        return;
    char name [sizeof (problem->name)];
    size_t size = sizeof (name);
    size_t used = (size_t)snprintf (name, size, "%s%s", where, problem->name [0] ? "." : "");
    if (used < size)
        memccpy (name + used, problem->name, 0, size - used);
    name [size - 1] = 0;
    memcpy (problem->name, name, size);
}

static void
event_list_keep (event_list_t *self, event_t *event)
{
    if (self->count == self->room) {
        self->room = self->room == 0 ? ROOM_FIRST : 2 * self->room;
        self->at = allocate_again (self->at, self->room, sizeof (*self->at));
    }
    self->at [self->count++] = event;
}

status_t
event_list_overfull (const limits_t *limits, const char *where, problem_t *problem)
{
    return problem_at (
        problem, STATUS_TOO_LARGE, where,
        "%s: more than limits/events_per_request (%lld): send them in several requests", where,
        (long long)limits->events_per_request);
}

status_t
event_list_add (event_list_t *self, const event_t *fields, const limits_t *limits,
                const char *where, problem_t *problem)
{
    status_t status = event_check (fields, limits, problem);
    if (status != STATUS_OK) {
        problem_prefix (problem, where);
        return status;
    }
    if ((int64_t)self->count >= limits->events_per_request ||
        (int64_t)self->count >= limits->batch_events)
        return event_list_overfull (limits, where, problem);

    event_t *event = event_new (fields);
    event_list_keep (self, event);
    self->bytes += event_size_bytes (event) + ENVELOPE_BYTES;
    if ((int64_t)self->bytes > limits->frame_bytes)
        return problem_at (
            problem, STATUS_TOO_LARGE, where,
            "%s: the events of the request are together larger than limits/frame_bytes (%lld): send them in several requests",
            where, (long long)limits->frame_bytes);
    return STATUS_OK;
}
