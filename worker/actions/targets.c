#include "worker/actions/targets.h"

#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"
#include "proto/model/owned_json.h"

typedef struct entry {
    prepared_t prepared;
    char *subscription;  //  ours
    int64_t version;
    struct entry *prev, *next;
    UT_hash_handle hh;  //  by subscription
} entry_t;

struct targets {
    const offer_t *offers;  //  borrowed
    size_t offer_count;
    entry_t *by_subscription;
    entry_t *used;  //  the longest unused first
    size_t most;
};

targets_t *
targets_new (size_t most, const offer_t *offers, size_t count)
{
    ASSERT (most > 0, "a cache without room would drop what it has just read");
    targets_t *self = ALLOCATE (targets_t);
    self->most = most;
    self->offers = offers;
    self->offer_count = count;
    return self;
}

static void
targets_remove (targets_t *self, entry_t *entry)
{
    HASH_DEL (self->by_subscription, entry);
    DL_DELETE (self->used, entry);
    self->offers [entry->prepared.offer].action->drop (entry->prepared.ready);
    free (entry->prepared.transform);
    free (entry->subscription);
    free (entry);
}

void
targets_destroy (targets_t **self_p)
{
    targets_t *self = *self_p;
    if (!self)
        return;
    while (self->used)
        targets_remove (self, self->used);
    free (self);
    *self_p = NULL;
}

static json_t *
target_parse (const target_t *target, problem_t *problem)
{
    json_error_t error;
    json_t *document =
        json_loadb (target->deliver, target->deliver_size, JSON_REJECT_DUPLICATES, &error);
    //  not error.text, which quotes what it found: there is a secret in it
    if (!document)
        problem_set (problem, STATUS_BAD_SUBSCRIPTION, "subscription %.60s: no JSON at byte %d",
                     target->subscription, error.position);
    return document;
}

static status_t
targets_find_offer (const targets_t *self, const json_t *document, size_t *offer,
                    problem_t *problem)
{
    const char *name =
        json_string_value (json_object_get (json_object_get (document, "action"), "name"));
    if (!name)
        name = "webhook";
    for (size_t i = 0; i < self->offer_count; i++)
        if (strcmp (self->offers [i].action->name, name) == 0) {
            *offer = i;
            return STATUS_OK;
        }
    return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "action.name",
                       "action.name: this worker does not offer \"%.60s\"", name);
}

static status_t
targets_read (const targets_t *self, const target_t *target, prepared_t *prepared,
              problem_t *problem)
{
    OWNED (json) json_t *document = target_parse (target, problem);
    if (!document || targets_find_offer (self, document, &prepared->offer, problem))
        return STATUS_BAD_SUBSCRIPTION;
    const offer_t *offer = &self->offers [prepared->offer];
    prepared->ready = offer->action->read (offer->settings, target, document, problem);
    if (!prepared->ready)
        return STATUS_BAD_SUBSCRIPTION;
    const json_t *transform = json_object_get (json_object_get (document, "transform"), "jq");
    if (transform)
        prepared->transform = allocate_copy (json_string_value (transform));
    return STATUS_OK;
}

static entry_t *
targets_add (targets_t *self, const target_t *target, const prepared_t *prepared)
{
    if (targets_count (self) >= self->most)
        targets_remove (self, self->used);
    entry_t *entry = ALLOCATE (entry_t);
    entry->prepared = *prepared;
    entry->subscription = allocate_copy (target->subscription);
    entry->version = target->version;
    HASH_ADD_KEYPTR (hh, self->by_subscription, entry->subscription, strlen (entry->subscription),
                     entry);
    DL_APPEND (self->used, entry);
    return entry;
}

const prepared_t *
targets_get (targets_t *self, const target_t *target, problem_t *problem)
{
    entry_t *entry;
    HASH_FIND_STR (self->by_subscription, target->subscription, entry);
    if (entry && entry->version == target->version) {
        DL_DELETE (self->used, entry);
        DL_APPEND (self->used, entry);
        return &entry->prepared;
    }
    prepared_t prepared = {0};
    if (targets_read (self, target, &prepared, problem))
        return NULL;
    if (entry)
        targets_remove (self, entry);
    return &targets_add (self, target, &prepared)->prepared;
}

size_t
targets_count (const targets_t *self)
{
    return HASH_COUNT (self->by_subscription);
}
