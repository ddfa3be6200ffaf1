#include "gateway/precondition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

//  "1795489200123", in its quotes.
static bool
is_version (const char *text, int64_t *version)
{
    size_t size = strlen (text);
    if (size < 3 || text [0] != '"' || text [size - 1] != '"' ||
        strspn (text + 1, "0123456789") != size - 2)
        return false;
    errno = 0;
    *version = strtoll (text + 1, NULL, 10);
    return errno == 0;
}

static status_t
precondition_wrong (request_t *request, const char *name, problem_t *problem)
{
    request->location = "header";
    return problem_at (problem, STATUS_BAD_PARAMETER, name,
                       "%s: it holds an ETag as it was answered, in its quotes", name);
}

status_t
precondition_read (precondition_t *self, request_t *request, problem_t *problem)
{
    const char *match = request_header (request, "If-Match");
    const char *none_match = request_header (request, "If-None-Match");
    *self = (precondition_t){.match = -1, .none_match = -1};
    if (match && !is_version (match, &self->match))
        return precondition_wrong (request, "If-Match", problem);
    if (none_match && strcmp (none_match, "*") == 0)
        self->must_be_new = true;
    else if (none_match && !is_version (none_match, &self->none_match))
        return precondition_wrong (request, "If-None-Match", problem);
    return STATUS_OK;
}
