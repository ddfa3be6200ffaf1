#include "proto/model/limits.h"

#include <stddef.h>
#include <string.h>

typedef struct {
    const char *name;
    size_t offset;  //  of its field in limits_t
    int64_t standard, most;
    const char *unit, *text;
} bound_t;

static const bound_t bounds [] = {
#define LIMIT(name, standard, unit, most, status, text) \
    {#name, offsetof (limits_t, name), standard, most, unit, text},
#include "proto/model/limits.tbl"
};
enum { BOUNDS = sizeof (bounds) / sizeof (*bounds) };

static int64_t *
field (limits_t *self, const bound_t *bound)
{
    return (int64_t *)((char *)self + bound->offset);
}

limits_t
limits_default (void)
{
    limits_t limits;
    for (int i = 0; i < BOUNDS; i++)
        *field (&limits, &bounds [i]) = bounds [i].standard;
    return limits;
}

status_t
limits_set (limits_t *self, const char *name, int64_t value, problem_t *problem)
{
    for (int i = 0; i < BOUNDS; i++) {
        const bound_t *bound = &bounds [i];
        if (strcmp (name, bound->name) != 0)
            continue;
        if (value < 1 || value > bound->most)
            return problem_at (problem, STATUS_BAD_SETTING, name,
                               "limits/%s (%s): %lld is not in 1 … %lld %s", name, bound->text,
                               (long long)value, (long long)bound->most, bound->unit);
        *field (self, bound) = value;
        return STATUS_OK;
    }
    return problem_at (problem, STATUS_BAD_SETTING, name,
                       "limits/%s: there is no limit of this name; limits.tbl names them", name);
}
