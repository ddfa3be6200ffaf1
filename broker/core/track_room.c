#include "broker/core/track_room.h"

#include "broker/core/batching.h"
#include "broker/core/breaker.h"
#include "broker/core/track.h"

//  Of what goes in batches more is under way at a time.
enum { BATCHED_FACTOR = 8 };

size_t
track_window (const core_t *core, const track_t *track)
{
    size_t usual = (size_t)core->settings.limits.waiting_per_track;
    if (batching_is_wanted (track->subscriber))
        usual *= BATCHED_FACTOR;
    return track_is_recovering (core, track) || usual > PROGRESS_SPAN ? PROGRESS_SPAN : usual;
}

bool
track_has_exception_room (const core_t *core, const track_t *track)
{
    size_t most = (size_t)core->settings.limits.exceptions_per_track;
    return track->excepted - track->held_rows < most;
}

bool
track_has_held_room (const core_t *core, const track_t *track)
{
    return track->held_rows < (size_t)core->settings.limits.exceptions_per_track;
}

size_t
track_redrive_room (const core_t *core, const track_t *track)
{
    size_t most = (size_t)core->settings.limits.exceptions_per_track / 2;
    size_t taken = track->excepted - track->held_rows;
    return taken < most ? most - taken : 0;
}

bool
track_has_room (const core_t *core, const track_t *track)
{
    if (track->pinned == 0)
        return true;  //  one, whatever others hold: so that each gets on
    return track->pinned < track_window (core, track) &&
           core->waiting_bytes < (size_t)core->settings.limits.waiting_bytes;
}

//  Its breaker is open: it wants something to try when the time for that has come, and no more.
static bool
wants_probe (const core_t *core, const track_t *track)
{
    const subscriber_t *subscriber = track->subscriber;
    bool has_nothing = !track->pins && !track->again && subscriber->parked == 0;
    return core->now_ms >= subscriber->health.probe_ms &&
           (has_nothing || track_is_recovering (core, track));
}

bool
track_wants_page (const core_t *core, const track_t *track)
{
    if (!track->is_owned || track->is_level || track->is_done || track->is_reading ||
        core->is_stopping)
        return false;
    const subscriber_t *subscriber = track->subscriber;
    if (subscriber->subscription->is_paused || subscriber->subscription->is_disabled)
        return false;
    if (breaker_is_open (subscriber) && !wants_probe (core, track))
        return false;
    if (track_is_recovering (core, track))
        return track_has_room (core, track);
    return subscriber->offer->sessions > 0 && track_has_exception_room (core, track) &&
           track->pinned <= track_window (core, track) / 2 && track_has_room (core, track);
}

bool
track_make_room (core_t *core, track_t *track, const delivery_t *wanted)
{
    while (wanted->seq - track_floor (core, track) > PROGRESS_SPAN) {
        delivery_t *first = track->pins;
        if (first == wanted)
            return true;
        bool is_held = first->state == DELIVERY_HELD;
        bool has_row =
            is_held ? track_has_held_room (core, track) : track_has_exception_room (core, track);
        if (first->state == DELIVERY_WAITING || !has_row)
            return false;
        track_except (core, first, first->state == DELIVERY_HELD ? EXCEPTION_HELD : EXCEPTION_SLOW);
    }
    return true;
}
