#include "broker/core/bringing.h"

#include <stdlib.h>

#include "broker/core/companion.h"
#include "broker/core/notice.h"
#include "broker/core/road.h"
#include "proto/model/allocate.h"

enum { GONE_HEARTBEATS = 3 };

static bool
goes_with_workers (const subscriber_t *subscriber)
{
    const brought_t *brought = &subscriber->subscription->brought;
    return brought->by && !brought->keep;
}

//  Nobody who brought it is there: it goes then.
static void
plan (core_t *core, subscriber_t *subscriber, int64_t due_ms)
{
    if (goes_with_workers (subscriber) && !subscriber->bringers)
        due_queue_put (&core->due, &subscriber->abandoned, due_ms);
}

static int64_t
gone_ms (const core_t *core)
{
    return core->now_ms + GONE_HEARTBEATS * core->settings.heartbeat_ms;
}

static void
part (bringing_t *self)
{
    DL_DELETE (self->session->brought, self);
    DL_DELETE2 (self->subscriber->bringers, self, before, then);
    free (self);
}

static void
tie (core_t *core, session_t *session, subscriber_t *subscriber)
{
    bringing_t *self;
    DL_FOREACH (session->brought, self)
    {
        if (self->subscriber == subscriber)
            return;
    }
    self = ALLOCATE (bringing_t);
    self->session = session;
    self->subscriber = subscriber;
    DL_APPEND (session->brought, self);
    DL_APPEND2 (subscriber->bringers, self, before, then);
    due_queue_remove (&core->due, &subscriber->abandoned);
}

static bool
replaces (const subscription_t *old, const subscription_t *brought)
{
    return old->brought.by && brought->brought.revision > old->brought.revision;
}

//  Made, or replaced. False: there is no room for another.
static bool
take (core_t *core, const subscriber_t *old, subscription_t *subscription)
{
    if (!old && HASH_COUNT (core->subscribers) >= (size_t)core->settings.limits.subscriptions)
        return false;
    notice_subscription (core, subscription, old ? "changed" : "created",
                         old ? "a worker brought a later revision" : "a worker brought it");
    subscribing_put (core, subscription);
    companion_follow (core, subscription);
    return true;
}

void
bringing_bring (core_t *core, session_t *session, const input_t *input, effects_t *effects)
{
    subscription_t *subscription = input->bring.subscription;
    const subscriber_t *old = subscriber_find (core, input->bring.id);
    bool is_wanted = subscription && (!old || replaces (old->subscription, subscription));
    if (is_wanted && !take (core, old, subscription)) {
        effect_t *error = effects_add (effects, EFFECT_ERROR, REASON_FULL);
        error->peer = session->peer;
        error->session = session->id;
        error->error.status = STATUS_FULL;
        return;
    }
    subscriber_t *subscriber = subscriber_find (core, input->bring.id);
    if (subscriber && subscriber->subscription->brought.by)
        tie (core, session, subscriber);
}

void
bringing_load (core_t *core, subscriber_t *subscriber)
{
    plan (core, subscriber, gone_ms (core) + core->settings.grace_ms);
}

void
bringing_forget (core_t *core, subscriber_t *subscriber)
{
    while (subscriber->bringers)
        part (subscriber->bringers);
    due_queue_remove (&core->due, &subscriber->abandoned);
}

void
bringing_session_ends (core_t *core, session_t *session)
{
    while (session->brought) {
        subscriber_t *subscriber = session->brought->subscriber;
        part (session->brought);
        if (!core->is_stopping)
            plan (core, subscriber, gone_ms (core));
    }
}

//  Who was stopped has heard of nobody: they have the time that silence has.
void
bringing_wake (core_t *core, subscriber_t *subscriber)
{
    due_queue_remove (&core->due, &subscriber->abandoned);
    if (core->now_ms < core->lenient_ms || core->is_stopping) {
        plan (core, subscriber, gone_ms (core));
        return;
    }
    if (!goes_with_workers (subscriber) || subscriber->bringers)
        return;
    notice_subscription (core, subscriber->subscription, "deleted",
                         "the workers that had brought it are gone");
    subscribing_end (core, subscriber);
}
