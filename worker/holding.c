#include "worker/holding.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { SHARE = 12 };  //  with which one lane alone has 3/4: see the header

//  What waits or has begun of one subscription.
struct lane {
    char *subscription;  //  ours
    holding_t *waiting;  //  by before and then
    size_t waiting_count;
    size_t begun;         //  slots it takes, those of lost leases included
    lane_t *prev, *next;  //  in ready, while something waits
    UT_hash_handle hh;    //  by subscription
};

//  A batch that was begun. What is of one stays together until each has ended.
struct crate {
    size_t count, left;  //  begun, and of these those that have not ended
    holding_t **members;
    const delivery_t **deliveries;
};

struct holdings {
    size_t slots;
    holding_t *lists [HOLDING_STATES];
    size_t counts [HOLDING_STATES];
    holding_t *by_lease;
    lane_t *lanes;
    lane_t *ready;  //  lanes in which something waits, the next one first
    size_t bytes;
    size_t companions;  //  of those that are under way: what shares the slot of another
};

holdings_t *
holdings_new (size_t slots)
{
    holdings_t *self = ALLOCATE (holdings_t);
    self->slots = slots;
    return self;
}

void
holdings_resize (holdings_t *self, size_t slots)
{
    self->slots = slots;
}

void
holdings_destroy (holdings_t **self_p)
{
    holdings_t *self = *self_p;
    if (!self)
        return;
    for (int state = 0; state < HOLDING_STATES; state++)
        while (self->lists [state])
            holdings_drop (self, self->lists [state]);
    ASSERT (!self->lanes, "a lane goes with the last of its holdings");
    free (self);
    *self_p = NULL;
}

static void
holding_enter (holdings_t *self, holding_t *holding, holding_state_t state)
{
    holding->state = state;
    self->counts [state]++;
    DL_APPEND (self->lists [state], holding);
}

static void
holding_move (holdings_t *self, holding_t *holding, holding_state_t state)
{
    self->counts [holding->state]--;
    DL_DELETE (self->lists [holding->state], holding);
    holding_enter (self, holding, state);
}

static lane_t *
lane_of (holdings_t *self, const char *subscription)
{
    lane_t *lane;
    HASH_FIND_STR (self->lanes, subscription, lane);
    if (!lane) {
        lane = ALLOCATE (lane_t);
        lane->subscription = allocate_copy (subscription);
        HASH_ADD_KEYPTR (hh, self->lanes, lane->subscription, strlen (lane->subscription), lane);
    }
    return lane;
}

static void
lane_push (holdings_t *self, lane_t *lane, holding_t *holding)
{
    if (!lane->waiting)
        DL_APPEND (self->ready, lane);
    DL_APPEND2 (lane->waiting, holding, before, then);
    lane->waiting_count++;
}

static void
lane_pull (holdings_t *self, lane_t *lane, holding_t *holding)
{
    DL_DELETE2 (lane->waiting, holding, before, then);
    lane->waiting_count--;
    if (!lane->waiting)
        DL_DELETE (self->ready, lane);
}

static void
crate_free (crate_t *self)
{
    free ((void *)self->members);
    free ((void *)self->deliveries);
    free (self);
}

//  One that was begun has ended. True: its slot is free.
static bool
crate_leave (holdings_t *self, holding_t *holding)
{
    crate_t *crate = holding->crate;
    holding->crate = NULL;
    if (!crate)
        return true;
    if (--crate->left > 0) {
        self->companions--;
        return false;
    }
    crate_free (crate);
    return true;
}

//  One of its holdings leaves it for good; so may the lane.
static void
lane_leave (holdings_t *self, holding_t *holding)
{
    lane_t *lane = holding->lane;
    holding->lane = NULL;
    if (holding->state == HOLDING_WAITING)
        lane_pull (self, lane, holding);
    else if (crate_leave (self, holding))
        lane->begun--;
    if (lane->waiting || lane->begun > 0)
        return;
    HASH_DEL (self->lanes, lane);
    free (lane->subscription);
    free (lane);
}

//  What it needs only for an attempt goes.
static void
holding_lighten (holdings_t *self, holding_t *holding)
{
    if (!holding->parcel)
        return;
    lane_leave (self, holding);
    self->bytes -= holding->bytes;
    holding->bytes = 0;
    parcel_empty (holding->parcel, holding->index);
    parcel_destroy (&holding->parcel);
}

