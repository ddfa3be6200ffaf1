#include "gateway/routes.h"

#include <stdio.h>
#include <string.h>

#include "gateway/query.h"

//  The busiest stands first.
static const route_t routes [] = {
#define ROUTE(method, path, scope, body, handler) {#method, path, SCOPE_##scope, body, handler},
#include "gateway/routes.tbl"
};
enum { ROUTES = sizeof (routes) / sizeof (*routes) };

//  One hole of a pattern, which `*pattern` stands at, filled with the segment that `*path` stands at.
static bool
route_fill (const char **pattern, const char **path, char value [REQUEST_NAME_SIZE])
{
    size_t size = strcspn (*path, "/");
    bool is_filled = size > 0 && query_decode (*path, size, value, REQUEST_NAME_SIZE);
    *pattern = strchr (*pattern, '}') + 1;
    *path += size;
    return is_filled;
}

//  The path of a route, with something that is not empty for its variables.
static bool
route_matches (const char *pattern, const char *path, char name [REQUEST_NAME_SIZE],
               char part [REQUEST_NAME_SIZE])
{
    char *const values [] = {name, part};
    const char *hole;
    for (int i = 0; (hole = strchr (pattern, '{')); i++) {
        size_t before = (size_t)(hole - pattern);
        if (strncmp (pattern, path, before) != 0)
            return false;
        pattern = hole;
        path += before;
        if (!route_fill (&pattern, &path, values [i]))
            return false;
    }
    return strcmp (pattern, path) == 0;
}

static bool
route_takes (const route_t *route, const char *method)
{
    if (strcmp (route->method, method) == 0)
        return true;
    return strcmp (method, "HEAD") == 0 && strcmp (route->method, "GET") == 0;
}

static void
route_allow (const route_t *route, char allowed [ROUTES_ALLOWED_SIZE])
{
    size_t used = strlen (allowed);
    snprintf (allowed + used, ROUTES_ALLOWED_SIZE - used, "%s%s%s", used > 0 ? ", " : "",
              route->method, strcmp (route->method, "GET") == 0 ? ", HEAD" : "");
}

status_t
route_find (const char *method, const char *path, const route_t **route,
            char name [REQUEST_NAME_SIZE], char part [REQUEST_NAME_SIZE],
            char allowed [ROUTES_ALLOWED_SIZE])
{
    allowed [0] = 0;
    for (int i = 0; i < ROUTES; i++) {
        if (!route_matches (routes [i].path, path, name, part))
            continue;
        if (route_takes (&routes [i], method)) {
            *route = &routes [i];
            return STATUS_OK;
        }
        route_allow (&routes [i], allowed);
    }
    return allowed [0] ? STATUS_NOT_ALLOWED : STATUS_NOT_FOUND;
}

static bool
route_exists (const char *path)
{
    char name [REQUEST_NAME_SIZE], part [REQUEST_NAME_SIZE];
    for (int i = 0; i < ROUTES; i++)
        if (route_matches (routes [i].path, path, name, part))
            return true;
    return false;
}

bool
route_redirect (const char *path, char *target, size_t size)
{
    size_t end = strlen (path);
    if (end + sizeof ("/v1/") > size)
        return false;
    strcpy (target, path);
    while (end > 1 && target [end - 1] == '/')
        target [--end] = 0;
    if (strcmp (target, "/v1") == 0 || strcmp (target, "/") == 0)
        strcpy (target, "/v1/");
    else if (!route_exists (target))
        snprintf (target, size, "/v1%.*s", (int)end, path);
    return strcmp (target, path) != 0 && route_exists (target);
}

static status_t
routes_send_away (request_t *request, answer_t *answer, problem_t *problem)
{
    char target [1024];
    const char *query = request->info->query_string;
    if (!route_redirect (request->path, target, sizeof (target) / 2))
        return problem_set (problem, STATUS_NOT_FOUND, "there is nothing under this path");
    size_t used = strlen (target);
    if (query && strlen (query) + used + 2 <= sizeof (target))
        snprintf (target + used, sizeof (target) - used, "?%s", query);
    answer->code = 307;
    answer_header (answer, "Location", target);
    bytes_add_text (answer->body, "{}");
    return STATUS_OK;
}

status_t
routes_answer (request_t *request, answer_t *answer, problem_t *problem)
{
    const route_t *route;
    char allowed [ROUTES_ALLOWED_SIZE];
    const char *method = request->info->request_method;
    status_t status =
        route_find (method, request->path, &route, request->name, request->part, allowed);
    if (status == STATUS_NOT_FOUND)
        return routes_send_away (request, answer, problem);
    if (status == STATUS_NOT_ALLOWED) {
        answer_header (answer, "Allow", allowed);
        return problem_set (problem, status, "%s", status_text (status));
    }
    if (route->scope != SCOPE_NONE)
        status = auth_check (request, route->scope, problem);
    bool is_read =
        route->body == BODY_JSON || (route->body == BODY_OPTIONAL && request_has_body (request));
    if (status == STATUS_OK && is_read)
        status = request_read_body (request, problem);
    return status == STATUS_OK ? route->handler (request, answer, problem) : status;
}
