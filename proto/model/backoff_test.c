#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/model/backoff.h"
#include "proto/model/random.h"

static void
the_ceiling_doubles_up_to_the_most (void **state)
{
    (void)state;
    retry_policy_t policy = {.max_attempts = 12, .min_backoff_ms = 1000, .max_backoff_ms = 3600000};
    int64_t ceilings [] = {1000, 2000, 4000, 8000};
    for (int32_t i = 0; i < 4; i++)
        assert_int_equal (backoff_ms (i + 1, &policy, UINT32_MAX), ceilings [i] - 1);
    assert_int_equal (backoff_ms (40, &policy, UINT32_MAX), 3600000 - 1);
    assert_int_equal (backoff_ms (INT32_MAX, &policy, UINT32_MAX), 3600000 - 1);
}

static void
jitter_spreads_evenly_from_nothing_on (void **state)
{
    (void)state;
    retry_policy_t policy = {.max_attempts = 12, .min_backoff_ms = 1000, .max_backoff_ms = 1000};
    random_t random = {.state = 7};
    int tenths [10] = {0};
    for (int i = 0; i < 10000; i++)
        tenths [backoff_ms (1, &policy, (uint32_t)random_next (&random)) / 100]++;
    for (int i = 0; i < 10; i++)
        assert_in_range (tenths [i], 850, 1150);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_ceiling_doubles_up_to_the_most),
        cmocka_unit_test (jitter_spreads_evenly_from_nothing_on),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
