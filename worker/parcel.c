#include "worker/parcel.h"

#include <stdlib.h>

#include "proto/model/allocate.h"

struct parcel {
    message_t message;
    size_t references;
};

parcel_t *
parcel_new (message_t *message)
{
    parcel_t *self = ALLOCATE (parcel_t);
    self->message = *message;
    self->references = 1;
    *message = (message_t){0};
    return self;
}

void
parcel_ref (parcel_t *self)
{
    self->references++;
}

void
parcel_destroy (parcel_t **self_p)
{
    parcel_t *self = *self_p;
    *self_p = NULL;
    if (!self || --self->references > 0)
        return;
    message_clear (&self->message);
    free (self);
}

const message_t *
parcel_message (const parcel_t *self)
{
    return &self->message;
}

const delivery_t *
parcel_delivery (const parcel_t *self, size_t index)
{
    return &self->message.deliveries [index];
}

const target_t *
parcel_target (const parcel_t *self, size_t index)
{
    return &self->message.targets [self->message.deliveries [index].target];
}

void
parcel_empty (parcel_t *self, size_t index)
{
    event_destroy (&self->message.deliveries [index].event);
}
