#include "broker/core/redriving.h"

#include "broker/core/pending.h"
#include "broker/core/road.h"
#include "broker/core/track.h"
#include "broker/core/track_room.h"
#include "broker/core/view.h"

//  It is dead no more.
static void
raise (core_t *core, track_t *track)
{
    if (track->dead > 0)
        track->dead--;
    if (core->dead > 0)
        core->dead--;
}

void
redriving_redrive (core_t *core, const input_t *input)
{
    track_t *track =
        subscribing_track (core, input->redrive.subscription, input->redrive.partition);
    if (!track)
        return;
    int64_t first_ms = input->redrive.first_due_ms;
    if (first_ms < core->now_ms)
        first_ms = core->now_ms;
    size_t room = track_redrive_room (core, track);
    for (size_t i = 0; i < input->redrive.count && i < room; i++) {
        const exception_at_t *row = &input->redrive.rows [i];
        if (track_find (track, row->seq))
            continue;  //  somebody was faster
        raise (core, track);
        track_bring_back (core, track, row,
                          first_ms + (int64_t)i * input->redrive.interval_us / 1000,
                          THROUGH_REDRIVEN, REASON_REDRIVEN);
    }
    track_consider (core, track);
}

void
redriving_discard (core_t *core, const input_t *input)
{
    track_t *track =
        subscribing_track (core, input->discard.subscription, input->discard.partition);
    for (size_t i = 0; track && i < input->discard.count; i++) {
        if (track_find (track, input->discard.seqs [i]))
            continue;  //  it was redriven meanwhile
        raise (core, track);
        pending_change (core, CHANGE_EXCEPTION_ENDED, track, input->discard.seqs [i]);
    }
}

size_t
core_redrive_room (const core_t *self, const char *subscription, int32_t partition)
{
    const track_t *track = subscribing_track (self, subscription, partition);
    return track ? track_redrive_room (self, track) : 0;
}
