#include "gateway/token_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

enum { SETS = 128, WAYS = 4 };  //  a token has one set, and a place among the four of it

typedef struct {
    uint8_t hash [TOKEN_HASH_BYTES];
    int64_t until_ms;  //  0: empty
    identity_t identity;
} entry_t;

struct token_cache {
    pthread_mutex_t lock;  //  of all below
    uint64_t generation;   //  times it was emptied
    entry_t entries [SETS][WAYS];
};

token_cache_t *
token_cache_new (void)
{
    token_cache_t *self = ALLOCATE (token_cache_t);
    pthread_mutex_init (&self->lock, NULL);
    return self;
}

void
token_cache_destroy (token_cache_t **self_p)
{
    if (!*self_p)
        return;
    pthread_mutex_destroy (&(*self_p)->lock);
    free (*self_p);
    *self_p = NULL;
}

static entry_t *
token_cache_set (token_cache_t *self, const uint8_t *hash)
{
    return self->entries [hash [0] % SETS];  //  a hash is random wherever one looks
}

bool
token_cache_find (token_cache_t *self, const uint8_t hash [TOKEN_HASH_BYTES], int64_t now_ms,
                  identity_t *identity)
{
    bool is_found = false;
    pthread_mutex_lock (&self->lock);
    const entry_t *set = token_cache_set (self, hash);
    for (int i = 0; i < WAYS && !is_found; i++)
        if (set [i].until_ms > now_ms && memcmp (set [i].hash, hash, TOKEN_HASH_BYTES) == 0) {
            *identity = set [i].identity;
            is_found = true;
        }
    pthread_mutex_unlock (&self->lock);
    return is_found;
}

uint64_t
token_cache_generation (token_cache_t *self)
{
    pthread_mutex_lock (&self->lock);
    uint64_t generation = self->generation;
    pthread_mutex_unlock (&self->lock);
    return generation;
}

//  Its own place, or that of the one which ends first.
static entry_t *
token_cache_place (token_cache_t *self, const uint8_t *hash)
{
    entry_t *set = token_cache_set (self, hash), *first = set;
    for (int i = 0; i < WAYS; i++) {
        if (set [i].until_ms > 0 && memcmp (set [i].hash, hash, TOKEN_HASH_BYTES) == 0)
            return &set [i];
        if (set [i].until_ms < first->until_ms)
            first = &set [i];
    }
    return first;
}

void
token_cache_keep (token_cache_t *self, const uint8_t hash [TOKEN_HASH_BYTES], int64_t now_ms,
                  const identity_t *identity, uint64_t generation)
{
    pthread_mutex_lock (&self->lock);
    if (generation == self->generation) {
        entry_t *entry = token_cache_place (self, hash);
        memcpy (entry->hash, hash, TOKEN_HASH_BYTES);
        entry->until_ms = now_ms + (identity->is_known ? TOKEN_KNOWN_MS : TOKEN_UNKNOWN_MS);
        entry->identity = *identity;
    }
    pthread_mutex_unlock (&self->lock);
}

void
token_cache_empty (token_cache_t *self)
{
    pthread_mutex_lock (&self->lock);
    memset (self->entries, 0, sizeof (self->entries));
    self->generation++;
    pthread_mutex_unlock (&self->lock);
}
