/*  effects – what a step wants done, in order, with memory that lasts until the next step. */
#ifndef EFFECTS_H
#define EFFECTS_H

#include "broker/core/arena.h"
#include "broker/core/core.h"

struct effects {
    effect_t *list;
    size_t count, room;
    arena_t arena;  //  arrays that effects point to
};

void effects_clear (effects_t *self);

//  The next effect, zeroed but for these; valid until the next call.
effect_t *effects_add (effects_t *self, int kind, reason_t reason);

#endif
