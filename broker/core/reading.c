#include "broker/core/reading.h"

#include "broker/core/coalescing.h"
#include "broker/core/ready_queue.h"
#include "broker/core/replaying.h"
#include "broker/core/track.h"
#include "broker/core/track_room.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { PAGES_MOST = 4, FETCHES_MOST = 64, AGAIN_MS = 1000 };

void
reading_fetch (core_t *core, delivery_t *delivery)
{
    if (delivery->is_fetching || delivery->read)
        return;
    ASSERT (!delivery->event && !delivery->is_queued, "what has its event is not read again");
    delivery->is_fetching = true;
    delivery->track->awaited++;
    DL_APPEND2 (core->fetches, delivery, queue_prev, queue_next);
}

static reading_t *
find (core_t *core, uint64_t id)
{
    reading_t *reading;
    HASH_FIND (hh, core->readings, &id, sizeof id, reading);
    return reading;
}

void
reading_cancel (core_t *core, delivery_t *delivery)
{
    if (delivery->is_fetching) {
        delivery->is_fetching = false;
        delivery->track->awaited--;
        DL_DELETE2 (core->fetches, delivery, queue_prev, queue_next);
    }
    reading_t *reading = delivery->read ? find (core, delivery->read) : NULL;
    if (!reading)
        return;
    delivery->track->awaited--;
    reading->delivery = NULL;
}

void
reading_forget (core_t *core, track_t *track)
{
    if (!track->is_reading)
        return;
    reading_t *reading, *next;
    HASH_ITER (hh, core->readings, reading, next)
    {
        if (reading->track == track)
            reading->track = NULL;
    }
}

//  Forgets it and answers the delivery it was for, if that still wants it.
static delivery_t *
finish (core_t *core, reading_t *reading)
{
    delivery_t *delivery = reading->delivery;
    if (delivery) {
        delivery->read = 0;
        delivery->track->awaited--;
    }
    if (reading->track)
        reading->track->is_reading = false;
    if (reading->is_fetch)
        core->fetches_under_way--;
    else
        core->pages_under_way--;
    HASH_DEL (core->readings, reading);
    free (reading);
    return delivery;
}

typedef struct {
    core_t *core;
    int32_t partition;
    event_t *event;
    match_data_t data;
} handing_t;

//  One candidate for the event in hand.
static void
hand_out (void *context, void *owner)
{
    handing_t *handing = context;
    subscriber_t *subscriber = owner;
    track_t *track = track_of (subscriber, handing->partition);
    int64_t seq = handing->event->seq;
    if (track->is_sharing && seq > replaying_until (track)) {
        track->is_sharing = false;
        track->cursor = replaying_until (track);
    }
    if (!track->is_sharing || seq <= track->cursor || progress_has_ended (&track->progress, seq))
        return;
    if (match_asks (subscriber->subscription->match, &handing->data) != MATCH_YES)
        return;
    if (track_has_room (handing->core, track)) {
        track_add (handing->core, track, handing->event, &handing->data);
        track->cursor = seq;
    }
    else {
        track->cursor = seq - 1;
        track->is_sharing = false;
        coalescing_release (handing->core, track);
    }
}

//  Those that go on from within the page, up to what they can hold.
static size_t
share (core_t *core, const reading_t *reading, int64_t last_seq)
{
    size_t count = 0;
    track_t *track;
    DL_FOREACH2 (core->partitions [reading->partition].lagging, track, lagging_next)
    {
        track->is_sharing =
            track->cursor >= reading->above_seq &&
            (track->cursor < last_seq || last_seq == reading->above_seq) &&
            (track->is_hungry || track == reading->track || track_wants_page (core, track));
        count += track->is_sharing;
    }
    return count;
}

static void
end_sharing (core_t *core, int32_t partition_number, int64_t last_seq)
{
    partition_t *partition = &core->partitions [partition_number];
    track_t *track, *next;
    DL_FOREACH_SAFE2 (partition->lagging, track, next, lagging_next)
    {
        if (track->is_sharing && track->cursor < last_seq)
            track->cursor = last_seq;
        track->is_sharing = false;
        if (track->cursor >= replaying_until (track))
            replaying_finish (core, track);
        else if (track->cursor >= partition->last_seq)
            track_reach_level (core, track);
        else
            continue;
        track_consider (core, track);  //  the others are when all that lag are asked
    }
}

