/*  emitting – the result of an action as a new event: it is written with the settle, or not at all.
 *
 *  Its id is made of the event that was acted on and of the subscription, so that an action that is
 *  done again after a crash gives the same event again. It has the key of its cause, and so its
 *  partition and its place in the order.
 */
#ifndef EMITTING_H
#define EMITTING_H

#include "broker/core/state.h"

//  Whether the result of its action becomes an event.
bool emitting_wants (const subscriber_t *subscriber);

//  The delivery is about to end well: its result rides in the SAVE of this step.
void emitting_tell (core_t *core, const delivery_t *delivery, const char *result);

//  The store takes no events for now: no action whose result is to be one is begun. When that may
//  end; 0: it takes them.
int64_t emitting_waits_until_ms (const core_t *core, const subscriber_t *subscriber);

//  A SAVE was withdrawn since there is no room for its events. Outcomes find room all the same, so it
//  goes without them, and their deliveries are tried again.
void emitting_withdraw (core_t *core, pending_t *save);

/*  A row of actions, each of which has made the event for the next one, is as long as limits/hops lets it
 *  be: this one is not begun. The second makes a dead letter of it.
 */
bool emitting_is_too_far (const core_t *core, const delivery_t *delivery);
void emitting_stop (core_t *core, delivery_t *delivery);

#endif
