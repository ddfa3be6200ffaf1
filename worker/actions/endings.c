#include "worker/actions/endings.h"

#include <stdlib.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

void
endings_clear (endings_t *self)
{
    for (size_t i = 0; i < self->text_count; i++)
        free (self->texts [i]);
    self->count = self->text_count = 0;
}

void
endings_free (endings_t *self)
{
    endings_clear (self);
    free (self->settlements);
    free ((void *)self->texts);
    *self = (endings_t){0};
}

void
endings_fill (endings_t *self, size_t count, const settlement_t *like)
{
    endings_clear (self);
    if (count > self->room) {
        self->room = count;
        self->settlements =
            allocate_again (self->settlements, self->room, sizeof *self->settlements);
    }
    self->count = count;
    for (size_t i = 0; i < count; i++)
        self->settlements [i] = *like;
}

static const char *
keep (endings_t *self, const char *text)
{
    if (self->text_count == self->text_room) {
        self->text_room = self->text_room ? 2 * self->text_room : 16;
        self->texts =
            (char **)allocate_again ((void *)self->texts, self->text_room, sizeof *self->texts);
    }
    return self->texts [self->text_count++] = allocate_copy (text);
}

void
endings_change (endings_t *self, size_t index, outcome_t outcome, const char *error,
                const char *result)
{
    ASSERT (index < self->count, "a batch has as many ends as deliveries");
    settlement_t *settlement = &self->settlements [index];
    settlement->outcome = outcome;
    settlement->error = keep (self, error);
    settlement->result = keep (self, result);
}
