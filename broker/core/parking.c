#include "broker/core/parking.h"

#include "broker/core/batching.h"
#include "broker/core/breaker.h"
#include "broker/core/reading.h"
#include "broker/core/ready_queue.h"
#include "broker/core/track_room.h"

//  How many of a track may have their events, or be about to.
static size_t
room (core_t *core, const track_t *track)
{
    subscriber_t *subscriber = track->subscriber;
    int64_t until_ms;
    switch (ready_queue_hindrance (core, subscriber, &until_ms)) {
        case REASON_PAUSED:
        case REASON_DISABLED:
        case REASON_BREAKER_OPEN: return 0;
        default: break;
    }
    if (breaker_is_open (subscriber))
        return 1;
    size_t requests = (size_t)pace_cap (&subscriber->pace, subscriber->subscription);
    if (!batching_is_wanted (subscriber))
        return requests;
    size_t most = track_window (core, track);
    size_t events = requests * (size_t)subscriber->subscription->batch.max_events;
    return events < most ? events : most;
}

static bool
has_memory (const core_t *core, const track_t *track)
{
    return track->again_count + track->awaited == 0 ||
           core->waiting_bytes < (size_t)core->settings.limits.waiting_bytes;
}

static void
fetch_first (core_t *core, track_t *track)
{
    delivery_t *first = track->parked;
    parking_remove (first);
    reading_fetch (core, first);
}

void
parking_go (core_t *core, track_t *track)
{
    if (!track->parked)
        return;
    size_t most = room (core, track);
    while (track->parked && track->again_count + track->awaited < most && has_memory (core, track))
        fetch_first (core, track);
}

void
parking_put (core_t *core, delivery_t *delivery)
{
    if (delivery->is_parked || delivery->is_fetching || delivery->read)
        return;
    track_t *track = delivery->track;
    delivery->is_parked = true;
    track->subscriber->parked++;
    DL_APPEND2 (track->parked, delivery, queue_prev, queue_next);
    parking_go (core, track);
    ready_queue_reconsider (core, track->subscriber);
}

void
parking_remove (delivery_t *delivery)
{
    if (!delivery->is_parked)
        return;
    track_t *track = delivery->track;
    delivery->is_parked = false;
    track->subscriber->parked--;
    DL_DELETE2 (track->parked, delivery, queue_prev, queue_next);
}
