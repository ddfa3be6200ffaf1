#include "broker/core/trimming.h"

#include "broker/core/notice.h"
#include "broker/core/pending.h"
#include "broker/core/track.h"

enum { STRETCH = 500 };  //  seqs in one commit: it stays quick

//  A replay that has come to its end needs nothing of the log any more.
static bool
needs (const core_t *core, const track_t *track, int64_t up_to_seq)
{
    if (!track->is_owned || (track->is_done && !track->pins))
        return false;
    return track_floor (core, track) < up_to_seq;
}

//  How far the log may go without anybody missing it. What has an exception is kept by the store.
static int64_t
needless (const core_t *core, int32_t number, int64_t up_to_seq)
{
    const partition_t *partition = &core->partitions [number];
    if (up_to_seq > partition->level_seq)
        up_to_seq = partition->level_seq;  //  quiet subscriptions start from there after a crash
    subscriber_t *subscriber, *next;
    HASH_ITER (hh, core->subscribers, subscriber, next)
    {
        const track_t *track = track_of (subscriber, number);
        if (needs (core, track, up_to_seq))
            up_to_seq = track_floor (core, track);
    }
    return up_to_seq;
}

//  The hard limit: who has not had it yet never will.
static void
skip_all (core_t *core, int32_t number, int64_t hard_seq)
{
    subscriber_t *subscriber, *next;
    HASH_ITER (hh, core->subscribers, subscriber, next)
    {
        track_t *track = track_of (subscriber, number);
        if (!needs (core, track, hard_seq))
            continue;
        int64_t floor = track_floor (core, track);
        core->skipped += (uint64_t)(hard_seq - floor);
        notice_skipped (core, track, floor, hard_seq);
        track_skip (core, track, hard_seq);
    }
}

void
trimming_trim (core_t *core, const input_t *input)
{
    int32_t number = input->trim.partition;
    partition_t *partition = &core->partitions [number];
    if (!partition->is_owned)
        return;
    int64_t hard_seq = input->trim.hard_seq;
    if (hard_seq > partition->level_seq)
        hard_seq = partition->level_seq;
    if (hard_seq >= partition->first_seq)
        skip_all (core, number, hard_seq);
    int64_t soft_seq = needless (core, number, input->trim.up_to_seq);
    int64_t to_seq = soft_seq > hard_seq ? soft_seq : hard_seq;
    if (to_seq > partition->trim_to)
        partition->trim_to = to_seq;
}

static void
trim_next (core_t *core, int32_t number)
{
    partition_t *partition = &core->partitions [number];
    int64_t to_seq = partition->first_seq + STRETCH - 1;
    if (to_seq > partition->trim_to)
        to_seq = partition->trim_to;
    change_t *change = pending_change (core, CHANGE_TRIM, NULL, to_seq);
    change->partition = number;
    core->save->trims = true;
    partition->is_trimming = true;
}

void
trimming_go (core_t *core)
{
    for (int32_t i = 0; i < core->settings.partitions; i++) {
        const partition_t *partition = &core->partitions [i];
        if (partition->is_owned && !partition->is_trimming && !core->is_stopping &&
            partition->trim_to >= partition->first_seq)
            trim_next (core, i);
    }
}

void
trimming_done (core_t *core, const pending_t *pending)
{
    for (size_t i = 0; i < pending->change_count && pending->trims; i++) {
        const change_t *change = &pending->changes [i];
        if (change->kind != CHANGE_TRIM)
            continue;
        core->partitions [change->partition].first_seq = change->seq + 1;
        core->partitions [change->partition].is_trimming = false;
    }
}
