/*  answers – what a store hands out, made row by row: pages, histories, inventories, listings, counts,
 *  lists of tokens. Each owns all it points to and goes in one call (store.h).
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "broker/store/store.h"

page_t *page_new (void);
void page_add (page_t *self, event_t *event);  //  takes the reference

history_t *history_new (event_t *event);  //  takes the reference
void history_add_exception (history_t *self, const char *subscription,
                            const exception_t *exception);
void history_add_attempt (history_t *self, const char *subscription, const attempt_t *attempt);
void history_sort (history_t *self);  //  by subscription, then number

inventory_t *inventory_new (int32_t partitions);
void inventory_add_subscription (inventory_t *self, subscription_t *subscription);  //  takes it

/*  A row of the subscription that was added at this index. The floor of a quiet one is raised to
 *  its partition's level_seq, which is to be filled in before.
 */
void inventory_add_progress (inventory_t *self, size_t subscription, int32_t partition,
                             const progress_t *progress, bool is_quiet);

/*  One more of the progress row added last: counted if dead, kept otherwise. In order of seq. */
void inventory_add_exception (inventory_t *self, const exception_at_t *exception);

//  The health of the subscription that was added at this index.
void inventory_add_health (inventory_t *self, size_t subscription, const health_t *health);

listing_t *listing_new (void);
//  Takes the event. attempt: NULL: none.
void listing_add (listing_t *self, const char *subscription, int32_t partition,
                  const exception_at_t *at, event_t *event, const attempt_t *attempt);

counts_t *counts_new (void);
void counts_add (counts_t *self, const char *key, int64_t count);

//  A list of tokens, grown by one with a copy of what is said.
void token_array_add (token_t **tokens, size_t *count, const token_t *token);
void token_copy (token_t *copy, const token_t *token);

/*  Room for one more in an array of count elements that is grown by this function alone. */
void *array_room (void *array, size_t count, size_t element_bytes);

#endif
