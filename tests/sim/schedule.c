#include "tests/sim/schedule.h"

#include <stdlib.h>

#include "proto/model/allocate.h"

typedef struct {
    int64_t at_ms;
    uint64_t order;
    happening_t *happening;
    void *actor;
    uint64_t token;
    void *load;
    void (*spoil) (void *load);
} planned_t;

struct schedule {
    planned_t *heap;
    size_t count, room;
    uint64_t planned;
};

schedule_t *
schedule_new (void)
{
    return ALLOCATE (schedule_t);
}

void
schedule_destroy (schedule_t **self_p)
{
    schedule_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        if (self->heap [i].spoil)
            self->heap [i].spoil (self->heap [i].load);
    free (self->heap);
    free (self);
    *self_p = NULL;
}

static bool
is_before (const planned_t *a, const planned_t *b)
{
    return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->order < b->order);
}

void
schedule_at (schedule_t *self, int64_t at_ms, happening_t *happening, void *actor, uint64_t token,
             void *load, void (*spoil) (void *load))
{
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 256;
        self->heap = allocate_again (self->heap, self->room, sizeof *self->heap);
    }
    planned_t planned = {at_ms, ++self->planned, happening, actor, token, load, spoil};
    size_t place = self->count++;
    while (place > 0 && is_before (&planned, &self->heap [(place - 1) / 2])) {
        self->heap [place] = self->heap [(place - 1) / 2];
        place = (place - 1) / 2;
    }
    self->heap [place] = planned;
}

bool
schedule_is_empty (const schedule_t *self)
{
    return self->count == 0;
}

int64_t
schedule_next_ms (const schedule_t *self)
{
    return self->count ? self->heap [0].at_ms : INT64_MAX;
}

static planned_t
take_first (schedule_t *self)
{
    planned_t first = self->heap [0];
    planned_t last = self->heap [--self->count];
    size_t place = 0;
    for (size_t child; (child = 2 * place + 1) < self->count; place = child) {
        if (child + 1 < self->count && is_before (&self->heap [child + 1], &self->heap [child]))
            child++;
        if (!is_before (&self->heap [child], &last))
            break;
        self->heap [place] = self->heap [child];
    }
    self->heap [place] = last;
    return first;
}

void
schedule_happen (schedule_t *self)
{
    planned_t first = take_first (self);
    first.happening (first.actor, first.token, first.load);
}
