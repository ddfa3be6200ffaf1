/*  alone – deliveries over which workers died, each given to a worker that does nothing else.
 *
 *  When a worker dies, all that it was at work on is suspect. One of which two workers died already
 *  goes alone: if the third dies too it is certain, and the delivery is poison; if not, it was
 *  innocent, and others were not taken along.
 */
#ifndef ALONE_H
#define ALONE_H

#include "broker/core/state.h"

enum { CRASHES_MOST = 3 };

bool alone_wants (const delivery_t *delivery);
void alone_put (core_t *core, delivery_t *delivery);  //  out of its queue: it waits for a session
void alone_go (core_t *core, effects_t *effects);     //  gives out those that can go
void alone_forget (core_t *core, delivery_t *delivery);  //  safe when it is not here
//  It gets nothing more: what it is kept free for, and has not had, goes to another.
void alone_session_closes (session_t *session);
void alone_session_ends (session_t *session);

#endif
