#include "broker/core/delivery.h"

#include "proto/model/assert.h"

enum { DELIVERY_NONE = DELIVERY_NOT_MATCHED, STATES = DELIVERY_SKIPPED + 1 };

//  What is not in the table is 0, NONE, to which nothing moves.
static const uint8_t moves [STATES][THROUGHS] = {
#define MOVE(from, through, to) [DELIVERY_##from][THROUGH_##through] = DELIVERY_##to,
#include "broker/core/delivery.tbl"
};

delivery_state_t
delivery_after (delivery_state_t from, through_t through)
{
    return (delivery_state_t)moves [from][through];
}

void
delivery_move (delivery_t *self, through_t through, reason_t reason)
{
    delivery_state_t to = delivery_after (self->state, through);
    ASSERT (to != DELIVERY_NOT_MATCHED,
            "delivery.tbl has no such move: two parts disagree on what it is");
    self->state = to;
    self->reason = reason;
}

const char *
delivery_state_name (delivery_state_t state)
{
    static const char *const names [] = {[DELIVERY_NOT_MATCHED] = "not_matched",
                                         [DELIVERY_WAITING] = "waiting",
                                         [DELIVERY_IN_FLIGHT] = "in_flight",
                                         [DELIVERY_RETRY] = "retry",
                                         [DELIVERY_HELD] = "held",
                                         [DELIVERY_DELIVERED] = "delivered",
                                         [DELIVERY_DEAD] = "dead",
                                         [DELIVERY_SKIPPED] = "skipped"};
    return names [state];
}
