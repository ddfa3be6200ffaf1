/*  batching – many deliveries of one subscription in one request to its consumer.
 *
 *  What could go waits until there is a batch of it, or the first has waited for batch.max_wait_ms;
 *  a probe of an open breaker does not wait. Then a turn sends as many as there are, up to
 *  batch.max_events and limits/delivery_batch_bytes, to one session. Each has a lease and ends by
 *  itself; but limits.in_flight, the rate, the pace and the breaker see one request.
 *
 *  With order: key a batch has one event of a key at most: the next is held until it has ended.
 */
#ifndef BATCHING_H
#define BATCHING_H

#include "broker/core/delivery.h"

//  A batch that is under way.
struct bundle {
    uint64_t number;
    uint32_t random;  //  of the pause before those that fail are tried again: the same for all
    size_t left;      //  leases that have not ended
    size_t settled;   //  of those that have
    settle_t settle;  //  the last one; its outcome is the best of all
};

bool batching_is_wanted (const subscriber_t *subscriber);

//  Whether what waits may go now; of a subscription without batches: always.
bool batching_is_ripe (const core_t *core, const track_t *track);
//  That it is asked again when it will be.
void batching_plan (core_t *core, track_t *track);
//  It comes into its queue: from now on it waits for others.
void batching_begin_wait (const core_t *core, delivery_t *delivery);

//  Sends it, and with it what else is there.
void batching_give (core_t *core, offer_t *offer, delivery_t *first, effects_t *effects);

//  A word on one of its leases; then that one has ended. false: it was the last.
void batching_note (bundle_t *self, const settle_t *settle);
bool batching_leave (bundle_t *self);
void batching_forget (bundle_t *self);  //  when the last has ended; whoever ended it does that

#endif
