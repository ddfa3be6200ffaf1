#include "broker/core/lease.h"
#include "broker/core/pending.h"
#include "broker/core/ready_queue.h"
#include "broker/core/road.h"
#include "broker/core/session.h"
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

static void
enter_offer (core_t *core, subscriber_t *subscriber)
{
    subscriber->offer = offer_of (core, subscriber->subscription->action);
    DL_APPEND2 (subscriber->offer->subscribers, subscriber, offer_prev, offer_next);
}

static void
leave_offer (core_t *core, subscriber_t *subscriber)
{
    ready_queue_remove (subscriber);
    DL_DELETE2 (subscriber->offer->subscribers, subscriber, offer_prev, offer_next);
    offer_leave (core, subscriber->offer);
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
    }
    HASH_ADD_KEYPTR (hh, core->subscribers, self->subscription->id, strlen (self->subscription->id),
                     self);
    matching_add (core->matching, &self->place, self->subscription->match, self);
    enter_offer (core, self);
    return self;
}

static void
subscriber_destroy (core_t *core, subscriber_t *self)
{
    for (int32_t i = 0; i < core->settings.partitions; i++)
        track_clear (core, &self->tracks [i]);
    leave_offer (core, self);
    matching_remove (core->matching, &self->place);
    HASH_DEL (core->subscribers, self);
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

//  Another version of it takes its place. What was matched before stays matched.
static void
replace (core_t *core, subscriber_t *self, subscription_t *subscription)
{
    HASH_DEL (core->subscribers, self);
    leave_offer (core, self);
    matching_remove (core->matching, &self->place);
    subscription_t *old = self->subscription;
    self->subscription = subscription_ref (subscription);
    subscription_destroy (&old);
    HASH_ADD_KEYPTR (hh, core->subscribers, self->subscription->id, strlen (self->subscription->id),
                     self);
    matching_add (core->matching, &self->place, self->subscription->match, self);
    enter_offer (core, self);
    for (int32_t i = 0; i < core->settings.partitions; i++)
        track_consider (core, &self->tracks [i]);
}

static void
begin (core_t *core, subscriber_t *self)
{
    for (int32_t i = 0; i < core->settings.partitions; i++) {
        if (!core->partitions [i].is_owned)
            continue;
        bool from_now = self->subscription->start == START_NOW;
        progress_t progress = {.floor = from_now ? core->partitions [i].last_seq : 0};
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

void
subscribing_subscribe (core_t *core, const input_t *input, effects_t *effects)
{
    subscription_t *subscription = input->subscribe.subscription;
    subscriber_t *self = subscriber_find (core, subscription->id);
    if (input->subscribe.is_loaded) {
        ASSERT (!self, "a store holds a subscription once, and is loaded once");
        subscriber_new (core, subscription);
        return;
    }
    size_t most = (size_t)core->settings.limits.subscriptions;
    if (!self && HASH_COUNT (core->subscribers) >= most) {
        answer_now (input, STATUS_FULL, REASON_FULL, effects);
        return;
    }
    save_document (core, subscription);
    if (self)
        replace (core, self, subscription);
    else
        begin (core, subscriber_new (core, subscription));
    pending_answer (core, input->peer, input->request, subscription);
}

void
subscribing_unsubscribe (core_t *core, const input_t *input, effects_t *effects)
{
    subscriber_t *self = subscriber_find (core, input->unsubscribe.id);
    if (!self) {
        answer_now (input, STATUS_NOT_FOUND, REASON_NONE, effects);
        return;
    }
    change_t *change = pending_change (core, CHANGE_SUBSCRIPTION_GONE, NULL, 0);
    change->subscription = pending_copy (core, self->subscription->id);
    pending_answer (core, input->peer, input->request, self->subscription);
    subscriber_destroy (core, self);
}

void
subscribing_disable (core_t *core, subscriber_t *self)
{
    if (self->subscription->is_disabled)
        return;
    const subscription_t *old = self->subscription;
    int64_t version = core->now_ms > old->version ? core->now_ms : old->version + 1;
    OWNED (subscription)
    subscription_t *disabled = subscription_with_state (old, version, old->is_paused, "gone");
    save_document (core, disabled);
    replace (core, self, disabled);
}

void
subscribing_tenure (core_t *core, const input_t *input)
{
    partition_t *partition = &core->partitions [input->tenure.partition];
    ASSERT (!partition->is_owned, "a tenure is gained once, and lost before it is gained again");
    partition->is_owned = true;
    partition->last_seq = input->tenure.last_seq;
    partition->level_seq = input->tenure.level_seq;

    for (size_t i = 0; i < input->tenure.count; i++) {
        const track_record_t *record = &input->tenure.tracks [i];
        subscriber_t *self = subscriber_find (core, record->subscription);
        ASSERT (self, "subscriptions come before the tenure, and the store deletes them together");
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
