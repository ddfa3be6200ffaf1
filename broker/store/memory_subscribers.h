/*  memory_subscribers – the memory store's subscriptions, and what has become of their deliveries. */
#ifndef MEMORY_SUBSCRIBERS_H
#define MEMORY_SUBSCRIBERS_H

#include "broker/store/store.h"

typedef struct {
    struct subscriber *by_id;  //  in the order they were made
    int32_t partitions;
} subscribers_t;

/*  Any change but CHANGE_LEVEL. last_seq: of its partition. One of a subscription that is not there
 *  is nothing, as it may have gone meanwhile.
 */
void subscribers_apply (subscribers_t *self, const change_t *change, int64_t last_seq);

void subscribers_tell (const subscribers_t *self, history_t *history);      //  of its event
void subscribers_list (const subscribers_t *self, inventory_t *inventory);  //  all
void subscribers_clear (subscribers_t *self);

#endif
