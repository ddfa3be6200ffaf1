/*  belated – what is settled after its session has ended, and still counts.
 *
 *      session ends → its leases are kept in mind, as long as their deliveries have not ended
 *      HELLO of the same process names it as `former` → WELCOME names it, too: some are still of use
 *      SETTLE ok of one of these → its delivery ends, wherever it is
 *
 *  Only a success counts: whoever failed would be tried again all the same. It ends one that waits. One
 *  that another has begun since ends as well, and he is told to stop; but not of `order: key`, since
 *  what came next of its key could overtake him. Neither breaker nor pace judge by it: it says how the
 *  consumer was before the session ended.
 */
#ifndef BELATED_H
#define BELATED_H

#include "broker/core/state.h"

void belated_note (core_t *core, const lease_t *lease);    //  its session ends
void belated_forget (core_t *core, delivery_t *delivery);  //  safe when nothing was noted
//  HELLO of a stranger names a session that lives: its worker knows already that it has ended.
void belated_end_former (core_t *core, const input_t *hello);
void belated_join (const core_t *core, session_t *session, const input_t *hello);
//  What a session says of a lease that is none of its own. False: it counts nothing.
bool belated_settle (core_t *core, session_t *session, const settle_t *settle, effects_t *effects);

#endif
