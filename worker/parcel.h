/*  parcel – a DELIVER message, kept while any of its deliveries is in hand.
 *
 *  So the texts of a delivery and of its target need not be copied. Its event is given back as soon as
 *  the delivery itself is done with: that is where the memory is.
 */
#ifndef PARCEL_H
#define PARCEL_H

#include "proto/wire/message.h"

typedef struct parcel parcel_t;

parcel_t *parcel_new (message_t *message);  //  takes it over: it is zero afterwards. One reference
void parcel_ref (parcel_t *self);
void parcel_destroy (parcel_t **self_p);  //  gives one reference back; safe on NULL

const message_t *parcel_message (const parcel_t *self);
const delivery_t *parcel_delivery (const parcel_t *self, size_t index);
const target_t *parcel_target (const parcel_t *self, size_t index);  //  of that delivery
void parcel_empty (parcel_t *self, size_t index);                    //  its event goes

#endif
