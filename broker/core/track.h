/*  track – how far one subscription has come in one partition, and what has not ended there.
 *
 *  A delivery that has not ended is a pin, which holds the floor, or an exception, which has a row
 *  in the store instead. Waiting ones stand in `fresh` (first tries) or `again`, with their event;
 *  a track with some of them that may go is in its subscriber's `sending`.
 */
#ifndef TRACK_H
#define TRACK_H

#include "broker/core/delivery.h"

//  Ours from here on: everything at or below progress->floor has ended.
void track_begin (core_t *core, track_t *track, const progress_t *progress);
track_t *track_of (subscriber_t *subscriber, int32_t partition);

int64_t track_cursor (const core_t *core, const track_t *track);
int64_t track_floor (const core_t *core, const track_t *track);
bool track_is_quiet (const track_t *track);  //  level, and no pins
bool track_is_recovering (const core_t *core, const track_t *track);

//  A new delivery of an event that matched, above all before it. data: of that event.
void track_add (core_t *core, track_t *track, event_t *event, match_data_t *data);
//  One that has a row in the store, found at start.
void track_add_stored (core_t *core, track_t *track, const exception_at_t *stored);

//  One that had ended, with its row: tried again when its time comes. through REDRIVEN or NO_ROOM.
void track_bring_back (core_t *core, track_t *track, const exception_at_t *row, int64_t due_ms,
                       through_t through, reason_t reason);

//  delivery_move, for all moves from and to HELD.
void track_move (delivery_t *delivery, through_t through, reason_t reason);
//  It was gathered, and its burst goes: it may go, or be held by its key.
void track_release (core_t *core, delivery_t *delivery);

//  Its event has come from the log (a reference is taken): it may go, or be held by its key.
void track_got_event (core_t *core, delivery_t *delivery, event_t *event);

//  The next to send, out of the queues; NULL when none may go now. Makes room in the bitmap.
delivery_t *track_take (core_t *core, track_t *track);
//  In two steps, for those that go along with one: which would be next; and out of its queue. false:
//  it was too old, or too long a row of actions lies behind it, and is gone.
delivery_t *track_next (core_t *core, track_t *track);
bool track_pull (core_t *core, delivery_t *delivery);
bool track_can_send (const core_t *core, const track_t *track);
//  At that time, for its subscription's retry.ttl_ms. What has no event in memory is asked later.
bool track_is_too_old (const delivery_t *delivery, int64_t at_ms);
void track_expire (core_t *core, delivery_t *delivery);  //  it is: dead

//  In flight no more, and not ended: waits again, as soon as may be.
void track_requeue (core_t *core, delivery_t *delivery);
//  Moved to RETRY: it waits for its time, with a row; its event is read again then.
void track_retry (core_t *core, delivery_t *delivery, int64_t due_ms);
//  From now on it has a row and does not pin the floor; writes the row.
void track_except (core_t *core, delivery_t *delivery, exception_state_t state);
//  Its row is written anew: attempts or due time have changed.
void track_save_exception (core_t *core, delivery_t *delivery, exception_state_t state);
//  It has ended, with the row of a dead one or with none; the delivery is freed.
void track_end (core_t *core, delivery_t *delivery, bool is_dead);

//  What it has not had up to here, it never will: but for what is in flight, or has a row.
void track_skip (core_t *core, track_t *track, int64_t up_to_seq);

//  It cannot send for a while: events that wait in memory go, and are read from the log again.
void track_shed (core_t *core, track_t *track);

//  Takes it out of everything and frees it; whoever asks has ended it.
void track_forget (core_t *core, delivery_t *delivery);

delivery_t *track_find (const track_t *track, int64_t seq);  //  NULL: it has ended, or is not read

//  Its event is not where the store had it: a dead letter, for somebody to look at.
void track_bury (core_t *core, delivery_t *delivery);

//  New events of this partition are no more its own to take from memory: it reads from cursor on.
void track_lag (core_t *core, track_t *track, int64_t cursor);
void track_reach_level (core_t *core, track_t *track);
//  Looks again whether it wants a page, and whether its subscriber can send.
void track_consider (core_t *core, track_t *track);

//  Frees all deliveries, in flight ones too (their leases forget them).
void track_clear (core_t *core, track_t *track);

#endif
