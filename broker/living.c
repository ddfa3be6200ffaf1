#include "broker/living.h"

#include <stdlib.h>

#include "broker/core/view.h"
#include "proto/model/allocate.h"

static void
living_add (void *context, const session_view_t *view)
{
    living_t *self = context;
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 64;
        self->list = allocate_again (self->list, self->room, sizeof *self->list);
    }
    self->list [self->count++] = view->session;
}

static int
session_compare (const void *a, const void *b)
{
    session_id_t x = *(const session_id_t *)a, y = *(const session_id_t *)b;
    return x < y ? -1 : x > y;
}

living_t
living_of (const core_t *core)
{
    living_t self = {0};
    core_each_session (core, living_add, &self);
    if (self.count > 0)
        qsort (self.list, self.count, sizeof *self.list, session_compare);
    return self;
}

bool
living_has (const living_t *self, session_id_t session)
{
    return self->count > 0 &&
           bsearch (&session, self->list, self->count, sizeof *self->list, session_compare);
}

void
living_clear (living_t *self)
{
    free (self->list);
    *self = (living_t){0};
}
