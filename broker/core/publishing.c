#include "broker/core/breaker.h"
#include "broker/core/coalescing.h"
#include "broker/core/emitting.h"
#include "broker/core/feeding.h"
#include "broker/core/lease.h"
#include "broker/core/notice.h"
#include "broker/core/pending.h"
#include "broker/core/road.h"
#include "broker/core/track.h"
#include "broker/core/track_room.h"
#include "broker/core/trimming.h"
#include "proto/model/assert.h"

enum { RETRY_AFTER_MS = 1000, BACKOFF_MS = 1000, STORE_RETRY_MS = 1000 };

static void
refuse (peer_t peer, uint64_t request, status_t status, reason_t reason, effects_t *effects)
{
    effect_t *effect = effects_add (effects, EFFECT_REFUSE, reason);
    effect->peer = peer;
    effect->request = request;
    effect->refuse.status = status;
    effect->refuse.retry_after_ms = status_repeat (status) == REPEAT_LATER ? RETRY_AFTER_MS : 0;
}

//  Whether there is room for these, and why not.
static status_t
admit (const core_t *core, const input_t *input)
{
    if (core->is_stopping)
        return STATUS_STOPPING;
    if (core->store_status != STATUS_OK)
        return core->store_status;
    const limits_t *limits = &core->settings.limits;
    size_t events = core->pending_events + input->publish.count;
    if (core->pending_events > 0 && (events > (size_t)limits->pending_events ||
                                     core->pending_bytes > (size_t)limits->pending_bytes))
        return STATUS_FULL;
    for (size_t i = 0; i < input->publish.count; i++) {
        int32_t partition = input->publish.events [i]->partition;
        ASSERT (partition >= 0 && partition < core->settings.partitions,
                "the front places an event by its key before it gets here");
        if (!core->partitions [partition].is_owned)
            return STATUS_NOT_OWNER;
    }
    return STATUS_OK;
}

void
publishing_accept (core_t *core, const input_t *input, effects_t *effects)
{
    status_t status = admit (core, input);
    if (status == STATUS_OK)
        pending_append (core, input, effects);
    else
        refuse (input->peer, input->request, status,
                status == STATUS_NOT_OWNER  ? REASON_NOT_OWNER
                : status == STATUS_STOPPING ? REASON_STOPPING
                : status == STATUS_FULL     ? REASON_FULL
                                            : REASON_STORE,
                effects);
}

typedef struct {
    core_t *core;
    event_t *event;
    effects_t *effects;
    match_data_t data;
} announcement_t;

//  One candidate for a new event. One that reads from the log finds it there.
static void
tell (void *context, void *owner)
{
    announcement_t *announcement = context;
    core_t *core = announcement->core;
    subscriber_t *subscriber = owner;
    const subscription_t *subscription = subscriber->subscription;
    event_t *event = announcement->event;
    track_t *track = track_of (subscriber, event->partition);

    if (!track->is_level || match_asks (subscription->match, &announcement->data) != MATCH_YES)
        return;
    if (subscription->is_broadcast) {
        feeding_tell (track, event, announcement->effects);
        return;
    }
    bool may_send =
        !subscription->is_paused && !subscription->is_disabled && !breaker_is_open (subscriber);
    if (may_send && track_has_room (core, track)) {
        track_add (core, track, event, &announcement->data);
        return;
    }
    if (may_send)
        coalescing_release (core, track);
    track_lag (core, track, event->seq - 1);
    track_consider (core, track);
}

static void
lag_behind (core_t *core, track_t *track)
{
    track_lag (core, track, core->partitions [track->partition].last_seq);
    track_consider (core, track);
}

//  Events were committed that nobody announced (the outcome of their commit was unknown): who took
//  new ones from memory finds them in the log.
static void
fall_behind (core_t *core, int32_t partition, int64_t up_to_seq)
{
    subscriber_t *subscriber, *next;
    HASH_ITER (hh, core->subscribers, subscriber, next)
    {
        track_t *track = track_of (subscriber, partition);
        if (subscriber->subscription->is_broadcast)
            feeding_skip (track, up_to_seq);
        else if (track->is_level)
            lag_behind (core, track);
    }
}

//  A repeat of something that was committed without our knowing.
static void
catch_up (core_t *core, int32_t partition, int64_t seq)
{
    if (seq <= core->partitions [partition].last_seq)
        return;
    fall_behind (core, partition, seq);
    core->partitions [partition].last_seq = seq;
}

static void
announce (core_t *core, event_t *event, int64_t seq, effects_t *effects)
{
    partition_t *partition = &core->partitions [event->partition];
    ASSERT (seq > partition->last_seq, "a commit gives out higher seqs than the one before");
    if (seq > partition->last_seq + 1)
        fall_behind (core, event->partition, seq - 1);
    event_set_place (event, event->partition, seq, event->accepted_ms);
    partition->last_seq = seq;

    announcement_t announcement = {
        .core = core, .event = event, .effects = effects, .data = {.event = event}};
    feeding_tell_all (core, event, effects);
    matching_each (core->matching, event, tell, &announcement);
    match_data_clear (&announcement.data);
}

