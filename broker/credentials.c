#include "broker/credentials.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>

enum { TEXT_RANDOM_BYTES = 20, ID_RANDOM_BYTES = 10, HASH_BYTES = 32 };

static const char *const scopes [] = {
    "admin",         "events:write", "events:read", "subscriptions:write", "subscriptions:read",
    "workers:write", "workers:read"};

//  Lower-case base32 (RFC 4648) of a multiple of five bytes, so that no padding is needed.
static void
write_base32 (const uint8_t *bytes, size_t count, char *text)
{
    static const char letters [] = "abcdefghijklmnopqrstuvwxyz234567";
    for (size_t i = 0; i < count; i += 5) {
        uint64_t five = 0;
        for (size_t j = 0; j < 5; j++)
            five = five << 8 | bytes [i + j];
        for (int shift = 35; shift >= 0; shift -= 5)
            *text++ = letters [five >> shift & 31];
    }
    *text = 0;
}

void
credential_make (credential_t *self)
{
    static const char prefix [] = "tocsin_";
    uint8_t bytes [TEXT_RANDOM_BYTES];
    randombytes_buf (bytes, sizeof bytes);
    memcpy (self->text, prefix, sizeof prefix - 1);
    write_base32 (bytes, sizeof bytes, self->text + sizeof prefix - 1);
    sodium_memzero (bytes, sizeof bytes);

    uint8_t hash [HASH_BYTES];
    crypto_generichash (hash, sizeof hash, (const uint8_t *)self->text, strlen (self->text), NULL,
                        0);
    sodium_bin2hex (self->hash, sizeof self->hash, hash, sizeof hash);

    uint8_t id [ID_RANDOM_BYTES];
    randombytes_buf (id, sizeof id);
    memcpy (self->id, "t_", 2);
    write_base32 (id, sizeof id, self->id + 2);
}

bool
credential_scope_is_known (const char *scope)
{
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
        if (strcmp (scope, scopes [i]) == 0)
            return true;
    return false;
}

const char *
credential_scopes_known (void)
{
    return "admin, events:write, events:read, subscriptions:write, subscriptions:read, "
           "workers:write, workers:read";
}
