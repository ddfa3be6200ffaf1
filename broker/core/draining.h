/*  draining – workers that get nothing more, because somebody said so.
 *
 *  It holds for a name: for all who have it now, and who join under it later, until it is taken back
 *  or this core ends. They finish what they have, and stay.
 */
#ifndef DRAINING_H
#define DRAINING_H

#include "broker/core/state.h"

void draining_drain (core_t *core, const input_t *input);
void draining_join (core_t *core, session_t *session);  //  it is new, and its offers are made
void draining_clear (core_t *core);                     //  frees all, at the end

//  All who offer it are draining, and there are some.
bool draining_is_all_of (const offer_t *offer);

#endif
