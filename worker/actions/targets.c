#include "worker/actions/targets.h"

#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

typedef struct entry {
    webhook_target_t *target;  //  a reference
    struct entry *prev, *next;
    UT_hash_handle hh;  //  by the target's subscription
} entry_t;

struct targets {
    entry_t *by_subscription;
    entry_t *used;  //  the longest unused first
    size_t most;
};

targets_t *
targets_new (size_t most)
{
    ASSERT (most > 0, "a cache without room would drop what it has just read");
    targets_t *self = ALLOCATE (targets_t);
    self->most = most;
    return self;
}

static void
targets_remove (targets_t *self, entry_t *entry)
{
    HASH_DEL (self->by_subscription, entry);
    DL_DELETE (self->used, entry);
    webhook_target_destroy (&entry->target);
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

static entry_t *
targets_add (targets_t *self, webhook_target_t *target)
{
    if (targets_count (self) >= self->most)
        targets_remove (self, self->used);
    entry_t *entry = ALLOCATE (entry_t);
    entry->target = target;
    HASH_ADD_KEYPTR (hh, self->by_subscription, target->subscription, strlen (target->subscription),
                     entry);
    DL_APPEND (self->used, entry);
    return entry;
}

webhook_target_t *
targets_get (targets_t *self, const target_t *target, problem_t *problem)
{
    entry_t *entry;
    HASH_FIND_STR (self->by_subscription, target->subscription, entry);
    if (entry && entry->target->version == target->version) {
        DL_DELETE (self->used, entry);
        DL_APPEND (self->used, entry);
        return webhook_target_ref (entry->target);
    }
    webhook_target_t *read = webhook_target_new (target, problem);
    if (!read)
        return NULL;
    if (entry)
        targets_remove (self, entry);
    return webhook_target_ref (targets_add (self, read)->target);
}

size_t
targets_count (const targets_t *self)
{
    return HASH_COUNT (self->by_subscription);
}
