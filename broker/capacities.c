#include "broker/capacities.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "proto/model/allocate.h"

struct capacity_entry {
    char *worker;  //  ours
    int64_t capacity;
    UT_hash_handle hh;
};

static capacity_entry_t *
capacities_find (const capacities_t *self, const char *worker)
{
    capacity_entry_t *found;
    HASH_FIND_STR (self->entries, worker, found);
    return found;
}

static void
capacities_remove (capacities_t *self, capacity_entry_t *entry)
{
    HASH_DEL (self->entries, entry);
    free (entry->worker);
    free (entry);
}

void
capacities_want (capacities_t *self, const char *worker, int64_t capacity)
{
    capacity_entry_t *entry = capacities_find (self, worker);
    if (capacity == 0) {
        if (entry)
            capacities_remove (self, entry);
        return;
    }
    if (!entry) {
        entry = ALLOCATE (capacity_entry_t);
        entry->worker = allocate_copy (worker);
        HASH_ADD_KEYPTR (hh, self->entries, entry->worker, strlen (entry->worker), entry);
    }
    entry->capacity = capacity;
}

int64_t
capacities_wanted (const capacities_t *self, const char *worker)
{
    const capacity_entry_t *entry = capacities_find (self, worker);
    return entry ? entry->capacity : 0;
}

size_t
capacities_count (const capacities_t *self)
{
    return HASH_COUNT (self->entries);
}

void
capacities_clear (capacities_t *self)
{
    capacity_entry_t *entry, *next;
    HASH_ITER (hh, self->entries, entry, next)
    capacities_remove (self, entry);
}
