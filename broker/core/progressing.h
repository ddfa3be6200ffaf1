/*  progressing – what workers say of deliveries that they are at work on. It lives with the lease, is
 *  stored nowhere, and changes nothing.
 */
#ifndef PROGRESSING_H
#define PROGRESSING_H

#include "broker/core/state.h"

void progressing_note (core_t *core, const session_t *session, const input_t *input);

//  The last word, into what is told of the delivery. lease: NULL, or none was said: it stays as it is.
void progressing_show (const lease_t *lease, delivery_view_t *view);

#endif
