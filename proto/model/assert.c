#include "proto/model/assert.h"

#include <stdio.h>
#include <stdlib.h>

static assert_hook_t *hook;
static void *hook_context;

void
assert_set_hook (assert_hook_t *new_hook, void *context)
{
    hook = new_hook;
    hook_context = context;
}

void
assert_failed (const char *fact, const char *reason, const char *file, int line)
{
    fprintf (stderr, "%s:%d: ASSERT (%s) failed: %s\n", file, line, fact, reason);
    assert_hook_t *last_words = hook;
    hook = NULL;  //  a hook that fails an ASSERT itself must not be called for ever
    if (last_words)
        last_words (hook_context);
    fflush (NULL);
    abort ();
}
