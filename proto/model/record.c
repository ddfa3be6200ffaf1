#include "proto/model/record.h"

#include <string.h>

#include "proto/model/assert.h"

static const char *const states [] = {[EXCEPTION_RETRY] = "retry",
                                      [EXCEPTION_HELD] = "held",
                                      [EXCEPTION_SLOW] = "slow",
                                      [EXCEPTION_DEAD] = "dead"};
static const char *const outcomes [] = {[OUTCOME_OK] = "ok",
                                        [OUTCOME_RETRY] = "retry",
                                        [OUTCOME_FAIL] = "fail",
                                        [OUTCOME_SKIP] = "skip"};

static int
find (const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp (names [i], name) == 0)
            return i;
    return -1;
}

const char *
exception_state_name (exception_state_t state)
{
    ASSERT ((unsigned)state <= EXCEPTION_DEAD, "a state is made here or read by its name");
    return states [state];
}

bool
exception_state_from_name (const char *name, exception_state_t *state)
{
    int found = find (states, EXCEPTION_DEAD + 1, name);
    if (found >= 0)
        *state = (exception_state_t)found;
    return found >= 0;
}

const char *
outcome_name (outcome_t outcome)
{
    ASSERT ((unsigned)outcome < OUTCOMES, "an outcome is made here or read by its name");
    return outcomes [outcome];
}

bool
outcome_from_name (const char *name, outcome_t *outcome)
{
    int found = find (outcomes, OUTCOMES, name);
    if (found >= 0)
        *outcome = (outcome_t)found;
    return found >= 0;
}
