#include "broker/store/memory_tokens.h"

#include <stdlib.h>
#include <string.h>

#define uthash_fatal(message) abort ()
#include <uthash.h>

#include "broker/store/answers.h"
#include "proto/model/allocate.h"

typedef struct kept_token {
    token_t token;
    UT_hash_handle hh;  //  by id
} kept_token_t;

static void
forget (memory_tokens_t *self, kept_token_t *token)
{
    HASH_DEL (self->by_id, token);
    token_clear (&token->token);
    free (token);
}

void
memory_tokens_put (memory_tokens_t *self, const token_t *token)
{
    kept_token_t *kept;
    HASH_FIND_STR (self->by_id, token->id, kept);
    if (kept)
        forget (self, kept);
    if (!token->scopes)
        return;
    kept = ALLOCATE (kept_token_t);
    token_copy (&kept->token, token);
    HASH_ADD_KEYPTR (hh, self->by_id, kept->token.id, strlen (kept->token.id), kept);
}

bool
memory_tokens_find (const memory_tokens_t *self, const char *hash, token_t *token)
{
    for (const kept_token_t *one = self->by_id; one; one = one->hh.next)
        if (strcmp (one->token.hash, hash) == 0) {
            token_copy (token, &one->token);
            return true;
        }
    return false;
}

static int
by_age (const kept_token_t *a, const kept_token_t *b)
{
    if (a->token.created_ms != b->token.created_ms)
        return a->token.created_ms < b->token.created_ms ? -1 : 1;
    return strcmp (a->token.id, b->token.id);
}

void
memory_tokens_list (memory_tokens_t *self, token_t **tokens, size_t *count)
{
    *tokens = NULL;
    *count = 0;
    HASH_SORT (self->by_id, by_age);
    for (const kept_token_t *one = self->by_id; one; one = one->hh.next)
        token_array_add (tokens, count, &one->token);
}

void
memory_tokens_clear (memory_tokens_t *self)
{
    kept_token_t *token, *next;
    HASH_ITER (hh, self->by_id, token, next)
    forget (self, token);
}
