/*  login – which gateway a command talks to, and with which token: --url, --token,
 *  --token-file, or else TOCSIN_URL, TOCSIN_TOKEN, or else what `tocsin up` made.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include <argp.h>

#include "cli/client.h"

typedef struct {
    const char *url, *token, *token_file;  //  argv's; NULL when not given
} login_t;

//  A child of a command's argp: hand it its login_t at ARGP_KEY_INIT, in state->child_inputs.
extern const struct argp login_argp;

enum { LOGIN_TOKEN_BYTES = 200 };

/*  Where to, and as whom.
 *
 *  url      borrowed: argv's, the environment's or a literal
 *  token    "" when there is none: without one a command may still be answered, with what it lacks
 *  returns  SYSTEM and a problem when the token file that was named cannot be read
 */
status_t login_find (const login_t *self, const char **url, char token [LOGIN_TOKEN_BYTES],
                     problem_t *problem);

//  NULL and a problem likewise.
client_t *login_open (const login_t *self, problem_t *problem);

#endif
