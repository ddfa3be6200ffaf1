/*  track_turn – which delivery of a track goes next. */
#include "broker/core/batching.h"
#include "broker/core/emitting.h"
#include "broker/core/notice.h"
#include "broker/core/track.h"
#include "broker/core/track_room.h"
#include "broker/core/waiting.h"

//  Something in its queues may go, as far as the track is concerned.
static bool
has_some (const core_t *core, const track_t *track)
{
    if (!track->is_owned || track_is_recovering (core, track))
        return false;
    return track->again || (track->fresh && track_has_exception_room (core, track));
}

bool
track_can_send (const core_t *core, const track_t *track)
{
    return has_some (core, track) && batching_is_ripe (core, track);
}

//  First tries go before retries, but for each eighth turn: a backlog starves no retry.
static delivery_t *
choose (core_t *core, track_t *track)
{
    bool again_first = track->turns++ % 8 == 7;
    if (track->again && (again_first || !track->fresh || !track_has_exception_room (core, track)))
        return track->again;
    if (track->fresh && track_make_room (core, track, track->fresh))
        return track->fresh;
    return track->again;
}

bool
track_is_too_old (const delivery_t *delivery, int64_t at_ms)
{
    int64_t ttl_ms = delivery->track->subscriber->subscription->retry.ttl_ms;
    const event_t *event = delivery->event;
    return ttl_ms > 0 && event && at_ms > event->accepted_ms + ttl_ms;
}

void
track_expire (core_t *core, delivery_t *delivery)
{
    delivery_move (delivery, THROUGH_EXPIRED, REASON_EXPIRED);
    notice_dead (core, delivery, "it was older than retry.ttl_ms before it could be delivered");
    track_end (core, delivery, true);
}

delivery_t *
track_next (core_t *core, track_t *track)
{
    delivery_t *delivery = has_some (core, track) ? choose (core, track) : NULL;
    if (!delivery || (!delivery->is_exception && !track_make_room (core, track, delivery)))
        return NULL;
    return delivery;
}

bool
track_pull (core_t *core, delivery_t *delivery)
{
    waiting_remove (core, delivery);
    if (track_is_too_old (delivery, core->now_ms))
        track_expire (core, delivery);
    else if (emitting_is_too_far (core, delivery))
        emitting_stop (core, delivery);
    else
        return true;
    return false;
}

delivery_t *
track_take (core_t *core, track_t *track)
{
    if (!track_can_send (core, track))
        return NULL;
    delivery_t *delivery;
    while ((delivery = track_next (core, track)))
        if (track_pull (core, delivery))
            return delivery;
    return NULL;
}