static void
take_page (core_t *core, const reading_t *reading, const input_t *input)
{
    const partition_t *partition = &core->partitions [reading->partition];
    //  What is committed but not announced yet comes from memory, when it is announced.
    size_t count = input->page.count;
    while (count > 0 && input->page.events [count - 1]->seq > partition->last_seq)
        count--;
    int64_t last_seq = count ? input->page.events [count - 1]->seq : reading->above_seq;
    if (count == 0 && last_seq < partition->last_seq)
        core->reading_again_ms = core->now_ms + AGAIN_MS;  //  a hole: no use to ask at once

    if (share (core, reading, last_seq) > 0)
        for (size_t i = 0; i < count; i++) {
            handing_t handing = {.core = core,
                                 .partition = reading->partition,
                                 .event = input->page.events [i],
                                 .data = {.event = input->page.events [i]}};
            matching_each (core->matching, handing.event, hand_out, &handing);
            match_data_clear (&handing.data);
        }
    end_sharing (core, reading->partition, last_seq);
}

static void
consider_lagging (core_t *core)
{
    for (int32_t i = 0; i < core->settings.partitions; i++) {
        track_t *track;
        DL_FOREACH2 (core->partitions [i].lagging, track, lagging_next)
        track_consider (core, track);
    }
}

void
reading_page (core_t *core, const input_t *input)
{
    reading_t *reading = find (core, input->page.read);
    if (!reading)
        return;  //  asked by somebody before us
    if (!reading->is_fetch) {
        take_page (core, reading, input);
        finish (core, reading);
        consider_lagging (core);
        return;
    }
    delivery_t *delivery = finish (core, reading);
    if (!delivery)
        return;
    if (input->page.count > 0 && input->page.events [0]->seq == delivery->seq)
        track_got_event (core, delivery, input->page.events [0]);
    else
        track_bury (core, delivery);
}

void
reading_failed (core_t *core, const input_t *input)
{
    reading_t *reading = find (core, input->page_failed.read);
    if (!reading)
        return;
    delivery_t *delivery = finish (core, reading);
    core->reading_again_ms = core->now_ms + AGAIN_MS;
    if (delivery)
        reading_fetch (core, delivery);
    for (int32_t i = 0; i < core->settings.partitions; i++) {
        track_t *track;
        DL_FOREACH2 (core->partitions [i].lagging, track, lagging_next)
        track_consider (core, track);
    }
}

static reading_t *
read (core_t *core, int32_t partition, int64_t above_seq, size_t limit_events, effects_t *effects)
{
    reading_t *reading = ALLOCATE (reading_t);
    reading->id = ++core->last_read;
    reading->partition = partition;
    reading->above_seq = above_seq;
    HASH_ADD (hh, core->readings, id, sizeof reading->id, reading);

    effect_t *effect = effects_add (effects, EFFECT_READ, REASON_BEHIND);
    effect->read.read = reading->id;
    effect->read.partition = partition;
    effect->read.above_seq = above_seq;
    effect->read.limit_bytes = (size_t)core->settings.limits.page_bytes;
    effect->read.limit_events = limit_events;
    return reading;
}

static void
fetch_next (core_t *core, effects_t *effects)
{
    delivery_t *delivery = core->fetches;
    DL_DELETE2 (core->fetches, delivery, queue_prev, queue_next);
    delivery->is_fetching = false;
    reading_t *reading = read (core, delivery->track->partition, delivery->seq - 1, 1, effects);
    reading->is_fetch = true;
    reading->delivery = delivery;
    delivery->read = reading->id;
    core->fetches_under_way++;
}

static void
page_next (core_t *core, effects_t *effects)
{
    track_t *track = core->hungry;
    DL_DELETE2 (core->hungry, track, hungry_prev, hungry_next);
    track->is_hungry = false;
    if (!track_wants_page (core, track))
        return;
    reading_t *reading = read (core, track->partition, track->cursor, SIZE_MAX, effects);
    reading->track = track;
    track->is_reading = true;
    core->pages_under_way++;
}

void
reading_go (core_t *core, effects_t *effects)
{
    if (core->now_ms < core->reading_again_ms)
        return;
    while (core->fetches && core->fetches_under_way < FETCHES_MOST)
        fetch_next (core, effects);
    while (core->hungry && core->pages_under_way < PAGES_MOST)
        page_next (core, effects);
}

void
reading_clear (core_t *core)
{
    reading_t *reading, *next;
    HASH_ITER (hh, core->readings, reading, next)
    finish (core, reading);
}
