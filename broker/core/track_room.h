/*  track_room – how much one track may hold: in memory, and in rows of the store. */
#ifndef TRACK_ROOM_H
#define TRACK_ROOM_H

#include "broker/core/state.h"

size_t track_window (const core_t *core, const track_t *track);  //  pins, at most

//  What is held goes when an earlier one of its key has ended, and that one may be a first try: so
//  held ones have a bound of their own, and never stop a first try.
bool track_has_exception_room (const core_t *core, const track_t *track);
bool track_has_held_room (const core_t *core, const track_t *track);
//  Dead letters that may be tried again at once: half of the rows stay for what fails now.
size_t track_redrive_room (const core_t *core, const track_t *track);

//  Whether one more event fits into memory, and whether it should read on from the log.
bool track_has_room (const core_t *core, const track_t *track);
bool track_wants_page (const core_t *core, const track_t *track);

//  Room in the bitmap for the end of this one: the bitmap reaches no further than PROGRESS_SPAN, so
//  what holds the floor back gets a row. false: not now.
bool track_make_room (core_t *core, track_t *track, const delivery_t *wanted);

#endif
