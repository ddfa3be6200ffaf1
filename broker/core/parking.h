/*  parking – deliveries that could be sent again, and whose events are not read from the log before
 *  their turn is near: what waits for a consumer that is down takes no memory for its data.
 */
#ifndef PARKING_H
#define PARKING_H

#include "broker/core/state.h"

void parking_put (core_t *core, delivery_t *delivery);  //  WAITING, without its event
void parking_remove (delivery_t *delivery);             //  safe when it is not here

//  Reads the events of as many as can be sent soon.
void parking_go (core_t *core, track_t *track);

#endif
