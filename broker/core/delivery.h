/*  delivery – the states of one, and the only moves there are (delivery.tbl). */
#ifndef DELIVERY_H
#define DELIVERY_H

#include "broker/core/state.h"

//  Through what a delivery moves; as in delivery.tbl.
typedef enum {
    THROUGH_NEW,
    THROUGH_KEY_TAKEN,
    THROUGH_KEY_FREE,
    THROUGH_GATHERED,
    THROUGH_WINDOW_OVER,
    THROUGH_COALESCED,
    THROUGH_STORE,
    THROUGH_SLOW,
    THROUGH_LEASED,
    THROUGH_SESSION_GONE,
    THROUGH_RELEASED,
    THROUGH_LOST,
    THROUGH_LATE,
    THROUGH_SETTLED_OK,
    THROUGH_SETTLED_RETRY,
    THROUGH_SETTLED_FAIL,
    THROUGH_SETTLED_SKIP,
    THROUGH_USED_UP,
    THROUGH_DUE,
    THROUGH_EXPIRED,
    THROUGH_POISON,
    THROUGH_REDRIVEN,
    THROUGH_RETENTION,
    THROUGH_HOPS,
    THROUGH_NO_ROOM,
    THROUGH_CANCELLED,
    THROUGH_BELATED,
    THROUGHS
} through_t;

//  DELIVERY_NOT_MATCHED (which stands for NONE, before it is anything): there is no such move.
delivery_state_t delivery_after (delivery_state_t from, through_t through);

//  Move it; that there is such a move is asserted.
void delivery_move (delivery_t *self, through_t through, reason_t reason);

#endif
