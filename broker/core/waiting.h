/*  waiting – deliveries that could be sent at once, with their events, and the memory these take.
 *
 *  A track has two queues: `fresh` for first tries, by seq, and `again` for the rest. What has a row
 *  in the store stands in `again` only.
 */
#ifndef WAITING_H
#define WAITING_H

#include "broker/core/state.h"

void waiting_put (core_t *core, delivery_t *delivery, bool at_front);
void waiting_remove (core_t *core, delivery_t *delivery);  //  safe when it is not in

//  The event stays in memory for it (a reference is taken), or no more.
void waiting_hold_event (core_t *core, delivery_t *delivery, event_t *event);
void waiting_drop_event (core_t *core, delivery_t *delivery);  //  safe when there is none

#endif
