#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proto/model/limits.h"

static void
the_defaults_are_those_of_the_table_and_may_be_set (void **state)
{
    (void)state;
    limits_t limits = limits_default ();
    assert_int_equal (limits.event_bytes, 1048576);
#define LIMIT(name, standard, unit, most, status, text)                           \
    assert_int_equal (limits.name, standard);                                     \
    assert_int_equal (limits_set (&limits, #name, limits.name, NULL), STATUS_OK); \
    assert_int_equal (limits_set (&limits, #name, most, NULL), STATUS_OK);        \
    assert_int_equal (limits.name, most);
#include "proto/model/limits.tbl"
}

static void
a_value_out_of_bounds_changes_nothing_and_is_told_the_bounds (void **state)
{
    (void)state;
    limits_t limits = limits_default (), before = limits;
    problem_t problem;
    static const int64_t bad [] = {0, -1, 16777217, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof (bad) / sizeof (*bad); i++) {
        assert_int_equal (limits_set (&limits, "event_bytes", bad [i], &problem),
                          STATUS_BAD_SETTING);
        assert_string_equal (problem.name, "event_bytes");
        assert_non_null (strstr (problem.text, "1 … 16777216 bytes"));
    }
    assert_int_equal (limits_set (&limits, "event_byte", 1, &problem), STATUS_BAD_SETTING);
    assert_memory_equal (&limits, &before, sizeof (limits));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_defaults_are_those_of_the_table_and_may_be_set),
        cmocka_unit_test (a_value_out_of_bounds_changes_nothing_and_is_told_the_bounds),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
