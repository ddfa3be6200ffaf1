/*  track_drop – what a track lets go of: events that it will read again, and those it never had. */
#include "broker/core/key_line.h"
#include "broker/core/pending.h"
#include "broker/core/replaying.h"
#include "broker/core/track.h"
#include "broker/core/waiting.h"

//  The hard limit of retention: what has not been had up to here never will be.
void
track_skip (core_t *core, track_t *track, int64_t up_to_seq)
{
    while (track->pins && track->pins->seq <= up_to_seq) {
        delivery_t *first = track->pins;
        if (first->state == DELIVERY_IN_FLIGHT) {
            track_except (core, first, EXCEPTION_SLOW);  //  its row keeps its event
            continue;
        }
        delivery_move (first, THROUGH_RETENTION, REASON_RETENTION);
        track_end (core, first, false);
    }
    if (!track->is_level && track->cursor < up_to_seq)
        track->cursor = up_to_seq;
    pending_mark (core, track);
    track_consider (core, track);
}

//  Untried, without a row, and nobody waits for it but itself.
static bool
can_be_shed (const delivery_t *delivery)
{
    if (delivery->is_exception || delivery->is_again || delivery->attempts > 0)
        return false;
    if (delivery->line && delivery->line_next)
        return false;  //  a later one of its key, which has a row, would go before it
    return delivery->state == DELIVERY_HELD ||
           (delivery->state == DELIVERY_WAITING && delivery->is_queued);
}

//  Of what key a letter is that was redriven, nobody knows before it is read: it waits until what was
//  let go of before it is back.
static void
hold_back_redriven (track_t *track)
{
    const delivery_t *row;
    DL_FOREACH (track->exceptions, row)
    {
        if (row->is_redriven && row->seq > track->recover_until)
            track->recover_until = row->seq;
    }
}

void
track_shed (core_t *core, track_t *track)
{
    if (!track->is_owned || track_is_recovering (core, track))
        return;
    int64_t cursor = track_cursor (core, track);
    delivery_t *last;
    while (track->pins && can_be_shed (last = track->pins->prev)) {
        cursor = last->seq - 1;
        if (last->line)
            key_line_leave (track, last);
        DL_DELETE (track->pins, last);
        track->pinned--;
        track_forget (core, last);
    }
    if (cursor >= track_cursor (core, track))
        return;
    hold_back_redriven (track);
    replaying_reopen (track);
    track_lag (core, track, cursor);
}
