#include "broker/store/memory_counts.h"

#include <stdlib.h>
#include <string.h>

#define uthash_fatal(message) abort ()
#include <uthash.h>

#include "broker/store/answers.h"
#include "proto/model/allocate.h"

typedef struct tally {
    char *key;  //  ours
    int64_t count;
    UT_hash_handle hh;
} tally_t;

void
memory_counts_add (memory_counts_t *self, const char *key)
{
    tally_t *tally;
    HASH_FIND_STR (self->by_key, key, tally);
    if (!tally) {
        tally = ALLOCATE (tally_t);
        tally->key = allocate_copy (key);
        HASH_ADD_KEYPTR (hh, self->by_key, tally->key, strlen (tally->key), tally);
    }
    tally->count++;
}

static int
by_key (const tally_t *a, const tally_t *b)
{
    return strcmp (a->key, b->key);
}

void
memory_counts_list (memory_counts_t *self, const char *from, size_t limit, counts_t *counts)
{
    HASH_SORT (self->by_key, by_key);
    for (const tally_t *one = self->by_key; one && counts->count < limit; one = one->hh.next)
        if (strcmp (one->key, from) >= 0)
            counts_add (counts, one->key, one->count);
}

void
memory_counts_clear (memory_counts_t *self)
{
    tally_t *tally, *next;
    HASH_ITER (hh, self->by_key, tally, next)
    {
        HASH_DEL (self->by_key, tally);
        free (tally->key);
        free (tally);
    }
}
