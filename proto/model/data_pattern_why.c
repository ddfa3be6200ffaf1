#include <stdlib.h>

#include "proto/model/data_pattern_tree.h"
#include "proto/model/path.h"

enum { VALUE_SHOWN = 60, WANTED_SHOWN = 80 };  //  bytes of JSON in the sentence

//  JSON in ASCII, so that it may be cut anywhere; free () it.
static char *
shown (const json_t *value)
{
    return json_dumps (value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
}

//  The array of the pattern that these tests were read from; a new reference.
static json_t *
wanted (const data_pattern_t *self)
{
    json_t *all = json_array ();
    for (size_t i = 0; i < self->count; i++)
        json_array_append (all, (json_t *)(uintptr_t)self->tests [i].accepted);
    return all;
}

//  What was asked of one value, and what it is.
static void
say (const data_pattern_t *self, const json_t *value, const char *at, problem_t *why)
{
    json_t *all = wanted (self);
    char *asked = shown (all), *found = value ? shown (value) : NULL;
    json_decref (all);
    if (found)
        problem_at (why, STATUS_NOT_FOUND, at, "%s: %.*s of the event does not fit %.*s", at,
                    VALUE_SHOWN, found, WANTED_SHOWN, asked ? asked : "");
    else
        problem_at (why, STATUS_NOT_FOUND, at, "%s: the event has none, and it should fit %.*s", at,
                    WANTED_SHOWN, asked ? asked : "");
    free (asked);
    free (found);
}

/*  Down to the first member that does not fit. Each level asks data_pattern_fits once more, and a
 *  pattern has at most limits/json_depth of them.
 */
static void
descend (const data_pattern_t *self, const json_t *value, path_t *path, problem_t *why)
{
    if (self->tests) {
        say (self, value, path->at, why);
        return;
    }
    if (json_array_size (value) > 0) {
        problem_at (why, STATUS_NOT_FOUND, path->at, "%s: none of its %zu elements fits", path->at,
                    json_array_size (value));
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        const json_t *member = json_object_get (value, self->names [i]);
        if (data_pattern_fits (self->members [i], member))
            continue;
        size_t before = path_push_name (path, self->names [i]);
        descend (self->members [i], member, path, why);
        path_pop (path, before);
        return;
    }
}

void
data_pattern_why (const data_pattern_t *self, const json_t *data, problem_t *why)
{
    path_t path = path_new ("match.data");
    descend (self, data, &path, why);
}
