/*  why – reasons of the core as sentences for people, with what there is to be done. */
#ifndef WHY_H
#define WHY_H

#include "broker/core/explain.h"

enum { WHY_SIZE = 1000, HINDRANCE_SIZE = 700 };  //  bytes of a sentence, with the final zero

/*  What keeps a subscription from sending: the hindrance of its view; or that nothing does. */
void why_hindered (const subscription_t *subscription, const subscriber_view_t *view,
                   char text [HINDRANCE_SIZE]);

/*  Why a delivery that the core holds is where it is.
 *
 *  error         of its last attempt; "" when there was none
 *  behind        of one that is held: the id of the event that it is behind; "" when it is not known
 */
void why_held (const subscription_t *subscription, const subscriber_view_t *view,
               const explanation_t *explanation, const char *error, const char *behind,
               char text [WHY_SIZE]);

//  Why it is dead, and what can be done about it.
void why_dead (const subscription_t *subscription, const char *event, const exception_t *exception,
               const char *error, char text [WHY_SIZE]);

#endif
