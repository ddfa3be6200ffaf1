#include "cli/sse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

//  An event of Tocsin is at most a frame of its own, with some room for what is written around it.
enum { LINE_MOST = 96 << 20, NAME_SIZE = 64 };

typedef struct {
    char *bytes;
    size_t size, room;
} run_t;

struct sse {
    sse_take_t *take;
    void *context;
    run_t line, data;
    char name [NAME_SIZE];
    char id [SSE_ID_SIZE];     //  of the event that is being read
    char place [SSE_ID_SIZE];  //  of the last whole one
};

sse_t *
sse_new (sse_take_t *take, void *context)
{
    sse_t *self = ALLOCATE (sse_t);
    self->take = take;
    self->context = context;
    return self;
}

void
sse_destroy (sse_t **self_p)
{
    sse_t *self = *self_p;
    if (!self)
        return;
    free (self->line.bytes);
    free (self->data.bytes);
    free (self);
    *self_p = NULL;
}

//  With a zero after it.
static void
run_add (run_t *self, const char *bytes, size_t size)
{
    if (self->size + size + 1 > self->room) {
        self->room = 2 * (self->size + size) + 256;
        self->bytes = allocate_again (self->bytes, self->room, 1);
    }
    memcpy (self->bytes + self->size, bytes, size);
    self->size += size;
    self->bytes [self->size] = 0;
}

static bool
sse_end_event (sse_t *self)
{
    memcpy (self->place, self->id, sizeof self->place);
    bool goes_on = true;
    if (self->data.size > 0)
        goes_on = self->take (self->context,
                              &(sse_event_t){.name = self->name, .data = self->data.bytes});
    self->data.size = 0;
    *self->name = 0;
    return goes_on;
}

//  What follows a field's name; NULL: it is another field.
static const char *
value_of (const char *line, const char *field)
{
    size_t size = strlen (field);
    if (strncmp (line, field, size) != 0 || line [size] != ':')
        return NULL;
    return line [size + 1] == ' ' ? line + size + 2 : line + size + 1;
}

static bool
sse_end_line (sse_t *self)
{
    const char *line = self->line.size > 0 ? self->line.bytes : "";
    const char *value;
    self->line.size = 0;
    if (!*line)
        return sse_end_event (self);
    if ((value = value_of (line, "id")))
        snprintf (self->id, sizeof self->id, "%s", value);
    else if ((value = value_of (line, "event")))
        snprintf (self->name, sizeof self->name, "%s", value);
    else if ((value = value_of (line, "data"))) {
        if (self->data.size > 0)
            run_add (&self->data, " ", 1);
        run_add (&self->data, value, strlen (value));
    }
    return true;  //  what is left are comments
}

bool
sse_hear (sse_t *self, const char *bytes, size_t size)
{
    while (size > 0) {
        const char *end = memchr (bytes, '\n', size);
        size_t length = end ? (size_t)(end - bytes) : size;
        if (self->line.size + length > LINE_MOST)
            return false;
        run_add (&self->line, bytes, length);
        if (!end)
            return true;
        if (self->line.size > 0 && self->line.bytes [self->line.size - 1] == '\r')
            self->line.bytes [--self->line.size] = 0;
        if (!sse_end_line (self))
            return false;
        bytes = end + 1;
        size -= length + 1;
    }
    return true;
}

void
sse_cut (sse_t *self)
{
    self->line.size = self->data.size = 0;
    *self->name = 0;
    memcpy (self->id, self->place, sizeof self->id);
}

const char *
sse_place (const sse_t *self)
{
    return self->place;
}

void
sse_set_place (sse_t *self, const char *id)
{
    snprintf (self->place, sizeof self->place, "%s", id);
    memcpy (self->id, self->place, sizeof self->id);
}
