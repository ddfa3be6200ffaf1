/*  replaying – a replay is a subscription whose tracks come to an end: they read a stretch of the log,
 *  beside live traffic, and take no new events.
 */
#ifndef REPLAYING_H
#define REPLAYING_H

#include "broker/core/state.h"

bool replaying_is_replay (const subscriber_t *subscriber);
bool replaying_has_ended (const subscriber_t *subscriber);  //  all of its stretch has

//  The last seq that a track wants; INT64_MAX when it is no replay's.
int64_t replaying_until (const track_t *track);

void replaying_begin (core_t *core, track_t *track);   //  lags, or is done at once
void replaying_finish (core_t *core, track_t *track);  //  everything up to its end was read

//  It lets go of what it has read: it lags again, from where the caller says.
void replaying_reopen (track_t *track);

//  Something has ended: perhaps it was the last. Looked at when its time comes, at once.
void replaying_consider (core_t *core, subscriber_t *subscriber);

#endif
