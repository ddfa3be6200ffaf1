/*  bringing – subscriptions that workers bring along, and that go with the last of them.
 *
 *  The first that brings one makes it; a higher revision replaces it, the same or a lower one changes
 *  nothing. Three heartbeats after the last session that has brought it has ended it goes, unless it is
 *  to be kept. Of one that comes from the store nobody is a bringer yet: it has the grace beside. One
 *  that somebody has made or changed is theirs, and nothing of this holds for it.
 */
#ifndef BRINGING_H
#define BRINGING_H

#include "broker/core/state.h"

void bringing_bring (core_t *core, session_t *session, const input_t *input, effects_t *effects);
void bringing_load (core_t *core, subscriber_t *subscriber);    //  it comes from the store
void bringing_forget (core_t *core, subscriber_t *subscriber);  //  it goes, or is somebody's now
void bringing_wake (core_t *core, subscriber_t *subscriber);    //  its time is up
void bringing_session_ends (core_t *core, session_t *session);

#endif
