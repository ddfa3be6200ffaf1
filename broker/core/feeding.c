#include "broker/core/feeding.h"

#include <string.h>

#include "broker/core/offer.h"
#include "broker/core/road.h"
#include "broker/core/track.h"
#include "broker/core/view.h"

void
feeding_begin (const core_t *core, track_t *track)
{
    track->fed = core->partitions [track->partition].last_seq;
}

void
feeding_tell (track_t *track, event_t *event, effects_t *effects)
{
    subscription_t *subscription = track->subscriber->subscription;
    int64_t prev = track->fed;
    track->fed = event->seq;
    if (subscription->is_paused || subscription->is_disabled)
        return;
    effect_t *feed = effects_add (effects, EFFECT_FEED, REASON_NEW);
    feed->feed.subscription = subscription;
    feed->feed.event = event;
    feed->feed.prev = prev;
}

void
feeding_tell_all (core_t *core, event_t *event, effects_t *effects)
{
    if (!core->settings.feeds_all)
        return;
    effect_t *feed = effects_add (effects, EFFECT_FEED, REASON_NEW);
    feed->feed.event = event;
    feed->feed.prev = event->seq - 1;
}

void
feeding_skip (track_t *track, int64_t up_to_seq)
{
    if (up_to_seq > track->fed)
        track->fed = up_to_seq;
}

//  Whoever asks again and again is answered twice an interval: documents may be long.
void
feeding_listen (core_t *core, session_t *session, effects_t *effects)
{
    if (session->listens && core->now_ms < session->listened_ms + core->settings.heartbeat_ms / 2)
        return;
    session->listens = true;
    session->listened_ms = core->now_ms;
    effect_t *feeds = effects_add (effects, EFFECT_FEEDS, REASON_JOINED);
    feeds->peer = session->peer;
    feeds->session = session->id;
}

//  The log no longer reaches back that far: once, however often it is asked.
static void
note_missed (session_t *session, int64_t above, int64_t first_seq)
{
    if (above >= first_seq - 1 || session->missed_above == above + 1)
        return;
    session->missed_above = above + 1;
    session->missed += (uint64_t)(first_seq - 1 - above);
}

void
feeding_catch_up (core_t *core, session_t *session, const input_t *input, effects_t *effects)
{
    int32_t number = input->catch_up.partition;
    subscriber_t *subscriber = subscriber_find (core, input->catch_up.subscription);
    if (!subscriber || !subscriber->subscription->is_broadcast ||
        !offer_has (subscriber->offer, session) || number < 0 ||
        number >= core->settings.partitions || !core->partitions [number].is_owned)
        return;  //  its next heartbeat tells it what there is
    const partition_t *partition = &core->partitions [number];
    int64_t above = input->catch_up.above;
    note_missed (session, above, partition->first_seq);
    effect_t *effect = effects_add (effects, EFFECT_CATCH_UP, REASON_BEHIND);
    effect->peer = session->peer;
    effect->session = session->id;
    effect->catch_up.subscription = subscriber->subscription;
    effect->catch_up.partition = number;
    effect->catch_up.above = above;
    effect->catch_up.up_to = partition->last_seq;
    effect->catch_up.first = partition->first_seq;
}

void
feeding_note_change (core_t *core, const subscription_t *subscription)
{
    core->feed_changes += subscription->is_broadcast;
}

//  ---- what may be asked

uint64_t
core_feed_changes (const core_t *self)
{
    return self->feed_changes;
}

void
core_each_feed (const core_t *self, session_id_t id, core_subscription_found_t *found,
                void *context)
{
    session_t *session;
    HASH_FIND (hh, self->sessions, &id, sizeof id, session);
    const membership_t *membership;
    DL_FOREACH2 (session ? session->memberships : NULL, membership, then)
    {
        const subscriber_t *subscriber;
        DL_FOREACH2 (membership->offer->subscribers, subscriber, offer_next)
        {
            if (subscriber->subscription->is_broadcast)
                found (context, subscriber->subscription);
        }
    }
}

int64_t
core_feed_seq (const core_t *self, const char *subscription, int32_t partition)
{
    const track_t *track = subscribing_track (self, subscription, partition);
    return track ? track->fed : 0;
}

int64_t
core_first_seq (const core_t *self, int32_t partition)
{
    return self->partitions [partition].first_seq;
}
