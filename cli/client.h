/*  client – the HTTP API as a command uses it: one request at a time, JSON in and out, and every
 *  failure a sentence that says what to do.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "proto/model/status.h"

//  For OWNED (json).
static inline void
json_destroy (json_t **json_p)
{
    json_decref (*json_p);
}

typedef struct client client_t;

client_t *client_new (const char *url, const char *token);  //  token: "" for none
void client_destroy (client_t **self_p);

/*  One request.
 *
 *  path      as in "/v1/events"
 *  body      JSON, or NULL
 *  answer    the whole answer, owned by the caller; NULL when its body is empty. May be NULL
 *  returns   the status of the answer, with the server's sentence or our own; SYSTEM when nobody
 *            answers, INTERNAL when the answer makes no sense
 */
status_t client_call (client_t *self, const char *method, const char *path, const json_t *body,
                      json_t **answer, problem_t *problem);

//  The same with a body that is kept as it is.
status_t client_send (client_t *self, const char *method, const char *path, const char *body,
                      size_t size, json_t **answer, problem_t *problem);

//  Some bytes of an answer that has no end. false: no more are wanted.
typedef bool client_take_t (void *context, const char *bytes, size_t size);

/*  GET of an answer that goes on and on, as /v1/stream. OK: `take` wanted no more, or the server ended
 *  it. SYSTEM: the connection broke, or for a long time not a byte came.
 */
status_t client_follow (client_t *self, const char *path, client_take_t *take, void *context,
                        problem_t *problem);

//  Where the list that was answered last goes on, as in "/v1/subscriptions?_token=…"; NULL at its end.
//  The client's, until its next request.
const char *client_next_page (const client_t *self);

//  "/v1/events/" and an id, escaped; free () it.
char *client_path (client_t *self, const char *collection, const char *id);

#endif