//  Three quarters of what may wait for the disk do.
static bool
near_a_limit (const core_t *core)
{
    const limits_t *limits = &core->settings.limits;
    return core->pending_events > (size_t)limits->pending_events / 4 * 3 ||
           core->pending_bytes > (size_t)limits->pending_bytes / 4 * 3;
}

//  How many of them are new.
static size_t
announce_all (core_t *core, pending_t *pending, const verdict_t *verdicts, effects_t *effects)
{
    size_t stored = 0;
    for (size_t i = 0; i < pending->event_count; i++) {
        if (verdicts [i].kind == VERDICT_STORED) {
            announce (core, pending->events [i], verdicts [i].seq, effects);
            stored++;
        }
        else
            catch_up (core, pending->events [i]->partition, verdicts [i].seq);
    }
    return stored;
}

static void
confirm (core_t *core, pending_t *pending, const verdict_t *verdicts, effects_t *effects)
{
    size_t stored = announce_all (core, pending, verdicts, effects);
    if (!pending->is_append || !pending->peer)
        return;  //  a result, or a notice of our own
    verdict_t *copies = arena_take (&effects->arena, pending->event_count * sizeof *copies);
    memcpy (copies, verdicts, pending->event_count * sizeof *copies);
    effect_t *effect =
        effects_add (effects, EFFECT_CONFIRM, stored > 0 ? REASON_NEW : REASON_REPEATED);
    effect->peer = pending->peer;
    effect->request = pending->request;
    effect->confirm.events = pending->events;
    effect->confirm.verdicts = copies;
    effect->confirm.count = pending->event_count;
    effect->confirm.backoff_ms = near_a_limit (core) ? BACKOFF_MS : 0;
}

//  The workers may forget what they said: it is on disk.
static void
release_kept (core_t *core, const pending_t *pending, effects_t *effects)
{
    if (pending->kept_count == 0)
        return;
    lease_id_t *leases = arena_take (&effects->arena, pending->kept_count * sizeof *leases);
    for (size_t i = 0; i < pending->kept_count; i++) {
        leases [i] = pending->kept [i].lease;
        lease_t *lease = lease_find (core, leases [i]);
        if (lease)
            lease_free (core, lease);
    }
    effect_t *effect = effects_add (effects, EFFECT_SETTLED, REASON_KEPT);
    effect->peer = pending->kept [0].peer;
    effect->session = pending->kept [0].session;
    effect->settled.leases = leases;
    effect->settled.count = pending->kept_count;
}

static void
answer (const pending_t *pending, status_t status, effects_t *effects)
{
    if (pending->is_append || !pending->peer)
        return;
    effect_t *effect = effects_add (effects, EFFECT_ANSWER,
                                    status == STATUS_OUTCOME_UNKNOWN ? REASON_STORE : REASON_KEPT);
    effect->peer = pending->peer;
    effect->request = pending->request;
    effect->answer.status = status;
    effect->answer.subscription = pending->answer;
}

void
publishing_announce (core_t *core, const input_t *input, effects_t *effects)
{
    const verdict_t *verdicts = input->persisted.verdicts;
    size_t left = input->persisted.count;
    pending_t *pending;
    while ((pending = pending_first (core, input->persisted.up_to_ticket))) {
        ASSERT (left >= pending->event_count, "the writer has a verdict for each event");
        if (pending->event_count > 0)
            confirm (core, pending, verdicts, effects);
        verdicts += pending->event_count;
        left -= pending->event_count;
        release_kept (core, pending, effects);
        trimming_done (core, pending);
        answer (pending, pending->answer_status, effects);
        pending_spend (core, pending);
    }
    ASSERT (left == 0, "the writer has no verdict too many");
}

void
publishing_withdraw (core_t *core, const input_t *input, effects_t *effects)
{
    status_t status = input->not_persisted.status;
    core->store_status = status == STATUS_OUTCOME_UNKNOWN ? STATUS_STORE_FAILED : status;
    core->store_retry_ms = core->now_ms + STORE_RETRY_MS;

    pending_t *pending, *next;
    DL_FOREACH_SAFE (core->pending, pending, next)
    {
        if (pending->ticket > 0 && pending->ticket < input->not_persisted.from_ticket)
            continue;
        if (pending->is_append && !pending->peer) {
            notice_again (core, pending);
            pending_spend (core, pending);
            continue;
        }
        if (pending->is_append) {
            refuse (pending->peer, pending->request, status,
                    status == STATUS_OUTCOME_UNKNOWN ? REASON_UNKNOWN : REASON_STORE, effects);
            pending_spend (core, pending);
            continue;
        }
        if (status == STATUS_FULL)
            emitting_withdraw (core, pending);
        else
            pending->may_be_written = true;
        pending->ticket = 0;  //  emitted again when the store is tried again
        answer (pending, STATUS_OUTCOME_UNKNOWN, effects);
        pending->peer = 0;
    }
}
