#include "broker/core/breaker.h"
#include "broker/core/bringing.h"
#include "broker/core/coalescing.h"
#include "broker/core/companion.h"
#include "broker/core/feeding.h"
#include "broker/core/lease.h"
#include "broker/core/notice.h"
#include "broker/core/offer.h"
#include "broker/core/pending.h"
#include "broker/core/ready_queue.h"
#include "broker/core/replaying.h"
#include "broker/core/road.h"
#include "broker/core/track.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"

subscriber_t *
subscriber_find (const core_t *core, const char *id)
{
    subscriber_t *subscriber;
    HASH_FIND_STR (core->subscribers, id, subscriber);
    return subscriber;
}

track_t *
subscribing_track (const core_t *core, const char *subscription, int32_t partition)
{
    subscriber_t *subscriber = subscriber_find (core, subscription);
    if (!subscriber || partition < 0 || partition >= core->settings.partitions)
        return NULL;
    track_t *track = track_of (subscriber, partition);
    return track->is_owned ? track : NULL;
}

static void
enter_offer (core_t *core, subscriber_t *subscriber)
{
    subscriber->offer = offer_of (core, subscriber->subscription);
    DL_APPEND2 (subscriber->offer->subscribers, subscriber, offer_prev, offer_next);
}

static void
leave_offer (core_t *core, subscriber_t *subscriber)
{
    ready_queue_remove (subscriber);
    DL_DELETE2 (subscriber->offer->subscribers, subscriber, offer_prev, offer_next);
    offer_leave (core, subscriber->offer);
}

//  Into the indexes. A replay that has ended wants nothing of the log any more.
static void
enter (core_t *core, subscriber_t *self)
{
    HASH_ADD_KEYPTR (hh, core->subscribers, self->subscription->id, strlen (self->subscription->id),
                     self);
    feeding_note_change (core, self->subscription);
    if (!self->subscription->replay.has_ended)
        matching_add (core->matching, &self->place, self->subscription->match, self);
    enter_offer (core, self);
}

static void
leave (core_t *core, subscriber_t *self)
{
    feeding_note_change (core, self->subscription);
    leave_offer (core, self);
    matching_remove (core->matching, &self->place);
    HASH_DEL (core->subscribers, self);
}

static subscriber_t *
subscriber_new (core_t *core, subscription_t *subscription)
{
    subscriber_t *self = ALLOCATE (subscriber_t);
    self->subscription = subscription_ref (subscription);
    self->tracks = allocate ((size_t)core->settings.partitions, sizeof *self->tracks);
    for (int32_t i = 0; i < core->settings.partitions; i++) {
        self->tracks [i].subscriber = self;
        self->tracks [i].partition = i;
        self->tracks [i].ripe.kind = DUE_TRACK;
        self->tracks [i].ripe.owner = &self->tracks [i];
    }
    pace_begin (&self->pace, subscription, core->now_ms);
    self->wake.kind = DUE_SUBSCRIBER;
    self->wake.owner = self;
    self->abandoned.kind = DUE_BROUGHT;
    self->abandoned.owner = self;
    enter (core, self);
    ready_queue_reconsider (core, self);
    return self;
}

static void
subscriber_destroy (core_t *core, subscriber_t *self)
{
    for (int32_t i = 0; i < core->settings.partitions; i++)
        track_clear (core, &self->tracks [i]);
    due_queue_remove (&core->due, &self->wake);
    bringing_forget (core, self);
    leave (core, self);
    subscription_destroy (&self->subscription);
    free (self->tracks);
    free (self);
}

void
subscribing_clear (core_t *core)
{
    subscriber_t *subscriber, *next;
    HASH_ITER (hh, core->subscribers, subscriber, next)
    subscriber_destroy (core, subscriber);
}

