/*  answer – what goes back: put together in one buffer and sent in one write.
 *
 *  Errors have Kinto's form: {"code", "errno", "error", "message", "details": [{"location", "name",
 *  "description"}]}.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "gateway/request.h"

typedef struct {
    int code;                  //  of HTTP
    const char *content_type;  //  of `body`; NULL: there is no body
    bytes_t *headers;          //  lines, each with its end; the desk's
    bytes_t *body;             //  the desk's
    int64_t retry_after_ms;    //  of a broker that refused; 0: it has not said
    bool is_sent;              //  by the handler itself, in pieces
} answer_t;

void answer_start (answer_t *self, desk_t *desk);  //  200, JSON, empty
void answer_header (answer_t *self, const char *name, const char *value);
void answer_etag (answer_t *self, int64_t version);

//  Turn it into an error. What headers it has are kept.
void answer_problem (answer_t *self, const request_t *request, const problem_t *problem);

void answer_send (const answer_t *self, request_t *request);

#endif
