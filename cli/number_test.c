/*  Times as a person types them. */
#include "cli/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t now_ms = 1795489200123;  //  2026-11-24T03:00:00.123Z

static void
expect_time (const char *typed, const char *expected)
{
    char time [NUMBER_TIME_SIZE] = "untouched";
    assert_int_equal (number_read_time (typed, now_ms, time), strcmp (expected, "untouched") != 0);
    assert_string_equal (time, expected);
}

static void
a_time_is_a_date_or_so_long_ago (void **state)
{
    (void)state;
    expect_time ("2h", "2026-11-24T01:00:00.123Z");
    expect_time ("90m", "2026-11-24T01:30:00.123Z");
    expect_time ("0s", "2026-11-24T03:00:00.123Z");
    expect_time ("3d", "2026-11-21T03:00:00.123Z");
    expect_time ("2026-11-24T03:00:00+01:00", "2026-11-24T03:00:00+01:00");
}

static void
what_is_none_is_refused (void **state)
{
    (void)state;
    static const char *const none [] = {"",
                                        "2",
                                        "h",
                                        "2w",
                                        "-1h",
                                        "2hh",
                                        "now",
                                        "999999999999999999999h",
                                        "tomorrow",
                                        "2026-11-24",
                                        "2026-13-24T03:00:00Z"};
    for (size_t i = 0; i < sizeof none / sizeof none [0]; i++)
        expect_time (none [i], "untouched");
}

static void
expect_place (const char *typed, const char *expected)
{
    json_t *place = number_read_place (typed, now_ms);
    char *text = json_dumps (place, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal (text ? text : "none", expected);
    free (text);
    json_decref (place);
}

static void
a_place_in_the_log_is_a_seq_or_a_time (void **state)
{
    (void)state;
    expect_place ("17", "{\"seq\":17}");
    expect_place ("1h", "{\"time\":\"2026-11-24T02:00:00.123Z\"}");
    expect_place ("soon", "none");
    expect_place ("1234567890123456789", "none");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_time_is_a_date_or_so_long_ago),
        cmocka_unit_test (what_is_none_is_refused),
        cmocka_unit_test (a_place_in_the_log_is_a_seq_or_a_time),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
