/*  pattern_options – --type, --subject and --data as an event's match, for commands that take one. */
#ifndef PATTERN_OPTIONS_H
#define PATTERN_OPTIONS_H

#include <argp.h>

#include "cli/client.h"

typedef struct {
    const char *type, *subject, *data;  //  argv's; NULL when not given
} pattern_options_t;

extern const struct argp pattern_options_argp;  //  a child: hand it its pattern_options_t

/*  {"type", "subject", "data"} of what was given, owned by the caller; an empty object for nothing.
 *  NULL and BAD_JSON when --data is no JSON.
 */
json_t *pattern_options_match (const pattern_options_t *self, problem_t *problem);

#endif