static void
save_document (core_t *core, subscription_t *subscription)
{
    change_t *change = pending_change (core, CHANGE_SUBSCRIPTION, NULL, 0);
    change->subscription = pending_copy (core, subscription->id);
    change->document = subscription_ref (subscription);
}

void
subscribing_consider (core_t *core, subscriber_t *self)
{
    for (int32_t i = 0; i < core->settings.partitions; i++)
        track_consider (core, &self->tracks [i]);
    ready_queue_reconsider (core, self);
}

void
subscribing_shed (core_t *core, subscriber_t *self)
{
    for (int32_t i = 0; i < core->settings.partitions; i++)
        track_shed (core, &self->tracks [i]);
}

//  Another version of it takes its place. What was matched before stays matched.
static void
replace (core_t *core, subscriber_t *self, subscription_t *subscription)
{
    leave (core, self);
    subscription_t *old = self->subscription;
    ASSERT (old->is_broadcast == subscription->is_broadcast,
            "another mode is another subscription: deliveries under way would have none");
    bool resumes = (old->is_disabled && !subscription->is_disabled) ||
                   (old->is_paused && !subscription->is_paused);
    self->subscription = subscription_ref (subscription);
    enter (core, self);
    if (old->rate_per_second != subscription->rate_per_second ||
        old->in_flight_most != subscription->in_flight_most)
        pace_begin (&self->pace, subscription, core->now_ms);
    if (resumes)
        breaker_reset (core, self);
    coalescing_change (core, self, old);
    if (!subscription->brought.by)
        bringing_forget (core, self);
    if (subscription->is_paused || subscription->is_disabled)
        subscribing_shed (core, self);
    subscription_destroy (&old);
    subscribing_consider (core, self);
}

//  The last seq that a new one does not want.
static int64_t
start_seq (const core_t *core, const subscription_t *subscription, int32_t partition,
           const int64_t *start_seqs)
{
    const partition_t *log = &core->partitions [partition];
    int64_t seq = log->first_seq - 1;  //  the earliest there is
    if (start_seqs)
        seq = start_seqs [partition];
    else if (subscription->replay.id)
        seq = (size_t)partition < subscription->replay.partitions
                  ? subscription->replay.from [partition]
                  : log->last_seq;
    else if (subscription->start == START_NOW || subscription->start == START_TIME)
        seq = log->last_seq;
    else if (subscription->start == START_SEQ)
        seq = subscription->start_at - 1;
    if (seq < log->first_seq - 1)
        return log->first_seq - 1;
    return seq > log->last_seq ? log->last_seq : seq;
}

static void
begin (core_t *core, subscriber_t *self, const int64_t *start_seqs)
{
    for (int32_t i = 0; i < core->settings.partitions; i++) {
        if (!core->partitions [i].is_owned)
            continue;
        progress_t progress = {.floor = start_seq (core, self->subscription, i, start_seqs)};
        track_begin (core, &self->tracks [i], &progress);
        pending_mark (core, &self->tracks [i]);
        track_consider (core, &self->tracks [i]);
    }
}

static void
answer_now (const input_t *input, status_t status, reason_t reason, effects_t *effects)
{
    effect_t *answer = effects_add (effects, EFFECT_ANSWER, reason);
    answer->peer = input->peer;
    answer->request = input->request;
    answer->answer.status = status;
}

static void
tell_change (core_t *core, const subscription_t *old, const subscription_t *new)
{
    if (new->is_disabled && !old->is_disabled)
        notice_subscription (core, new, "disabled", "somebody disabled it");
    else if (new->is_paused && !old->is_paused)
        notice_subscription (core, new, "paused", "somebody paused it");
    else if ((old->is_paused && !new->is_paused) || (old->is_disabled && !new->is_disabled))
        notice_subscription (core, new, "resumed", "somebody resumed it");
    else
        notice_subscription (core, new, "changed", "somebody changed it");
}

static int64_t
next_version (const core_t *core, const subscription_t *old)
{
    return core->now_ms > old->version ? core->now_ms : old->version + 1;
}

