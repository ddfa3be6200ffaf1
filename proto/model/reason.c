#include "proto/model/reason.h"

#include <string.h>

#include "proto/model/assert.h"

static const struct {
    const char *name, *text;
} words [REASONS] = {
#define REASON(name, text) [REASON_##name] = {#name, text},
#include "proto/model/reason.tbl"
};

const char *
reason_name (reason_t reason)
{
    ASSERT ((unsigned)reason < REASONS, "a reason comes from reason.tbl, never from outside");
    return words [reason].name;
}

bool
reason_from_name (const char *name, reason_t *reason)
{
    for (int i = 0; i < REASONS; i++)
        if (strcmp (words [i].name, name) == 0) {
            *reason = (reason_t)i;
            return true;
        }
    return false;
}

const char *
reason_text (reason_t reason)
{
    ASSERT ((unsigned)reason < REASONS, "a reason comes from reason.tbl, never from outside");
    return words [reason].text;
}
