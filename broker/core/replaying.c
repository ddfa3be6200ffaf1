#include "broker/core/replaying.h"

#include "broker/core/ready_queue.h"
#include "broker/core/track.h"

bool
replaying_is_replay (const subscriber_t *subscriber)
{
    return subscriber->subscription->replay.id != NULL;
}

int64_t
replaying_until (const track_t *track)
{
    const replay_t *replay = &track->subscriber->subscription->replay;
    if (!replay->id)
        return INT64_MAX;
    size_t partition = (size_t)track->partition;
    return partition < replay->partitions ? replay->until [partition] : 0;
}

void
replaying_begin (core_t *core, track_t *track)
{
    if (track->cursor >= replaying_until (track)) {
        track->is_level = false;
        track->is_done = true;
    }
    else
        track_lag (core, track, track->cursor);
    replaying_consider (core, track->subscriber);
}

void
replaying_finish (core_t *core, track_t *track)
{
    if (track->is_done)
        return;
    track->is_done = true;
    track->cursor = replaying_until (track);
    partition_t *partition = &core->partitions [track->partition];
    DL_DELETE2 (partition->lagging, track, lagging_prev, lagging_next);
    replaying_consider (core, track->subscriber);
}

void
replaying_reopen (track_t *track)
{
    if (!track->is_done)
        return;
    track->is_done = false;
    track->is_level = true;  //  in no list, as one that was level
}

bool
replaying_has_ended (const subscriber_t *subscriber)
{
    const replay_t *replay = &subscriber->subscription->replay;
    for (size_t i = 0; i < replay->partitions; i++) {
        const track_t *track = &subscriber->tracks [i];
        if (!track->is_owned || !track->is_done || track->pins || track->exceptions)
            return false;  //  of what is not ours, perhaps not yet, nobody knows
    }
    return replay->id && !replay->has_ended;
}

void
replaying_consider (core_t *core, subscriber_t *subscriber)
{
    if (replaying_has_ended (subscriber))
        ready_queue_reconsider (core, subscriber);
}
