#include "broker/core/offer.h"

#include <stdlib.h>
#include <string.h>

#include "broker/core/track.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/labels.h"

static bool
fits (const session_t *session, const offer_t *offer)
{
    if (!labels_have (session->labels, offer->labels))
        return false;
    for (size_t i = 0; i < session->action_count; i++)
        if (strcmp (session->actions [i], offer->action) == 0)
            return true;
    return false;
}

static void
admit (offer_t *offer, session_t *session)
{
    membership_t *self = ALLOCATE (membership_t);
    self->session = session;
    self->offer = offer;
    DL_APPEND2 (session->memberships, self, before, then);
    DL_APPEND2 (offer->members, self, last, next_member);
    offer->sessions++;
    offer->draining += session->is_draining;
    if (session->is_open)
        DL_APPEND (offer->open, self);
}

static void
dismiss (membership_t *self)
{
    offer_t *offer = self->offer;
    session_t *session = self->session;
    if (session->is_open)
        DL_DELETE (offer->open, self);
    offer->sessions--;
    offer->draining -= session->is_draining;
    DL_DELETE2 (offer->members, self, last, next_member);
    DL_DELETE2 (session->memberships, self, before, then);
    free (self);
}

//  Its key is "ACTION\0LABELS": neither has a zero.
static offer_t *
make (core_t *core, const char *key, size_t size)
{
    offer_t *self = ALLOCATE (offer_t);
    self->action = allocate_bytes (key, size + 1);
    self->labels = self->action + strlen (self->action) + 1;
    HASH_ADD_KEYPTR (hh, core->offers, self->action, size, self);
    session_t *session, *next;
    HASH_ITER (hh, core->sessions, session, next)
    {
        if (fits (session, self))
            admit (self, session);
    }
    return self;
}

offer_t *
offer_of (core_t *core, const subscription_t *subscription)
{
    size_t action_size = strlen (subscription->action) + 1;
    size_t size = action_size + strlen (subscription->labels);
    char *key = allocate (size + 1, 1);
    memcpy (key, subscription->action, action_size);
    memcpy (key + action_size, subscription->labels, size - action_size);
    offer_t *offer;
    HASH_FIND (hh, core->offers, key, size, offer);
    if (!offer)
        offer = make (core, key, size);
    free (key);
    return offer;
}

static void
destroy (core_t *core, offer_t *offer)
{
    while (offer->members)
        dismiss (offer->members);
    HASH_DEL (core->offers, offer);
    free (offer->action);
    free (offer);
}

void
offer_leave (core_t *core, offer_t *offer)
{
    if (!offer->subscribers && offer->questions == 0)
        destroy (core, offer);
}

void
offer_clear (core_t *core)
{
    offer_t *offer, *next;
    HASH_ITER (hh, core->offers, offer, next)
    destroy (core, offer);
}

//  The first that fits wakes those that wait for one.
static void
wake_subscribers (core_t *core, offer_t *offer)
{
    subscriber_t *subscriber;
    DL_FOREACH2 (offer->subscribers, subscriber, offer_next)
    {
        for (int32_t i = 0; i < core->settings.partitions; i++)
            track_consider (core, track_of (subscriber, i));
    }
}

void
offer_join (core_t *core, session_t *session)
{
    offer_t *offer, *next;
    HASH_ITER (hh, core->offers, offer, next)
    {
        if (!fits (session, offer))
            continue;
        admit (offer, session);
        if (offer->sessions == 1)
            wake_subscribers (core, offer);
    }
}

void
offer_part (session_t *session)
{
    while (session->memberships)
        dismiss (session->memberships);
}

static membership_t *
find (const offer_t *offer, const session_t *session)
{
    membership_t *membership = offer->open;
    if (membership && membership->session == session)
        return membership;  //  as a rule: it is its turn
    DL_FOREACH2 (session->memberships, membership, then)
    {
        if (membership->offer == offer)
            return membership;
    }
    return NULL;
}

bool
offer_has (const offer_t *offer, const session_t *session)
{
    return find (offer, session) != NULL;
}

//  What it has, against all that it could have.
static bool
is_less_full (const session_t *a, const session_t *b)
{
    double most_a = (double)a->lease_count + (double)(a->granted - a->sent);
    double most_b = (double)b->lease_count + (double)(b->granted - b->sent);
    return (double)a->lease_count * most_b < (double)b->lease_count * most_a;
}

session_t *
offer_next (const offer_t *offer)
{
    const membership_t *first = offer->open, *second = first->next;
    return second && is_less_full (second->session, first->session) ? second->session
                                                                    : first->session;
}

void
offer_turn (offer_t *offer, const session_t *session)
{
    membership_t *membership = find (offer, session);
    ASSERT (membership && session->is_open, "it was found among those that are open");
    DL_DELETE (offer->open, membership);
    DL_APPEND (offer->open, membership);
}
