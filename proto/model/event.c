#include "proto/model/event.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/event_id.h"

//  An event as it lies in memory, with the bytes of its strings and its data behind it.
typedef struct {
    atomic_uint references;
    size_t size;  //  bytes of the whole block
    event_t event;
    char bytes [];
} counted_t;

static counted_t *
counted (const event_t *event)
{
    return (counted_t *)((char *)(uintptr_t)event - offsetof (counted_t, event));
}

static const char *
or_else (const char *text, const char *otherwise)
{
    return text && *text ? text : otherwise;
}

static const char *
put (char **at, const char *text)
{
    size_t size = strlen (text) + 1;
    char *copy = memcpy (*at, text, size);
    *at += size;
    return copy;
}

event_t *
event_new (const event_t *fields)
{
    ASSERT (fields->data || fields->data_size == 0, "data without bytes cannot be copied");
    event_t from = *fields;
    const char **texts [] = {&from.id,        &from.given_id, &from.source, &from.type,
                             &from.subject,   &from.key,      &from.time,   &from.content_type,
                             &from.causation, &from.root,     &from.via};
    from.key = or_else (from.key, or_else (from.subject, ""));
    from.content_type = or_else (from.content_type, "application/json");

    size_t size = sizeof (counted_t) + from.data_size;
    for (size_t i = 0; i < sizeof (texts) / sizeof (*texts); i++) {
        *texts [i] = or_else (*texts [i], "");
        size += strlen (*texts [i]) + 1;
    }
    counted_t *self = allocate (1, size);
    atomic_init (&self->references, 1);
    self->size = size;

    char *at = self->bytes;
    for (size_t i = 0; i < sizeof (texts) / sizeof (*texts); i++)
        *texts [i] = put (&at, *texts [i]);
    if (from.data_size > 0)
        from.data = memcpy (at, from.data, from.data_size);
    else
        from.data = NULL;
    self->event = from;
    return &self->event;
}

event_t *
event_ref (const event_t *event)
{
    counted_t *self = counted (event);
    unsigned before = atomic_fetch_add_explicit (&self->references, 1, memory_order_relaxed);
    ASSERT (before > 0 && before < UINT32_MAX,
            "an event that is gone was kept without a reference");
    return &self->event;
}

void
event_destroy (event_t **event_p)
{
    event_t *event = *event_p;
    if (!event)
        return;
    *event_p = NULL;
    counted_t *self = counted (event);
    unsigned before = atomic_fetch_sub_explicit (&self->references, 1, memory_order_acq_rel);
    ASSERT (before > 0, "a reference was given back twice");
    if (before == 1)
        free (self);
}

int
event_says_same (const event_t *a, const event_t *b)
{
    ASSERT (strcmp (a->id, b->id) == 0, "two events of different ids are never one");
    if (event_id_is_derived (a->id))
        return 1;
    return strcmp (a->type, b->type) == 0 && strcmp (a->subject, b->subject) == 0 &&
           strcmp (a->key, b->key) == 0 && a->data_size == b->data_size &&
           (a->data_size == 0 || memcmp (a->data, b->data, a->data_size) == 0);
}

int
event_has_cause (const event_t *event)
{
    return *event->causation || *event->root || *event->via || event->hops != 0;
}

void
event_set_place (event_t *event, int32_t partition, int64_t seq, int64_t accepted_ms)
{
    ASSERT (partition >= 0, "an event lies in a partition of its store");
    ASSERT (event->seq == 0 || event->seq == seq, "an event has one place in the log for ever");
    event->partition = partition;
    event->seq = seq;
    event->accepted_ms = accepted_ms;
}

size_t
event_size_bytes (const event_t *event)
{
    return counted (event)->size;
}

int32_t
event_partition (const char *key, int32_t partitions)
{
    ASSERT (partitions > 0, "a store has at least one partition");
    if (partitions == 1)
        return 0;
    uint8_t hash [crypto_generichash_BYTES];
    crypto_generichash (hash, sizeof (hash), (const uint8_t *)key, strlen (key), NULL, 0);
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | hash [i];
    return (int32_t)(number % (uint64_t)partitions);
}
