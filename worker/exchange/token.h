/*  token – an access token by OAuth 2 client credentials (RFC 6749, section 4.4), kept until shortly
 *  before it expires, for all threads: whoever needs it first fetches it, and the others wait.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/exchange/script.h"
#include "worker/exchange/wake.h"

typedef struct token token_t;

typedef struct {
    const char *url;  //  all borrowed
    const char *client_id;
    const char *client_secret;
    const char *audience;  //  "": none is asked for
} token_settings_t;

token_t *token_new (const token_settings_t *settings);
void token_destroy (token_t **self_p);  //  safe on NULL

const char *token_url (const token_t *self);
json_t *token_request (const token_t *self);  //  the body that asks for one

//  What somebody who waits has seen; zero-initialised.
typedef struct {
    uint64_t number;    //  of the token that was taken
    uint64_t failures;  //  of fetching, when the wait began
    bool waits;
} token_place_t;

typedef enum { TOKEN_READY, TOKEN_FETCH, TOKEN_WAIT, TOKEN_FAILED } token_answer_t;

/*  READY: *line is the header with the token, a copy of the caller's. FETCH: nobody does, so the caller has to, and
 *  says how it went. WAIT: somebody does, and wakes all that listen. FAILED: it went wrong, and end says how.
 *  Any thread.
 */
token_answer_t token_take (token_t *self, token_place_t *place, int64_t now_ms, char **line,
                           ending_t *end);

//  The fetch has ended: with an answer, or, when that is NULL, as `end` says.
void token_fetched (token_t *self, const answer_t *answer, int64_t now_ms, const ending_t *end);

//  A server took it for none (401): the next one who asks fetches another, if nobody did.
void token_refused (token_t *self, const token_place_t *place);

//  Whose wake is rung when a fetch has ended: that of each exchange.
void token_listen (token_t *self, wake_t *wake);
void token_unlisten (token_t *self, const wake_t *wake);

#endif
