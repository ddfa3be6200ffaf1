#include "gateway/auth.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/clock.h"
#include "gateway/call.h"
#include "proto/model/assert.h"

enum { TOKEN_SIZE = 256, CREDENTIALS_SIZE = 512, HASH_HEX_SIZE = 2 * TOKEN_HASH_BYTES + 1 };

static const char *const words [SCOPES] = {
    [SCOPE_NONE] = "",
#define SCOPE(name, word) [SCOPE_##name] = word,
#include "gateway/scope.tbl"
};

const char *
scope_word (scope_t scope)
{
    return words [scope];
}

//  "Basic" is the user, a colon and the token, in base64.
static bool
auth_basic (const char *encoded, char *token, size_t size)
{
    char credentials [CREDENTIALS_SIZE];
    size_t used;
    if (sodium_base642bin ((unsigned char *)credentials, sizeof (credentials) - 1, encoded,
                           strlen (encoded), NULL, &used, NULL,
                           sodium_base64_VARIANT_ORIGINAL) != 0)
        return false;
    credentials [used] = 0;
    const char *colon = strchr (credentials, ':');
    bool is_one = colon && strlen (colon + 1) < size;
    if (is_one)
        strcpy (token, colon + 1);
    sodium_memzero (credentials, sizeof (credentials));
    return is_one;
}

bool
auth_token (const char *authorization, char *token, size_t size)
{
    size_t scheme = strcspn (authorization, " ");
    const char *rest = authorization + scheme;
    rest += strspn (rest, " ");
    if (scheme == strlen ("Basic") && strncasecmp (authorization, "Basic", scheme) == 0)
        return auth_basic (rest, token, size);
    if (scheme != strlen ("Bearer") || strncasecmp (authorization, "Bearer", scheme) != 0 ||
        strlen (rest) >= size)
        return false;
    strcpy (token, rest);
    return true;
}

//  "events:write events:read" to bits. A word of a newer broker is overlooked.
static unsigned
auth_scopes (const char *text)
{
    unsigned scopes = 0;
    while (*text) {
        size_t size = strcspn (text, " ,");
        for (scope_t scope = SCOPE_NONE + 1; scope < SCOPES; scope++)
            if (strlen (words [scope]) == size && strncmp (words [scope], text, size) == 0)
                scopes |= 1u << scope;
        text += size;
        text += strspn (text, " ,");
    }
    return scopes;
}

//  Ask the broker, and keep what it says.
static status_t
auth_ask (request_t *request, const uint8_t *hash, problem_t *problem)
{
    services_t *services = request->services;
    uint64_t generation = token_cache_generation (services->tokens);
    char hex [HASH_HEX_SIZE];
    sodium_bin2hex (hex, sizeof (hex), hash, TOKEN_HASH_BYTES);
    call_t call;
    call_start (&call, request, "token.verify");
    call_add_text (&call, "hash", hex);
    status_t status = call_do (&call, problem);
    if (status == STATUS_OK) {
        identity_t *who = &request->who;
        who->is_known = true;
        who->scopes = auth_scopes (call.scopes ? call.scopes : "");
        snprintf (who->id, sizeof (who->id), "%s", call.id ? call.id : "");
    }
    call_end (&call);
    if (status == STATUS_OK || status == STATUS_UNAUTHENTICATED)
        token_cache_keep (services->tokens, hash, monotonic_ms (), &request->who, generation);
    return status == STATUS_UNAUTHENTICATED ? STATUS_OK : status;
}

static status_t
auth_identify (request_t *request, const char *token, problem_t *problem)
{
    uint8_t hash [TOKEN_HASH_BYTES];
    crypto_generichash (hash, sizeof (hash), (const unsigned char *)token, strlen (token), NULL, 0);
    if (token_cache_find (request->services->tokens, hash, monotonic_ms (), &request->who))
        return STATUS_OK;
    return auth_ask (request, hash, problem);
}

status_t
auth_check (request_t *request, scope_t scope, problem_t *problem)
{
    char token [TOKEN_SIZE];
    const char *authorization = request_header (request, "Authorization");
    if (!authorization || !auth_token (authorization, token, sizeof (token)))
        return problem_set (problem, STATUS_UNAUTHENTICATED, "%s",
                            status_text (STATUS_UNAUTHENTICATED));
    status_t status = auth_identify (request, token, problem);
    sodium_memzero (token, sizeof (token));
    if (status != STATUS_OK)
        return status;
    if (!request->who.is_known)
        return problem_set (problem, STATUS_UNAUTHENTICATED,
                            "no such token: it is wrong, or was deleted");
    if (scope == SCOPE_NONE || request->who.scopes & (1u << scope | 1u << SCOPE_ADMIN))
        return STATUS_OK;
    return problem_set (problem, STATUS_FORBIDDEN, "the token %s has not the scope %s",
                        request->who.id, scope_word (scope));
}
