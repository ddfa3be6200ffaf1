/*  What is over: leases that the broker has settled, that somebody has cancelled, that we give back; and
 *  what is left of a session that was lost. */
#include "proto/model/allocate.h"
#include "worker/session_state.h"

void
worker_session_release (worker_session_t *self, uint64_t lease)
{
    if (self->released_count == self->released_room) {
        self->released_room = self->released_room * 2 + 64;
        self->released =
            allocate_again (self->released, self->released_room, sizeof *self->released);
    }
    self->released [self->released_count++] = lease;
}

void
worker_session_drop (worker_session_t *self, holding_state_t state)
{
    holding_t *holding;
    while ((holding = holdings_first (self->holdings, state)))
        holdings_drop (self->holdings, holding);
}

//  Of what did not go well nothing would come.
static void
keep_or_drop (worker_session_t *self, holding_state_t state)
{
    holding_t *holding;
    while ((holding = holdings_first (self->holdings, state))) {
        if (holding->settlement.outcome == OUTCOME_OK && !self->is_leaving)
            holdings_keep (self->holdings, holding);
        else
            holdings_drop (self->holdings, holding);
    }
}

void
worker_session_keep (worker_session_t *self)
{
    keep_or_drop (self, HOLDING_SAID);
    keep_or_drop (self, HOLDING_ENDED);
}

void
worker_session_finish_lost (worker_session_t *self, holding_t *holding,
                            const settlement_t *settlement)
{
    bool is_of_use = settlement && settlement->outcome == OUTCOME_OK && holding->session != 0 &&
                     holding->session == self->former;
    if (!is_of_use || (self->is_leaving && self->id == 0)) {
        holdings_drop (self->holdings, holding);
        return;
    }
    holdings_end (self->holdings, holding, settlement);
    if (self->id == 0)
        holdings_keep (self->holdings, holding);
}

void
worker_session_take_up (worker_session_t *self, uint64_t former)
{
    holding_t *holding;
    if (former == 0 || former != self->former) {
        worker_session_drop (self, HOLDING_KEPT);
        self->former = 0;
    }
    while ((holding = holdings_first (self->holdings, HOLDING_KEPT)))
        holdings_say_again (self->holdings, holding);
}

void
worker_session_settled (worker_session_t *self, const message_t *settled)
{
    for (size_t i = 0; i < settled->lease_count; i++) {
        holding_t *holding = holdings_find (self->holdings, settled->leases [i]);
        if (holding && (holding->state == HOLDING_SAID || holding->state == HOLDING_ENDED))
            holdings_drop (self->holdings, holding);
    }
    self->repeat_after_ms = 2 * self->heartbeat_ms;
}

//  A batch is one attempt: it goes on as long as one of it is wanted.
static void
cancel_begun (worker_session_t *self, holding_t *holding)
{
    holding_t *const *members;
    const delivery_t *const *deliveries;
    size_t count = holdings_batch (holding, &members, &deliveries);
    holding->is_cancelled = true;
    if (count == 1) {
        holdings_lose (self->holdings, holding);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (!members [i]->is_cancelled)
            return;
    for (size_t i = 0; i < count; i++)
        holdings_lose (self->holdings, members [i]);
}

void
worker_session_cancelled (worker_session_t *self, const message_t *cancel)
{
    for (size_t i = 0; i < cancel->lease_count; i++) {
        holding_t *holding = holdings_find (self->holdings, cancel->leases [i]);
        if (!holding)
            continue;
        if (holding->state == HOLDING_BEGUN && !holding->is_cancelled)
            cancel_begun (self, holding);
        else if (holding->state == HOLDING_WAITING) {
            worker_session_release (self, holding->lease);
            holdings_drop (self->holdings, holding);
        }
    }
}