static bool
replays (const subscriber_t *self, const char *id)
{
    const replay_t *replay = &self->subscription->replay;
    return replay->id && strcmp (replay->of, id) == 0;
}

//  They go to the same consumer: what stops it stops them.
static void
pause_replays (core_t *core, const subscription_t *subscription)
{
    bool has_stopped = subscription->is_paused || subscription->is_disabled;
    subscriber_t *self, *next;
    HASH_ITER (hh, core->subscribers, self, next)
    {
        const subscription_t *old = self->subscription;
        if (!replays (self, subscription->id) ||
            (old->is_paused == has_stopped && !old->is_disabled))
            continue;
        OWNED (subscription)
        subscription_t *changed =
            subscription_with_state (old, next_version (core, old), has_stopped, NULL);
        save_document (core, changed);
        replace (core, self, changed);
    }
}

//  As it is asked for; but a replay stands still while what it replays does. NULL: that is not there.
static subscription_t *
settle_state (core_t *core, const subscription_t *asked)
{
    if (!asked->replay.id)
        return subscription_ref (asked);
    const subscriber_t *of = subscriber_find (core, asked->replay.of);
    if (!of)
        return NULL;
    bool has_stopped = of->subscription->is_paused || of->subscription->is_disabled;
    if (asked->is_paused == has_stopped && !asked->is_disabled)
        return subscription_ref (asked);
    return subscription_with_state (asked, asked->version, has_stopped, NULL);
}

static void
load (core_t *core, const input_t *input)
{
    subscription_t *subscription = input->subscribe.subscription;
    ASSERT (!subscriber_find (core, subscription->id),
            "a store holds a subscription once, and is loaded once");
    subscriber_t *self = subscriber_new (core, subscription);
    if (input->subscribe.health)
        self->health = *input->subscribe.health;
    bringing_load (core, self);
}

//  self: what it replaces; NULL: it is new.
static void
put (core_t *core, subscriber_t *self, subscription_t *subscription, const int64_t *start_seqs)
{
    save_document (core, subscription);
    if (!self) {
        begin (core, subscriber_new (core, subscription), start_seqs);
        return;
    }
    bool is_repeat = self->subscription->version == subscription->version;
    replace (core, self, subscription);
    if (!is_repeat && !subscription->is_paused && !subscription->is_disabled) {
        breaker_reset (core, self);  //  whoever changes it thinks that it is well
        subscribing_consider (core, self);
    }
    pause_replays (core, subscription);
}

void
subscribing_put (core_t *core, subscription_t *subscription)
{
    put (core, subscriber_find (core, subscription->id), subscription, NULL);
}

void
subscribing_subscribe (core_t *core, const input_t *input, effects_t *effects)
{
    if (input->subscribe.is_loaded) {
        load (core, input);
        return;
    }
    OWNED (subscription)
    subscription_t *subscription = settle_state (core, input->subscribe.subscription);
    if (!subscription) {
        answer_now (input, STATUS_NOT_FOUND, REASON_NONE, effects);
        return;
    }
    subscriber_t *self = subscriber_find (core, subscription->id);
    size_t most = (size_t)core->settings.limits.subscriptions;
    if (!self && HASH_COUNT (core->subscribers) >= most) {
        answer_now (input, STATUS_FULL, REASON_FULL, effects);
        return;
    }
    if (self)
        tell_change (core, self->subscription, subscription);
    else
        notice_subscription (core, subscription, "created", "somebody made it");
    put (core, self, subscription, input->subscribe.start_seqs);
    companion_follow (core, subscription);
    pending_answer (core, input, STATUS_OK, subscription);
}

void
subscribing_end_one (core_t *core, subscriber_t *self)
{
    change_t *change = pending_change (core, CHANGE_SUBSCRIPTION_GONE, NULL, 0);
    change->subscription = pending_copy (core, self->subscription->id);
    subscriber_destroy (core, self);
}

