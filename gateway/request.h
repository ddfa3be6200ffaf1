/*  request – one HTTP request: what civetweb has parsed of it, and its body, read with limits.
 *
 *  civetweb lets pass what a proxy before us may read otherwise: a repeated Content-Length, one
 *  beside Transfer-Encoding, more headers than it keeps. Such a request is refused and its connection
 *  closed, since nobody knows where the next one begins.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <civetweb.h>

#include "gateway/desk.h"
#include "gateway/services.h"

enum { REQUEST_ID_SIZE = 129, REQUEST_NAME_SIZE = 121 };  //  with the final zero

typedef struct {
    services_t *services;
    desk_t *desk;
    struct mg_connection *connection;
    const struct mg_request_info *info;
    const char *path;               //  as it was sent, without the query
    char id [REQUEST_ID_SIZE];      //  X-Request-Id, given or made
    char name [REQUEST_NAME_SIZE];  //  what stands for {id} in the route's path, decoded
    char part [REQUEST_NAME_SIZE];  //  and what for {part}
    identity_t who;                 //  known if the route has a scope
    const char *location;           //  where a problem's name is: "body", "header", "querystring"
    bool must_close;                //  after the answer
    bool is_read;                   //  its body
} request_t;

//  BAD_REQUEST when nobody knows where its body ends.
status_t request_start (request_t *self, services_t *services, desk_t *desk,
                        struct mg_connection *connection, problem_t *problem);

//  One that civetweb could not read: it has nothing but an id, and its connection ends.
void request_start_broken (request_t *self, services_t *services, desk_t *desk,
                           struct mg_connection *connection);

const char *request_header (const request_t *self, const char *name);  //  NULL: there is none
void request_add_origin (const request_t *self,
                         bytes_t *url);  //  "http://HOST", as the client says
bool request_is (const request_t *self, const char *method);
bool request_has_body (const request_t *self);  //  as its head says

/*  The body, into desk->body, with a zero behind it. It must be JSON by its Content-Type, if that is
 *  given. UNSUPPORTED, NO_LENGTH, TOO_LARGE (without reading it all) or BAD_REQUEST otherwise.
 */
status_t request_read_body (request_t *self, problem_t *problem);

/*  Before the answer: whether the connection ends with it. It does when a body is left that is too
 *  large to read for nothing, or that the client never sends because it waits for a word.
 */
bool request_must_close (request_t *self);

/*  After the answer: what is left of a body that nobody wanted. A small one civetweb reads; of a
 *  large one only so much that the client may come to read the answer before it is cut off.
 */
void request_drop_body (request_t *self);

#endif
