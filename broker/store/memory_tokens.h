/*  memory_tokens – the memory store's tokens. */
#ifndef MEMORY_TOKENS_H
#define MEMORY_TOKENS_H

#include "broker/store/store.h"

typedef struct {
    struct kept_token *by_id;
} memory_tokens_t;

void memory_tokens_put (memory_tokens_t *self,
                        const token_t *token);  //  made; without scopes: revoked
bool memory_tokens_find (const memory_tokens_t *self, const char *hash, token_t *token);  //  a copy
void memory_tokens_list (memory_tokens_t *self, token_t **tokens, size_t *count);         //  by age
void memory_tokens_clear (memory_tokens_t *self);

#endif
