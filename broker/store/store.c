#include "broker/store/store.h"

#include <string.h>

#include "broker/store/memory.h"
#include "broker/store/place.h"
#include "broker/store/sqlite.h"

static const char sqlite_scheme [] = "sqlite://";

store_t *
store_open (const char *url, int32_t partitions, const limits_t *limits, problem_t *problem)
{
    if (partitions < 1 || partitions > PLACE_PARTITIONS_MOST) {
        problem_set (problem, STATUS_BAD_SETTING, "store: %d partitions; there can be 1 to %d",
                     (int)partitions, PLACE_PARTITIONS_MOST);
        return NULL;
    }
    if (strcmp (url, "memory:") == 0)
        return memory_store_new (partitions);
    size_t scheme_size = sizeof sqlite_scheme - 1;
    if (strncmp (url, sqlite_scheme, scheme_size) == 0 && url [scheme_size])
        return sqlite_store_new (url + scheme_size, partitions, limits, problem);
    problem_at (
        problem, STATUS_BAD_SETTING, "store/url",
        "store/url: \"%.80s\" is no store; write sqlite:///path/to/file.db, or memory:", url);
    return NULL;
}

void
store_destroy (store_t **self_p)
{
    if (*self_p)
        (*self_p)->ops->close (self_p);
}
