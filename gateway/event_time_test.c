/*  event_time – against the calendar of the system, from 1970 to 9999. */
#include "gateway/event_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/model/rfc3339.h"

static void
every_day_reads_as_the_system_writes_it (void **state)
{
    (void)state;
    for (int64_t day = 0; day < 2932897; day += 1 + day % 3) {
        int64_t ms = day * 86400000 + day % 86400000;
        time_t seconds = (time_t)(ms / 1000);
        struct tm tm;
        char expected [32], text [EVENT_TIME_SIZE];
        gmtime_r (&seconds, &tm);
        size_t used = strftime (expected, sizeof (expected), "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf (expected + used, sizeof (expected) - used, ".%03dZ", (int)(ms % 1000));
        assert_true (event_time_text (ms, text));
        assert_string_equal (text, expected);
        assert_int_equal (event_time_split (ms).weekday, tm.tm_wday);
    }
}

static void
the_ends_are_times_and_what_is_beyond_is_none (void **state)
{
    (void)state;
    char text [EVENT_TIME_SIZE];
    assert_true (event_time_text (0, text));
    assert_string_equal (text, "1970-01-01T00:00:00.000Z");
    assert_true (event_time_text (253402300799999, text));
    assert_string_equal (text, "9999-12-31T23:59:59.999Z");
    assert_true (rfc3339_is_time (text));
    assert_false (event_time_text (253402300800000, text));
    assert_false (event_time_text (-1, text));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_day_reads_as_the_system_writes_it),
        cmocka_unit_test (the_ends_are_times_and_what_is_beyond_is_none),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
