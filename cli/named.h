/*  named – what commands about one subscription or event share: the ids, the login, --json, and how
 *  an answer is fetched.
 */
#ifndef NAMED_H
#define NAMED_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"
#include "cli/login.h"

enum { NAMED_MOST = 101 };  //  a subscription and the events that one request may name

typedef struct {
    login_t login;
    bool is_json;                  //  --json
    size_t least, most;            //  how many ids there may be
    const char *what;              //  asked when one is missing: "which subscription? …"
    const char *ids [NAMED_MOST];  //  argv's
    size_t count;
} named_t;

//  A child of a command's argp, with the ids as its arguments: hand it its named_t at ARGP_KEY_INIT.
extern const struct argp named_argp;

//  For commands with no options of their own.
extern const struct argp_child named_children [];
error_t named_take_option (int key, char *argument, struct argp_state *state);  //  input: named_t

//  PREFIX, the id, escaped, SUFFIX: "/v1/subscriptions/" S "/pause"; free () it.
char *named_path (client_t *client, const char *id, const char *suffix);

/*  One request, and what is in {"data": …} of its answer, owned by the caller. NULL and the problem
 *  otherwise.
 */
json_t *named_ask (client_t *client, const char *method, const char *path, const json_t *body,
                   problem_t *problem);

/*  A list, page after page from this path on: `found` gets the array of each.
 *
 *  found         false ends it early
 *  Returns       what went wrong, if anything
 */
typedef bool named_page_found_t (void *context, json_t *page);
status_t named_each_page (client_t *client, const char *path, named_page_found_t *found,
                          void *context, problem_t *problem);

//  A member of an object, "" and 0 when it is not there.
const char *named_text (const json_t *object, const char *name);
int64_t named_number (const json_t *object, const char *name);

void named_print_json (const json_t *json);

#endif
