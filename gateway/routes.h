/*  routes – from method and path to the handler, past the token and the body. */
#ifndef ROUTES_H
#define ROUTES_H

#include "gateway/auth.h"
#include "gateway/resources.h"

typedef enum { BODY_NONE, BODY_JSON, BODY_OPTIONAL } body_t;  //  OPTIONAL: JSON, if it is there

typedef struct {
    const char *method;  //  "GET"
    const char *path;    //  with at most one {id} and, after it, one {part}, whole segments
    scope_t scope;
    body_t body;
    handler_t *handler;
} route_t;

enum { ROUTES_ALLOWED_SIZE = 64 };

/*  The route of a method and path, and its {id} and {part}, percent-decoded. NOT_FOUND: there is no
 *  such path. NOT_ALLOWED: not with this method; `allowed` lists the others, as Allow does.
 */
status_t route_find (const char *method, const char *path, const route_t **route,
                     char name [REQUEST_NAME_SIZE], char part [REQUEST_NAME_SIZE],
                     char allowed [ROUTES_ALLOWED_SIZE]);

/*  Where a path that leads nowhere probably should go, as Kinto redirects: without a slash at its
 *  end, or with the version before it. False: nowhere.
 */
bool route_redirect (const char *path, char *target, size_t size);

//  Answer a request, whatever it is.
status_t routes_answer (request_t *request, answer_t *answer, problem_t *problem);

#endif
