#include "proto/model/reason.h"

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

const char *
reason_text (reason_t reason)
{
    ASSERT ((unsigned)reason < REASONS, "a reason comes from reason.tbl, never from outside");
    return words [reason].text;
}
