#include "broker/core/effects.h"

#include <stdlib.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

effects_t *
effects_new (void)
{
    return ALLOCATE (effects_t);
}

void
effects_destroy (effects_t **self_p)
{
    effects_t *self = *self_p;
    if (!self)
        return;
    arena_clear (&self->arena);
    free (self->list);
    free (self);
    *self_p = NULL;
}

void
effects_clear (effects_t *self)
{
    self->count = 0;
    arena_rewind (&self->arena);
}

effect_t *
effects_add (effects_t *self, int kind, reason_t reason)
{
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 64;
        self->list = allocate_again (self->list, self->room, sizeof *self->list);
    }
    effect_t *effect = &self->list [self->count++];
    *effect = (effect_t){.reason = reason};
    effect->kind = (__typeof__ (effect->kind))kind;
    return effect;
}

size_t
effects_count (const effects_t *self)
{
    return self->count;
}

const effect_t *
effects_at (const effects_t *self, size_t index)
{
    ASSERT (index < self->count, "whoever performs effects counts them first");
    return &self->list [index];
}
