#include "proto/model/path.h"

#include <string.h>

enum { DIGITS_MOST = 20 };

path_t
path_new (const char *start)
{
    path_t self = {.size = 0};
    path_push_name (&self, start);
    return self;
}

//  As much of it as there is room for. Readers keep a path at each step, so this is no printf.
static void
push (path_t *self, const char *step, size_t size)
{
    size_t room = sizeof (self->at) - 1 - self->size;
    size_t fitting = size < room ? size : room;
    memcpy (self->at + self->size, step, fitting);
    self->size += fitting;
    self->at [self->size] = 0;
}

size_t
path_push_name (path_t *self, const char *name)
{
    size_t was = self->size;
    if (was > 0)
        push (self, ".", 1);
    push (self, name, strlen (name));
    return was;
}

size_t
path_push_index (path_t *self, size_t index)
{
    size_t was = self->size;
    char step [DIGITS_MOST + 2];
    char *end = step + sizeof (step), *at = end;
    *--at = ']';
    do {
        *--at = (char)('0' + index % 10);
        index /= 10;
    } while (index > 0);
    *--at = '[';
    push (self, at, (size_t)(end - at));
    return was;
}

void
path_pop (path_t *self, size_t before)
{
    self->size = before;
    self->at [before] = 0;
}
