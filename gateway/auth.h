/*  auth – whose token came with a request, and whether it may do what is asked.
 *
 *  `Authorization: Bearer TOKEN`, or Basic with the token as the password and any user. Tokens are
 *  the broker's: it is asked for the hash of one, and what it says is kept for a few seconds.
 */
#ifndef AUTH_H
#define AUTH_H

#include "gateway/request.h"

//  SCOPE_NONE: the resource is for everybody.
typedef enum {
    SCOPE_NONE,
#define SCOPE(name, word) SCOPE_##name,
#include "gateway/scope.tbl"
    SCOPES
} scope_t;

const char *scope_word (scope_t scope);  //  "events:write"

/*  Into request->who. UNAUTHENTICATED, FORBIDDEN, or why the broker cannot be asked. With SCOPE_NONE
 *  any token will do.
 */
status_t auth_check (request_t *request, scope_t scope, problem_t *problem);

//  The token in the header's value, into `token`. False: it is no credentials that we know.
bool auth_token (const char *authorization, char *token, size_t size);

#endif
