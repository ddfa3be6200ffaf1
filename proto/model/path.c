#include "proto/model/path.h"

#include <stdio.h>

path_t
path_new (const char *start)
{
    path_t self = {.size = 0};
    path_push_name (&self, start);
    return self;
}

static size_t
push (path_t *self, const char *before, const char *step, const char *after)
{
    size_t was = self->size;
    size_t room = sizeof (self->at) - was;
    int wanted = snprintf (self->at + was, room, "%s%s%s", before, step, after);
    self->size = (size_t)wanted < room ? was + (size_t)wanted : sizeof (self->at) - 1;
    return was;
}

size_t
path_push_name (path_t *self, const char *name)
{
    return push (self, self->size > 0 ? "." : "", name, "");
}

size_t
path_push_index (path_t *self, size_t index)
{
    char number [24];
    snprintf (number, sizeof (number), "%zu", index);
    return push (self, "[", number, "]");
}

void
path_pop (path_t *self, size_t before)
{
    self->size = before;
    self->at [before] = 0;
}
