/*  How much a session takes: its credit, and what becomes of that when its capacity changes. */
#include "worker/session_state.h"

static size_t
left_of (size_t whole, size_t taken)
{
    return whole > taken ? whole - taken : 0;
}

static size_t
held (const worker_session_t *self)
{
    return holdings_leases (self->holdings) + holdings_count (self->holdings, HOLDING_LOST) +
           holdings_count (self->holdings, HOLDING_STOPPING);
}

static size_t
held_most (const worker_session_t *self)
{
    size_t most = (size_t)self->capacity * UNSETTLED_FACTOR + UNSETTLED_MORE;
    most *= self->batch_size;
    size_t batch = (size_t)self->settings.limits->batch_events;  //  of one heartbeat
    return most < batch ? most : batch;
}

//  What waits behind a slow consumer takes no room from the others: leases are what bounds it. A batch
//  takes one slot: where batches come, there is credit for several, or the last would be a small one.
static size_t
left_by_slots (const worker_session_t *self)
{
    size_t capacity = (size_t)self->capacity;
    size_t waiting =
        holdings_count (self->holdings, HOLDING_WAITING) - holdings_standing_back (self->holdings);
    size_t unfinished = waiting / self->batch_size + holdings_slots_taken (self->holdings);
    return left_of (capacity + capacity / 4, unfinished) * self->batch_size;
}

//  What was granted while the capacity was larger may come still.
bool
worker_session_has_room (const worker_session_t *self, uint64_t number)
{
    return held (self) < held_most (self) &&
           (number > self->shrunk_until || left_by_slots (self) > 0);
}

uint64_t
worker_session_credit (const worker_session_t *self)
{
    size_t by_slots = left_by_slots (self);
    size_t by_leases = left_of (held_most (self), held (self));
    uint64_t credit = self->received + (by_slots < by_leases ? by_slots : by_leases);
    return credit > self->granted ? credit : self->granted;
}

uint64_t
worker_session_credit_bytes (const worker_session_t *self)
{
    size_t bytes = holdings_bytes (self->holdings);
    uint64_t credit = self->bytes_received + left_of ((size_t)self->settings.capacity_bytes, bytes);
    return credit > self->bytes_granted ? credit : self->bytes_granted;
}

void
worker_session_resize (worker_session_t *self, int64_t capacity)
{
    if (capacity <= 0)
        capacity = self->settings.capacity;
    if (capacity > self->settings.limits->batch_events)
        capacity = self->settings.limits->batch_events;
    if (capacity == self->capacity)
        return;
    bool is_less = capacity < self->capacity;
    self->capacity = capacity;
    holdings_resize (self->holdings, (size_t)capacity);
    if (is_less) {  //  credit cannot be taken back; what comes by it goes back instead
        self->shrunk_until = self->granted;
        worker_session_release_waiting (self);
    }
}
