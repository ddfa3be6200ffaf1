/*  ticket – one write that the core asked for, on its way to the store.
 *
 *  It borrows the core's memory, which lasts until the core is told what became of the ticket: so
 *  the writer's thread may read it without a copy.
 */
#ifndef TICKET_H
#define TICKET_H

#include "broker/core/core.h"

typedef struct {
    uint64_t number;         //  as the core gave it, rising
    event_t *const *events;  //  of an APPEND, or results that a SAVE brings
    size_t event_count;
    const change_t *changes;  //  of a SAVE
    size_t change_count;
} ticket_t;

#endif