void
holdings_add (holdings_t *self, parcel_t *parcel, size_t index, int64_t begin_by_ms)
{
    const delivery_t *delivery = parcel_delivery (parcel, index);
    ASSERT (!holdings_find (self, delivery->lease), "who adds has looked whether it is held");
    holding_t *holding = ALLOCATE (holding_t);
    holding->lease = delivery->lease;
    holding->parcel = parcel;
    parcel_ref (parcel);
    holding->index = index;
    holding->begin_by_ms = begin_by_ms;
    holding->bytes = delivery->event->data_size;
    self->bytes += holding->bytes;
    HASH_ADD (hh, self->by_lease, lease, sizeof holding->lease, holding);
    holding->lane = lane_of (self, parcel_target (parcel, index)->subscription);
    lane_push (self, holding->lane, holding);
    holding_enter (self, holding, HOLDING_WAITING);
}

holding_t *
holdings_find (const holdings_t *self, uint64_t lease)
{
    holding_t *holding;
    HASH_FIND (hh, self->by_lease, &lease, sizeof lease, holding);
    return holding;
}

static size_t
slots_free (const holdings_t *self)
{
    size_t taken = holdings_slots_taken (self);
    return self->slots > taken ? self->slots - taken : 0;
}

static bool
lane_has_its_share (const holdings_t *self, const lane_t *lane)
{
    size_t free_slots = slots_free (self);
    size_t spare = free_slots > 0 ? free_slots - 1 : 0;
    return lane->begun > 0 && lane->begun * self->slots >= SHARE * spare * spare;
}

static lane_t *
lane_in_turn (const holdings_t *self)
{
    if (slots_free (self) == 0)
        return NULL;
    lane_t *lane;
    DL_FOREACH (self->ready, lane)
    {
        if (!lane_has_its_share (self, lane))
            return lane;
    }
    return NULL;
}

//  How many go together with the first of a lane, itself included.
static size_t
batch_size (const lane_t *lane)
{
    const holding_t *first = lane->waiting;
    uint64_t batch = parcel_delivery (first->parcel, first->index)->batch;
    size_t count = 1;
    for (const holding_t *next = first->then; batch > 0 && next; next = next->then) {
        if (next->parcel != first->parcel ||
            parcel_delivery (next->parcel, next->index)->batch != batch)
            break;
        count++;
    }
    return count;
}

static crate_t *
crate_new (holdings_t *self, size_t count)
{
    crate_t *crate = ALLOCATE (crate_t);
    crate->left = count;
    crate->members = (holding_t **)allocate (count, sizeof *crate->members);
    crate->deliveries = (const delivery_t **)allocate (count, sizeof *crate->deliveries);
    self->companions += count - 1;
    return crate;
}

static void
begin_one (holdings_t *self, lane_t *lane, crate_t *crate)
{
    holding_t *holding = lane->waiting;
    lane_pull (self, lane, holding);
    holding_move (self, holding, HOLDING_BEGUN);
    holding->crate = crate;
    if (!crate)
        return;
    crate->members [crate->count] = holding;
    crate->deliveries [crate->count++] = parcel_delivery (holding->parcel, holding->index);
}

holding_t *
holdings_begin (holdings_t *self)
{
    lane_t *lane = lane_in_turn (self);
    if (!lane)
        return NULL;
    holding_t *first = lane->waiting;
    size_t count = batch_size (lane);
    crate_t *crate = count > 1 ? crate_new (self, count) : NULL;
    while (count-- > 0)
        begin_one (self, lane, crate);
    lane->begun++;
    if (lane->waiting) {
        DL_DELETE (self->ready, lane);
        DL_APPEND (self->ready, lane);
    }
    return first;
}

size_t
holdings_batch (const holding_t *holding, holding_t *const **members,
                const delivery_t *const **deliveries)
{
    const crate_t *crate = holding->crate;
    *members = crate ? crate->members : NULL;
    *deliveries = crate ? crate->deliveries : NULL;
    return crate ? crate->count : 1;
}

void
holdings_lose (holdings_t *self, holding_t *holding)
{
    ASSERT (holding->state == HOLDING_BEGUN, "what has not begun is dropped, not cancelled");
    HASH_DEL (self->by_lease, holding);
    holding_move (self, holding, HOLDING_LOST);
}

