/*  event_batch – the events of a batch as one body: the JSON batch format of CloudEvents 1.0. */
#ifndef EVENT_BATCH_H
#define EVENT_BATCH_H

#include "proto/model/event_id.h"
#include "worker/actions/action.h"

//  An attempt at one event is a batch of one.
void event_batch_write (const run_t *run, body_t *body);

/*  Its webhook-id: b_ and a hash of the ids of its events in their order. So it is the same when just
 *  these are sent again, and another when the batch is another.
 */
void event_batch_id (const run_t *run, char id [EVENT_ID_SIZE]);

#endif
