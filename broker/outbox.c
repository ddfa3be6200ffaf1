#include "broker/outbox.h"
#include "broker/core/view.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum {
    RECALLED = 64,         //  subscriptions whose target is found at once
    DELIVERY_BYTES = 128,  //  around an event, at most
    TARGET_BYTES = 256,    //  around `deliver`, at most
    FRAME_SPARE_BYTES = 4096
};

struct outbox {
    session_id_t session;
    const limits_t *limits;  //  borrowed
    size_t bytes;            //  of deliveries and targets, rather too many

    delivery_t *deliveries;  //  with a reference each
    size_t delivery_count, delivery_room;
    target_t *targets;
    subscription_t **subscriptions;  //  of the targets, with a reference each
    size_t target_count, target_room;
    uint32_t recalled [RECALLED];  //  by a subscription's address: an index among targets, a guess

    uint64_t *leases;  //  settled
    size_t lease_count, lease_room;
};

outbox_t *
outbox_new (session_id_t session, const limits_t *limits)
{
    outbox_t *self = ALLOCATE (outbox_t);
    self->session = session;
    self->limits = limits;
    return self;
}

session_id_t
outbox_session (const outbox_t *self)
{
    return self->session;
}

void
outbox_clear (outbox_t *self, session_id_t session)
{
    for (size_t i = 0; i < self->delivery_count; i++)
        event_destroy (&self->deliveries [i].event);
    for (size_t i = 0; i < self->target_count; i++)
        subscription_destroy (&self->subscriptions [i]);
    self->delivery_count = self->target_count = self->lease_count = self->bytes = 0;
    self->session = session;
}

void
outbox_destroy (outbox_t **self_p)
{
    outbox_t *self = *self_p;
    if (!self)
        return;
    outbox_clear (self, 0);
    free (self->deliveries);
    free (self->targets);
    free (self->subscriptions);
    free (self->leases);
    free (self);
    *self_p = NULL;
}

static size_t
outbox_delivery_bytes (const effect_t *effect)
{
    return event_size_bytes (effect->deliver.event) + DELIVERY_BYTES +
           effect->deliver.subscription->deliver_size + TARGET_BYTES;
}

//  A batch goes in one message: the first of it is taken if all of it can be.
static size_t
outbox_batch_bytes (const outbox_t *self, const effect_t *effect)
{
    size_t events = (size_t)effect->deliver.subscription->batch.max_events;
    size_t bytes = (size_t)self->limits->delivery_batch_bytes;
    size_t half = (size_t)self->limits->frame_bytes / 2;  //  the core takes no more
    return outbox_delivery_bytes (effect) + events * DELIVERY_BYTES + (bytes < half ? bytes : half);
}

bool
outbox_takes_delivery (const outbox_t *self, const effect_t *effect)
{
    if (self->session != effect->session)
        return false;
    uint64_t batch = effect->deliver.batch;
    if (self->delivery_count == 0 ||
        (batch > 0 && self->deliveries [self->delivery_count - 1].batch == batch))
        return true;
    size_t most = (size_t)self->limits->frame_bytes - FRAME_SPARE_BYTES;
    size_t count = batch > 0 ? (size_t)effect->deliver.subscription->batch.max_events : 1;
    size_t bytes = batch > 0 ? outbox_batch_bytes (self, effect) : outbox_delivery_bytes (effect);
    return self->delivery_count + count <= (size_t)self->limits->batch_events &&
           self->bytes + bytes <= most;
}

bool
outbox_takes_settled (const outbox_t *self, const effect_t *effect)
{
    return self->session == effect->session &&
           self->lease_count + effect->settled.count <= (size_t)self->limits->batch_events;
}

static uint32_t
outbox_add_target (outbox_t *self, subscription_t *subscription)
{
    if (self->target_count == self->target_room) {
        self->target_room = self->target_room ? 2 * self->target_room : 16;
        self->targets = allocate_again (self->targets, self->target_room, sizeof *self->targets);
        self->subscriptions =
            allocate_again (self->subscriptions, self->target_room, sizeof *self->subscriptions);
    }
    self->targets [self->target_count] = (target_t){
        .subscription = subscription->id,
        .version = subscription->version,
        .deliver = subscription->deliver_json,
        .deliver_size = subscription->deliver_size,
        .timeout_ms =
            subscription->is_asked ? subscription->ask.timeout_ms : subscription->retry.timeout_ms,
    };
    self->subscriptions [self->target_count] = subscription_ref (subscription);
    self->bytes += subscription->deliver_size + TARGET_BYTES;
    return (uint32_t)self->target_count++;
}

//  One target for each subscription; when two share a place of `recalled`, one of them may appear
//  twice, which costs bytes and harms nobody.
static uint32_t
outbox_target (outbox_t *self, subscription_t *subscription)
{
    uint32_t *recalled = &self->recalled [((uintptr_t)subscription >> 5) % RECALLED];
    if (*recalled >= self->target_count || self->subscriptions [*recalled] != subscription)
        *recalled = outbox_add_target (self, subscription);
    return *recalled;
}

void
outbox_add_delivery (outbox_t *self, const effect_t *effect)
{
    ASSERT (self->session == effect->session, "another session's deliveries are sent before");
    if (self->delivery_count == self->delivery_room) {
        self->delivery_room = self->delivery_room ? 2 * self->delivery_room : 64;
        self->deliveries =
            allocate_again (self->deliveries, self->delivery_room, sizeof *self->deliveries);
    }
    self->deliveries [self->delivery_count++] = (delivery_t){
        .lease = effect->deliver.lease,
        .number = effect->deliver.number,
        .attempt = effect->deliver.attempt,
        .deadline_ms = effect->deliver.deadline_ms,
        .batch = effect->deliver.batch,
        .target = outbox_target (self, effect->deliver.subscription),
        .event = event_ref (effect->deliver.event),
    };
    self->bytes += event_size_bytes (effect->deliver.event) + DELIVERY_BYTES;
}

void
outbox_add_settled (outbox_t *self, const effect_t *effect)
{
    ASSERT (self->session == effect->session, "another session's leases are told of before");
    size_t needed = self->lease_count + effect->settled.count;
    if (needed > self->lease_room) {
        self->lease_room = 2 * needed;
        self->leases = allocate_again (self->leases, self->lease_room, sizeof *self->leases);
    }
    memcpy (self->leases + self->lease_count, effect->settled.leases,
            effect->settled.count * sizeof *self->leases);
    self->lease_count = needed;
}

bool
outbox_deliveries (const outbox_t *self, message_t *message)
{
    *message = (message_t){
        .command = COMMAND_DELIVER,
        .session = self->session,
        .targets = self->targets,
        .target_count = self->target_count,
        .deliveries = self->deliveries,
        .delivery_count = self->delivery_count,
    };
    return self->delivery_count > 0;
}

bool
outbox_settled (const outbox_t *self, message_t *message)
{
    *message = (message_t){
        .command = COMMAND_SETTLED,
        .session = self->session,
        .leases = self->leases,
        .lease_count = self->lease_count,
    };
    return self->lease_count > 0;
}
