#include "broker/core/cancelling.h"

#include "broker/core/lease.h"
#include "broker/core/pending.h"
#include "broker/core/road.h"
#include "broker/core/track.h"
#include "broker/core/view.h"

static void
tell (const session_t *session, const lease_id_t *leases, size_t count, reason_t reason,
      effects_t *effects)
{
    effect_t *cancel = effects_add (effects, EFFECT_CANCEL, reason);
    cancel->peer = session->peer;
    cancel->session = session->id;
    cancel->cancel.leases = leases;
    cancel->cancel.count = count;
}

void
cancelling_stop (core_t *core, lease_t *lease, reason_t reason, effects_t *effects)
{
    lease_id_t *leases = arena_take (&effects->arena, sizeof *leases);
    *leases = lease->id;
    lease->is_cancelled = true;
    core->cancelled++;
    tell (lease->session, leases, 1, reason, effects);
}

//  It waits in the log, and has not been read. When it is, it has ended.
static void
bury_unread (core_t *core, track_t *track, int64_t seq)
{
    progress_raise (&track->progress, track_floor (core, track));
    progress_end (&track->progress, seq);
    change_t *change = pending_change (core, CHANGE_EXCEPTION, track, seq);
    change->exception =
        (exception_t){.state = EXCEPTION_DEAD, .due_ms = core->now_ms, .reason = REASON_CANCELLED};
    pending_mark (core, track);
    track->dead++;
    core->dead++;
}

static bool
is_unread (const core_t *core, const track_t *track, int64_t seq)
{
    return seq <= core_last_seq (core, track->partition) && seq > track_cursor (core, track) &&
           !progress_has_ended (&track->progress, seq) &&
           seq - track_floor (core, track) <= PROGRESS_SPAN;
}

bool
core_can_cancel (const core_t *self, const char *subscription, int32_t partition, int64_t seq)
{
    const track_t *track = subscribing_track (self, subscription, partition);
    return track && (track_find (track, seq) || is_unread (self, track, seq));
}

void
cancelling_cancel (core_t *core, const input_t *input, effects_t *effects)
{
    track_t *track = subscribing_track (core, input->cancel.subscription, input->cancel.partition);
    if (!track)
        return;
    delivery_t *delivery = track_find (track, input->cancel.seq);
    if (delivery) {
        if (delivery->lease)
            cancelling_stop (core, delivery->lease, REASON_CANCELLED, effects);
        settling_cancel (core, delivery);
    }
    else if (is_unread (core, track, input->cancel.seq))
        bury_unread (core, track, input->cancel.seq);
}

static bool
is_still_named (const lease_t *lease, uint64_t heartbeat)
{
    return lease->is_cancelled && !lease->is_settled && lease->listed == heartbeat;
}

void
cancelling_repeat (core_t *core, session_t *session, uint64_t heartbeat, effects_t *effects)
{
    if (core->cancelled == 0)
        return;
    size_t count = 0;
    const lease_t *lease;
    DL_FOREACH (session->leases, lease)
    count += is_still_named (lease, heartbeat);
    if (count == 0)
        return;
    lease_id_t *leases = arena_take (&effects->arena, count * sizeof *leases);
    count = 0;
    DL_FOREACH (session->leases, lease)
    {
        if (is_still_named (lease, heartbeat))
            leases [count++] = lease->id;
    }
    tell (session, leases, count, REASON_REPEATED, effects);
}
