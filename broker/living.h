/*  living – the sessions that the core has at a moment, to be looked up. */
#ifndef LIVING_H
#define LIVING_H

#include "broker/core/core.h"

typedef struct {
    session_id_t *list;  //  ours, sorted
    size_t count, room;
} living_t;

living_t living_of (const core_t *core);
bool living_has (const living_t *self, session_id_t session);
void living_clear (living_t *self);

#endif
