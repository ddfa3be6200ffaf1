/*  ready_queue – subscriptions that could send now, served in turn; two queues for each action.
 *
 *  A subscription is in a queue while it has something that may go, and its consumer, its rate and
 *  its cap allow it. Those with first tries stand in one, those with nothing but retries in the
 *  other, which gets each eighth turn: a crowd of retries delays no first try. Turns are shared by
 *  deficit round robin ("Efficient Fair Queuing Using Deficit Round-Robin", Shreedhar and Varghese,
 *  1995): each gets a quantum of bytes in its turn, so that one with a million waiting, or with large events,
 *  gets no more than its neighbour with three small ones. Within a subscription its partitions take
 *  turns alike.
 */
#ifndef READY_QUEUE_H
#define READY_QUEUE_H

#include "broker/core/state.h"

//  Something about this track or its subscription has changed: it joins if it may.
void ready_queue_consider (core_t *core, track_t *track);
//  Its pace or its breaker has changed, or their time has come; plans when to ask again.
void ready_queue_reconsider (core_t *core, subscriber_t *subscriber);

//  The next turn: a delivery out of its track's queue; NULL when that subscription had none after
//  all. The caller leases it and considers its track again.
delivery_t *ready_queue_take (core_t *core, offer_t *offer);
//  One more delivery goes in its turn.
void ready_queue_charge (subscriber_t *subscriber, const delivery_t *delivery);
bool ready_queue_is_empty (const offer_t *offer);

void ready_queue_remove (subscriber_t *subscriber);  //  safe when it is not in

//  Why it may not send now, what it has waiting apart; NONE: it may. until_ms: when that ends, 0: not by time.
reason_t ready_queue_hindrance (core_t *core, subscriber_t *subscriber, int64_t *until_ms);

#endif
