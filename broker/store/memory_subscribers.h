/*  memory_subscribers – the memory store's subscriptions, and what has become of their deliveries. */
#ifndef MEMORY_SUBSCRIBERS_H
#define MEMORY_SUBSCRIBERS_H

#include "broker/store/store.h"

typedef struct {
    struct subscriber *by_id;  //  in the order they were made
    int32_t partitions;
} subscribers_t;

/*  Any change but CHANGE_LEVEL and CHANGE_TRIM. last_seq: of its partition. One of a subscription that is not there
 *  is nothing, as it may have gone meanwhile.
 */
void subscribers_apply (subscribers_t *self, const change_t *change, int64_t last_seq);

//  Whether one has an exception of this event; and the event's attempts are to go.
bool subscribers_hold (const subscribers_t *self, int32_t partition, int64_t seq);
void subscribers_forget_attempts (subscribers_t *self, int32_t partition, int64_t seq);

//  The exceptions of one subscription, in the order of their places.
typedef struct {
    const struct delivery *next;
    int32_t partition;         //  of the one that next has come to
    exception_at_t at;         //  likewise
    const attempt_t *attempt;  //  its last, NULL when it has none
} subscribers_walk_t;
subscribers_walk_t subscribers_walk (const subscribers_t *self, const char *subscription,
                                     list_place_t after);
bool subscribers_next (subscribers_walk_t *walk,
                       exception_state_t state);  //  no: there are no more

//  Those of all that are dead since before a time, by that time.
void subscribers_list_dead (const subscribers_t *self, int64_t before_ms, size_t limit,
                            listing_t *listing);

//  What one has counted, from a key on.
void subscribers_list_counts (const subscribers_t *self, const char *subscription, const char *from,
                              size_t limit, counts_t *counts);

void subscribers_tell (const subscribers_t *self, history_t *history);      //  of its event
void subscribers_list (const subscribers_t *self, inventory_t *inventory);  //  all
void subscribers_clear (subscribers_t *self);

#endif
