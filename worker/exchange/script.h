/*  script – what is said to a server in one attempt, request by request.
 *
 *  A script is pure: it is asked for the next request, gets the answer, and says what follows, or how
 *  the attempt ends. Connections, time, tokens and batches are the exchange's affair.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <jansson.h>

#include "worker/actions/ending.h"

//  What is asked: JSON, as one of Kinto's batch has it.
typedef struct {
    const char *method;  //  a literal
    char *path;          //  behind the URL of the server, with its first /; ours
    json_t *headers;     //  an object of texts; ours, or NULL
    json_t *body;        //  ours, or NULL
} request_t;

void request_clear (request_t *self);

//  What is answered. It stays until the next request.
typedef struct {
    int status;               //  of HTTP
    const char *retry_after;  //  the header, or NULL
    const char *bytes;        //  as they came
    size_t size;
    const json_t *body;  //  parsed; NULL: it is no JSON
    int64_t now_s;       //  wall time, for dates
} answer_t;

typedef enum { SCRIPT_ASKS, SCRIPT_ENDS } script_turn_t;

typedef struct {
    /*  The next request, or the end. answer: to the last one; NULL: there was none yet. request is
     *  empty, and filled for SCRIPT_ASKS; end is for SCRIPT_ENDS.
     */
    script_turn_t (*next) (void *play, const answer_t *answer, request_t *request, ending_t *end);
    void (*drop) (void *play);
} script_t;

/*  An answer for which a script has no rule of its own: 429, 5xx, 408, 409 and 425 are of the moment, 401,
 *  403 and redirects a matter of the worker's configuration, and so retried; any other is final. In
 *  words, with what the server says itself.
 */
void answer_judge (const answer_t *self, ending_t *end);

//  What the server says of an error: `message` of Kinto, `detail` of RFC 9457; "" when nothing.
const char *answer_words (const answer_t *self);

/*  The value with a patch merged into it, as in RFC 7396: objects member by member, null takes one
 *  away, anything else replaces. Both stay; NULL as value is an empty object.
 */
json_t *json_merged (const json_t *value, const json_t *patch);

#endif
