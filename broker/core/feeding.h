/*  feeding – broadcast: what every worker gets is told on the feed, once it is on disk.
 *
 *  A subscription of this mode has tracks that hold nothing: no delivery, no lease, no row. Of each
 *  the core knows the last seq that was told. Who has missed something finds the gap by `prev` or by
 *  a heartbeat, and asks for it: the log has it. So nothing is kept for anybody, and nobody who is
 *  slow or away holds up the log or the others.
 */
#ifndef FEEDING_H
#define FEEDING_H

#include "broker/core/state.h"

//  Nothing before the end of the log was told: after a restart perhaps it was, and a gap is found.
void feeding_begin (const core_t *core, track_t *track);

//  A new event that matched. One that is paused tells nothing; those who wait find it in the log.
void feeding_tell (track_t *track, event_t *event, effects_t *effects);
void feeding_tell_all (core_t *core, event_t *event, effects_t *effects);

//  Events up to here were committed that nobody announced: they are a gap.
void feeding_skip (track_t *track, int64_t up_to_seq);

//  What a worker asks in its session.
void feeding_listen (core_t *core, session_t *session, effects_t *effects);
void feeding_catch_up (core_t *core, session_t *session, const input_t *input, effects_t *effects);

//  One was made, changed or ended: those who listen are to be told.
void feeding_note_change (core_t *core, const subscription_t *subscription);

#endif
