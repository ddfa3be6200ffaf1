/*  offer – an action, with the labels that are wanted of its workers: who performs it, and who wants it.
 *
 *  One for each that a subscription, or an open question, wants; a session is a member of all that it
 *  fits. So whom a delivery may go to is decided when a worker or a subscription comes, and not when
 *  the delivery goes.
 */
#ifndef OFFER_H
#define OFFER_H

#include "broker/core/state.h"

//  What this subscription wants; made, with the sessions that fit, when it is not there.
offer_t *offer_of (core_t *core, const subscription_t *subscription);
void offer_leave (core_t *core, offer_t *offer);  //  freed when nobody wants it
void offer_clear (core_t *core);                  //  frees all, at the end

void offer_join (core_t *core, session_t *session);  //  each that it fits
void offer_part (session_t *session);                //  all of them
/*  Of those that are open, the one that a delivery goes to: the next in turn, or who comes after it
 *  and has a smaller part of what it takes at most. So those that are equal take turns, and of others
 *  each is as full as the others, whatever its size.
 */
session_t *offer_next (const offer_t *offer);
//  It has had its turn: the others that are open go before it.
void offer_turn (offer_t *offer, const session_t *session);
bool offer_has (const offer_t *offer, const session_t *session);

#endif
