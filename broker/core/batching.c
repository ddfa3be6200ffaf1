#include "broker/core/batching.h"

#include <stdlib.h>

#include "broker/core/alone.h"
#include "broker/core/breaker.h"
#include "broker/core/lease.h"
#include "broker/core/ready_queue.h"
#include "broker/core/track.h"
#include "broker/core/track_room.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

bool
batching_is_wanted (const subscriber_t *subscriber)
{
    return subscriber->subscription->batch.max_events > 1;
}

//  As many as make a batch; no more than a track takes into memory without sending.
static size_t
enough (const core_t *core, const track_t *track)
{
    size_t most = (size_t)track->subscriber->subscription->batch.max_events;
    size_t room = track_window (core, track) / 2;
    return most < room || room == 0 ? most : room;
}

//  When the first of each queue has waited long enough.
static int64_t
ripe_ms (const track_t *track)
{
    int64_t fresh_ms = track->fresh ? track->fresh->ripe_ms : INT64_MAX;
    int64_t again_ms = track->again ? track->again->ripe_ms : INT64_MAX;
    return fresh_ms < again_ms ? fresh_ms : again_ms;
}

bool
batching_is_ripe (const core_t *core, const track_t *track)
{
    if (!batching_is_wanted (track->subscriber) || breaker_is_open (track->subscriber))
        return true;
    if (track->fresh_count + track->again_count >= enough (core, track))
        return true;
    return ripe_ms (track) <= core->now_ms || !track_has_room (core, track);
}

void
batching_plan (core_t *core, track_t *track)
{
    if (!track->is_owned || (!track->fresh && !track->again) || batching_is_ripe (core, track)) {
        due_queue_remove (&core->due, &track->ripe);
        return;
    }
    int64_t due_ms = ripe_ms (track);
    if (!due_node_is_in (&track->ripe) || track->ripe.due_ms != due_ms)
        due_queue_put (&core->due, &track->ripe, due_ms);
}

//  A first try has waited since its event was accepted, so that a restart makes nobody wait anew.
void
batching_begin_wait (const core_t *core, delivery_t *delivery)
{
    const batch_policy_t *policy = &delivery->track->subscriber->subscription->batch;
    if (policy->max_events <= 1 || delivery->ripe_ms > 0)
        return;
    int64_t since_ms = delivery->event->accepted_ms;
    if (delivery->is_again || since_ms > core->now_ms)  //  a clock may have been set back
        since_ms = core->now_ms;
    delivery->ripe_ms = since_ms + policy->max_wait_ms;
}

//  ---- One that goes

static uint64_t
credit_of (const session_t *session)
{
    return session->granted - session->sent;
}

//  Whose turn it is, if it can take all of it; otherwise the one that can take the most.
static session_t *
find_session (const offer_t *offer, size_t wanted)
{
    session_t *best = offer->open->session;
    const membership_t *membership;
    DL_FOREACH (offer->open, membership)
    {
        if (credit_of (best) >= wanted)
            break;
        if (credit_of (membership->session) > credit_of (best))
            best = membership->session;
    }
    return best;
}

static size_t
most_bytes (const core_t *core)
{
    size_t most = (size_t)core->settings.limits.delivery_batch_bytes;
    size_t frame = (size_t)core->settings.limits.frame_bytes / 2;
    return most < frame ? most : frame;
}

//  The next for the batch, if it fits in; out of its queue.
static delivery_t *
take_next (core_t *core, track_t *track, uint64_t burst, size_t bytes_left)
{
    delivery_t *next;
    while ((next = track_next (core, track))) {
        if (next->burst != burst || event_size_bytes (next->event) > bytes_left)
            return NULL;
        if (track_pull (core, next))
            return next;
    }
    return NULL;
}

//  What the session can still take, besides what is in hand.
static bool
has_credit (const core_t *core, const session_t *session, size_t count, size_t bytes)
{
    return count < credit_of (session) && session->sent_bytes + bytes < session->granted_bytes &&
           session->lease_count + count < (size_t)core->settings.limits.leases_per_session;
}

//  What goes with the first, into a list with room for `most`. What has to go alone does not.
static size_t
collect (core_t *core, const session_t *session, delivery_t *first, delivery_t **list, size_t most)
{
    size_t limit = most_bytes (core);
    size_t size = event_size_bytes (first->event);
    size_t left = size < limit ? limit - size : 0;
    size_t bytes = first->event->data_size;
    size_t count = 1;
    list [0] = first;
    delivery_t *next;
    while (count < most && has_credit (core, session, count, bytes) &&
           (next = take_next (core, first->track, first->burst, left))) {
        ready_queue_charge (first->track->subscriber, next);
        if (alone_wants (next)) {
            alone_put (core, next);
            continue;
        }
        left -= event_size_bytes (next->event);
        bytes += next->event->data_size;
        list [count++] = next;
    }
    return count;
}

static int
compare (const void *a, const void *b)
{
    int64_t left = (*(delivery_t *const *)a)->seq;
    int64_t right = (*(delivery_t *const *)b)->seq;
    return (left > right) - (left < right);
}

void
batching_give (core_t *core, offer_t *offer, delivery_t *first, effects_t *effects)
{
    ASSERT (!alone_wants (first), "what goes alone is not the first of a batch");
    const track_t *track = first->track;
    size_t most = (size_t)track->subscriber->subscription->batch.max_events;
    size_t waiting = 1 + track->fresh_count + track->again_count;
    if (waiting < most)
        most = waiting;
    session_t *session = find_session (offer, most);
    delivery_t **list = (delivery_t **)arena_take (&effects->arena, most * sizeof *list);
    size_t count = collect (core, session, first, list, most);
    qsort ((void *)list, count, sizeof *list, compare);  //  as the log has them

    bundle_t *bundle = ALLOCATE (bundle_t);
    bundle->number = ++core->last_bundle;
    bundle->random = (uint32_t)(random_next (&core->random) >> 32);
    for (size_t i = 0; i < count; i++)
        lease_give (core, session, list [i], bundle, effects);
}

//  ---- One that comes back

//  One that its consumer has taken, or refused for good, shows that it is there.
void
batching_note (bundle_t *self, const settle_t *settle)
{
    bool disables = self->settle.disables || settle->disables;
    bool has_word = self->settled > 0 && self->settle.outcome != OUTCOME_SKIP;
    bool was_there = has_word && self->settle.outcome != OUTCOME_RETRY;
    bool is_told = was_there || (has_word && settle->outcome == OUTCOME_SKIP);
    outcome_t outcome = is_told ? self->settle.outcome : settle->outcome;
    self->settled++;
    self->settle = *settle;
    self->settle.outcome = outcome;
    self->settle.disables = disables;
}

bool
batching_leave (bundle_t *self)
{
    ASSERT (self->left > 0, "a batch ends with the last of its leases");
    return --self->left > 0;
}

void
batching_forget (bundle_t *self)
{
    if (self->left == 0)
        free (self);
}