void
subscribing_end (core_t *core, subscriber_t *self)
{
    subscriber_t *other, *next;
    HASH_ITER (hh, core->subscribers, other, next)
    {
        if (other != self && (replays (other, self->subscription->id) ||
                              companion_is_of (other, self->subscription->id)))
            subscribing_end_one (core, other);
    }
    subscribing_end_one (core, self);
}

void
subscribing_unsubscribe (core_t *core, const input_t *input, effects_t *effects)
{
    subscriber_t *self = subscriber_find (core, input->unsubscribe.id);
    if (!self && core->pending_saves > 0) {
        //  Perhaps its end is one of those that are not on disk yet, and a crash would bring it back.
        pending_answer (core, input, STATUS_NOT_FOUND, NULL);
        return;
    }
    if (!self) {
        answer_now (input, STATUS_NOT_FOUND, REASON_NONE, effects);
        return;
    }
    pending_answer (core, input, STATUS_OK, self->subscription);
    notice_subscription (core, self->subscription, "deleted", "somebody deleted it");
    subscribing_end (core, self);
}

//  What is said to a replay its consumer means for all of it.
void
subscribing_disable (core_t *core, subscriber_t *self, const char *because)
{
    if (replaying_is_replay (self))
        self = subscriber_find (core, self->subscription->replay.of);
    ASSERT (self, "replays end with what they replay");
    if (self->subscription->is_disabled)
        return;
    const subscription_t *old = self->subscription;
    OWNED (subscription)
    subscription_t *disabled =
        subscription_with_state (old, next_version (core, old), old->is_paused, because);
    notice_subscription (core, disabled, "disabled",
                         strcmp (because, "gone") == 0
                             ? "its consumer answered 410 Gone"
                             : "its consumer failed for longer than retry.disable_after_ms");
    save_document (core, disabled);
    replace (core, self, disabled);
    pause_replays (core, disabled);
    companion_follow (core, disabled);
}

//  It has expired, its replay has ended, or what hindered it has.
void
subscribing_wake (core_t *core, subscriber_t *self)
{
    due_queue_remove (&core->due, &self->wake);
    int64_t expires_ms = self->subscription->expires_ms;
    if (expires_ms > 0 && expires_ms <= core->now_ms) {
        notice_subscription (core, self->subscription, "expired", "its time was up");
        subscribing_end (core, self);
        return;
    }
    if (replaying_has_ended (self)) {
        const subscription_t *old = self->subscription;
        OWNED (subscription)
        subscription_t *ended = subscription_replay_ended (old, next_version (core, old));
        save_document (core, ended);
        replace (core, self, ended);
    }
    subscribing_consider (core, self);
}

void
subscribing_tenure (core_t *core, const input_t *input)
{
    partition_t *partition = &core->partitions [input->tenure.partition];
    ASSERT (!partition->is_owned, "a tenure is gained once, and lost before it is gained again");
    partition->is_owned = true;
    partition->first_seq = input->tenure.first_seq > 0 ? input->tenure.first_seq : 1;
    partition->last_seq = input->tenure.last_seq;
    partition->level_seq = input->tenure.level_seq;

    for (size_t i = 0; i < input->tenure.count; i++) {
        const track_record_t *record = &input->tenure.tracks [i];
        subscriber_t *self = subscriber_find (core, record->subscription);
        if (!self)
            continue;  //  it expired while nobody was there, and has just been ended
        track_t *track = track_of (self, input->tenure.partition);
        track_begin (core, track, &record->progress);
        track->stored_floor = record->progress.floor;
        track->stored_quiet = true;  //  perhaps: its row is written before level_seq rises
        track->dead = record->dead_count;
        core->dead += record->dead_count;
        for (size_t e = 0; e < record->exception_count; e++)
            track_add_stored (core, track, &record->exceptions [e]);
        track_consider (core, track);
    }
}
