/*  subscription – match + action + deliver + policy: who wants which events, and what is done.
 *
 *  Immutable and counted: a change makes a new one with a higher version. Its JSON is the document
 *  of the API and of the store; the fields beside it are what the core and the worker need of it.
 */
#ifndef SUBSCRIPTION_H
#define SUBSCRIPTION_H

#include <jansson.h>

#include "proto/model/match.h"

typedef struct {
    int32_t max_attempts;  //  at least 1
    int64_t min_backoff_ms;
    int64_t max_backoff_ms;
    int64_t timeout_ms;  //  of one attempt
} retry_policy_t;

typedef enum { ORDER_NONE, ORDER_KEY } order_t;
typedef enum { START_NOW, START_EARLIEST } start_t;

typedef struct subscription {
    const char *id;
    int64_t version;  //  ms since 1970 of its last change, rising: its ETag
    const match_t *match;
    const char *action;  //  "webhook"
    const char
        *deliver_json;  //  compact JSON of `action` and `deliver`, for the worker, secret included
    size_t deliver_size;  //  bytes
    retry_policy_t retry;
    int32_t in_flight_most;
    order_t order;
    start_t start;
    bool is_paused;
    bool is_disabled;
    const json_t *document;  //  all of it, normalised: defaults filled in, secret included
} subscription_t;

/*  From the document in a request ({"id"?, "match", "action"?, "deliver", …}, without the outer
 *  "data"). Defaults are filled in; an id and a signing secret (whsec_ and 32 random bytes in base64)
 *  are made where none is given. NULL and a problem (BAD_SUBSCRIPTION or BAD_MATCH, path in name)
 *  for an unknown member, a wrong type, a value out of bounds.
 */
subscription_t *subscription_new (const json_t *document, int64_t version, const limits_t *limits,
                                  problem_t *problem);
/*  From what subscription_dump made, as the store keeps it. */
subscription_t *subscription_load (const char *text, size_t size, const limits_t *limits,
                                   problem_t *problem);
char *subscription_dump (const subscription_t *self);  //  for the store; free () it

/*  The same with another state, a new version: what pausing and 410 Gone make of it. */
subscription_t *subscription_with_state (const subscription_t *self, int64_t version,
                                         bool is_paused, bool is_disabled);

subscription_t *subscription_ref (const subscription_t *self);
void subscription_destroy (subscription_t **self_p);  //  gives one reference back; safe on NULL

/*  The document to show: with or without its secret, last_modified = version added. Owned by the
 *  caller.
 */
json_t *subscription_show (const subscription_t *self, bool with_secret);

#endif