void
holdings_stop (holdings_t *self, holding_t *holding)
{
    ASSERT (holding->state == HOLDING_LOST, "an attempt is cancelled once");
    holding_move (self, holding, HOLDING_STOPPING);
}

static bool
is_under_way (const holding_t *holding)
{
    return holding->state == HOLDING_BEGUN || holding->state == HOLDING_LOST ||
           holding->state == HOLDING_STOPPING;
}

void
holdings_end (holdings_t *self, holding_t *holding, const settlement_t *settlement)
{
    ASSERT (is_under_way (holding), "an attempt ends once, after it began");
    if (holding->state != HOLDING_BEGUN)
        HASH_ADD (hh, self->by_lease, lease, sizeof holding->lease, holding);
    holding_lighten (self, holding);
    holding_move (self, holding, HOLDING_ENDED);

    const char *error = settlement->error ? settlement->error : "";
    const char *result = settlement->result ? settlement->result : "";
    const char *counted = settlement->counted ? settlement->counted : "";
    size_t error_size = strlen (error) + 1;
    size_t result_size = strlen (result) + 1;
    size_t counted_size = strlen (counted) + 1;
    holding->words = allocate (1, error_size + result_size + counted_size);
    holding->settlement = *settlement;
    holding->settlement.lease = holding->lease;
    holding->settlement.error = memcpy (holding->words, error, error_size);
    holding->settlement.result = memcpy (holding->words + error_size, result, result_size);
    holding->settlement.counted =
        memcpy (holding->words + error_size + result_size, counted, counted_size);
}

void
holdings_say (holdings_t *self, holding_t *holding, int64_t now_ms)
{
    ASSERT (holding->state == HOLDING_ENDED, "only what has ended can be said");
    holding_move (self, holding, HOLDING_SAID);
    holding->said_ms = now_ms;
}

void
holdings_say_again (holdings_t *self, holding_t *holding)
{
    ASSERT (holding->state == HOLDING_SAID || holding->state == HOLDING_KEPT,
            "what was not said need not be repeated");
    holding_move (self, holding, HOLDING_ENDED);
}

void
holdings_keep (holdings_t *self, holding_t *holding)
{
    ASSERT (holding->state == HOLDING_ENDED || holding->state == HOLDING_SAID,
            "only an outcome is kept");
    holding_move (self, holding, HOLDING_KEPT);
}

void
holdings_drop (holdings_t *self, holding_t *holding)
{
    holding_lighten (self, holding);
    if (holding->state != HOLDING_LOST && holding->state != HOLDING_STOPPING)
        HASH_DEL (self->by_lease, holding);
    self->counts [holding->state]--;
    DL_DELETE (self->lists [holding->state], holding);
    free (holding->words);
    free (holding->word);
    free (holding);
}

holding_t *
holdings_first (const holdings_t *self, holding_state_t state)
{
    return self->lists [state];
}

size_t
holdings_count (const holdings_t *self, holding_state_t state)
{
    return self->counts [state];
}

size_t
holdings_leases (const holdings_t *self)
{
    return HASH_COUNT (self->by_lease);
}

size_t
holdings_bytes (const holdings_t *self)
{
    return self->bytes;
}

size_t
holdings_slots_taken (const holdings_t *self)
{
    return self->counts [HOLDING_BEGUN] + self->counts [HOLDING_LOST] +
           self->counts [HOLDING_STOPPING] - self->companions;
}

size_t
holdings_standing_back (const holdings_t *self)
{
    size_t count = 0;
    const lane_t *lane;
    DL_FOREACH (self->ready, lane)
    {
        if (lane_has_its_share (self, lane))
            count += lane->waiting_count;
    }
    return count;
}

void
holdings_list (const holdings_t *self, uint64_t *leases)
{
    for (const holding_t *holding = self->by_lease; holding;
         holding = (const holding_t *)holding->hh.next)
        *leases++ = holding->lease;
}

void
holdings_list_begun (const holdings_t *self, uint64_t *leases)
{
    const holding_t *holding;
    DL_FOREACH (self->lists [HOLDING_BEGUN], holding)
    *leases++ = holding->lease;
}
