/*  token_cache – what the broker said of tokens, by their hash, for a few seconds.
 *
 *  Of fixed size: a flood of wrong tokens pushes out others, and costs no memory. A token that was
 *  deleted through another gateway may live here for as long as an entry does.
 */
#ifndef TOKEN_CACHE_H
#define TOKEN_CACHE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TOKEN_HASH_BYTES = 32,
    TOKEN_ID_SIZE = 121,      //  limits/name_bytes and the final zero
    TOKEN_KNOWN_MS = 10000,   //  an entry of a token that there is
    TOKEN_UNKNOWN_MS = 1000,  //  of one that there is not
};

//  Whose token it is, and what it may do.
typedef struct {
    bool is_known;
    unsigned scopes;  //  bits, of auth.h
    char id [TOKEN_ID_SIZE];
} identity_t;

typedef struct token_cache token_cache_t;

token_cache_t *token_cache_new (void);
void token_cache_destroy (token_cache_t **self_p);

//  Any thread. False: not there, or too old. `now_ms` is monotonic.
bool token_cache_find (token_cache_t *self, const uint8_t hash [TOKEN_HASH_BYTES], int64_t now_ms,
                       identity_t *identity);

/*  Ask for the generation before the broker is asked; what it said is kept only if the cache was not
 *  emptied meanwhile, since it may be what was deleted then.
 */
uint64_t token_cache_generation (token_cache_t *self);
void token_cache_keep (token_cache_t *self, const uint8_t hash [TOKEN_HASH_BYTES], int64_t now_ms,
                       const identity_t *identity, uint64_t generation);

void token_cache_empty (token_cache_t *self);  //  a token was deleted

#endif
