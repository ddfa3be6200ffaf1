/*  offers – what the connected workers take as parameters of the actions they offer, by their schemas.
 *
 *  For the moment in which a subscription is written: an action that nobody offers then, or offers
 *  without a schema, is taken unchecked. Where workers differ, what one of them takes is taken.
 */
#ifndef OFFERS_H
#define OFFERS_H

#include <jansson.h>

#include "proto/wire/link.h"

typedef struct offer_entry offer_entry_t;

//  Zero-initialised it is empty; offers_clear at the end.
typedef struct {
    offer_entry_t *entries;
} offers_t;

//  What a HELLO says, instead of what that peer said before.
void offers_put (offers_t *self, link_peer_t peer, const message_t *hello);
void offers_drop (offers_t *self, link_peer_t peer);
void offers_clear (offers_t *self);

//  `action` of a subscription. BAD_SUBSCRIPTION and a sentence when nobody who offers it takes it.
status_t offers_check (const offers_t *self, const json_t *action, problem_t *problem);

#endif
