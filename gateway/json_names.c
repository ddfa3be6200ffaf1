#include "gateway/json_names.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/json_text.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum {
    FEW = 16,  //  compared one by one: 120 comparisons at the most, mostly of sizes
    ROOM_FIRST = 64,
    ROOM_KEPT = 1024,  //  names; a larger room goes back to the system
};

void
json_names_clear (json_names_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free (self->at [i].decoded);
    self->count = self->first = 0;
    if (self->room > ROOM_KEPT) {
        free (self->at);
        *self = (json_names_t){0};
    }
}

void
json_names_free (json_names_t *self)
{
    json_names_clear (self);
    free (self->at);
    *self = (json_names_t){0};
}

static void
json_name_decode (json_name_t *name)
{
    name->decoded = allocate (name->size + 1, 1);
    name->size = json_text_decode (name->at, name->size, name->decoded);
    name->at = name->decoded;
}

static json_name_t *
json_names_push (json_names_t *self)
{
    if (self->count == self->room) {
        size_t room = self->room == 0 ? ROOM_FIRST : 2 * self->room;
        self->at = allocate_again (self->at, room, sizeof (*self->at));
        self->room = room;
    }
    return &self->at [self->count++];
}

void
json_names_open (json_names_t *self)
{
    json_name_t *mark = json_names_push (self);
    *mark = (json_name_t){.size = self->first};
    self->first = self->count;
}

bool
json_names_add (json_names_t *self, const char *at, size_t size, bool has_escapes)
{
    json_name_t *name = json_names_push (self);
    *name = (json_name_t){.at = at, .size = size, .place = at - 1};
    if (has_escapes)
        json_name_decode (name);
    if (self->count - self->first > FEW)
        return true;  //  json_names_close sorts them
    for (const json_name_t *other = self->at + self->first; other < name; other++)
        if (other->size == name->size && memcmp (other->at, name->at, name->size) == 0)
            return false;
    return true;
}

static int
json_name_compare (const void *a, const void *b)
{
    const json_name_t *one = a, *two = b;
    if (one->size != two->size)
        return one->size < two->size ? -1 : 1;
    return memcmp (one->at, two->at, one->size);
}

static const char *
json_names_twin (json_name_t *names, size_t count)
{
    qsort (names, count, sizeof (*names), json_name_compare);
    for (size_t i = 1; i < count; i++)
        if (json_name_compare (&names [i - 1], &names [i]) == 0)
            return names [i].place > names [i - 1].place ? names [i].place : names [i - 1].place;
    return NULL;
}

const char *
json_names_close (json_names_t *self)
{
    ASSERT (self->first > 0, "an object that closes was opened, and has its mark");
    size_t outer = self->at [self->first - 1].size;
    size_t count = self->count - self->first;
    const char *twin = count > FEW ? json_names_twin (self->at + self->first, count) : NULL;
    for (size_t i = self->first; i < self->count; i++)
        free (self->at [i].decoded);
    self->count = self->first - 1;
    self->first = outer;
    return twin;
}
