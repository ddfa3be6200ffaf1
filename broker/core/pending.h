/*  pending – writes that are not on disk yet, in the order of their tickets.
 *
 *  A step gathers what it wants saved in one SAVE. While the store says no, SAVEs wait here without
 *  a ticket and are emitted when it is tried again; APPENDs are refused.
 */
#ifndef PENDING_H
#define PENDING_H

#include "broker/core/state.h"

//  An APPEND of these events, emitted at once.
void pending_append (core_t *core, const input_t *publish, effects_t *effects);

//  The SAVE of this step: one more change (zeroed but for these), a lease whose SETTLED waits for
//  it, or who is answered after it. Strings that must last go to the arena.
change_t *pending_change (core_t *core, int kind, const track_t *track, int64_t seq);
const char *pending_copy (core_t *core, const char *text);
void pending_keep (core_t *core, const session_t *session, lease_id_t lease);
void pending_answer (core_t *core, const input_t *input, status_t status,
                     subscription_t *subscription);

//  An event that is written with the SAVE of this step, or not at all: what came of a delivery. Takes it.
void pending_emit (core_t *core, event_t *event, const delivery_t *delivery);
//  A SAVE that was withdrawn leaves its events behind: each of their deliveries has a row instead.
void pending_leave_events (core_t *core, pending_t *save);

//  The progress of this track is to be saved at the end of the step.
void pending_mark (core_t *core, track_t *track);

//  The floors of what is under way, and level_seq, of each partition that grew. At most once in
//  level_ms, or when forced.
void pending_level (core_t *core, bool is_forced);
int64_t pending_level_due (const core_t *core);  //  INT64_MAX: nothing to save

//  Emits the step's SAVE, and what waited for the store if its time has come.
void pending_flush (core_t *core, effects_t *effects);

//  The oldest write, if its ticket is at most this one; NULL otherwise. It stays until spent.
pending_t *pending_first (core_t *core, uint64_t up_to_ticket);
void pending_spend (core_t *core, pending_t *pending);  //  freed at the next step
void pending_sweep (core_t *core);                      //  frees what was spent
void pending_clear (core_t *core);                      //  frees everything

#endif
