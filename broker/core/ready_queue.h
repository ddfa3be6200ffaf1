/*  ready_queue – subscriptions that could send now, served in turn; one for each action.
 *
 *  A subscription is in the queue while it has something that may go and room in its in-flight cap.
 *  take hands out one turn each, so that one with a million waiting gets no more than its neighbour
 *  with three. Within a subscription its partitions take turns alike.
 */
#ifndef READY_QUEUE_H
#define READY_QUEUE_H

#include "broker/core/state.h"

//  Something about this track or its subscription has changed: it joins if it may.
void ready_queue_consider (core_t *core, track_t *track);

//  The next turn: a delivery out of its track's queue; NULL when that subscription had none after
//  all. The caller leases it and considers its track again.
delivery_t *ready_queue_take (core_t *core, offer_t *offer);

void ready_queue_remove (subscriber_t *subscriber);  //  safe when it is not in

#endif
