#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/model/rfc3339.h"

static void
times_of_the_standard_are_times (void **state)
{
    (void)state;
    static const char *const good [] = {
        "1985-04-12T23:20:50.52Z",  //  the examples of RFC 3339, 5.8
        "1996-12-19T16:39:57-08:00", "1990-12-31T23:59:60Z",
        "1990-12-31T15:59:60-08:00", "1937-01-01T12:00:27.87+00:20",
        "2026-11-24t03:00:00z",      "2026-11-24T03:00:00.123456789012345678Z",
        "2024-02-29T00:00:00Z",      "2000-02-29T00:00:00Z",
        "0000-01-01T00:00:00-00:00", "9999-12-31T23:59:59+23:59",
        "2017-01-01T05:29:60+05:30",
    };
    for (size_t i = 0; i < sizeof (good) / sizeof (*good); i++)
        if (!rfc3339_is_time (good [i]))
            fail_msg ("%s is a time", good [i]);
}

static void
what_is_nearly_a_time_is_none (void **state)
{
    (void)state;
    static const char *const bad [] = {
        "",
        "2026",
        "2026-11-24",
        "2026-11-24T03:00:00",
        "2026-11-24 03:00:00Z",
        "2026-11-24T03:00:00.Z",
        "2026-11-24T03:00:00,5Z",
        "2026-11-24T3:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T03:60:00Z",
        "2026-11-24T03:00:61Z",
        "2026-11-24T03:00:60Z",
        "1990-12-31T23:59:60-08:00",
        "2026-11-24T03:00:00+24:00",
        "2026-11-24T03:00:00+01:60",
        "2026-11-24T03:00:00+0100",
        "2026-11-24T03:00:00+01",
        "2026-11-24T03:00:00Z ",
        "2026-11-24T03:00:00ZZ",
        "+2026-11-24T03:00:00Z",
        "2026-1a-24T03:00:00Z",
        "1795489200123",
    };
    for (size_t i = 0; i < sizeof (bad) / sizeof (*bad); i++)
        if (rfc3339_is_time (bad [i]))
            fail_msg ("%s is no time", bad [i]);
}

static void
a_time_is_told_in_ms (void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } times [] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2026-11-24T03:00:00.1239Z", 1795489200123},
        {"2026-11-24T04:30:00.5+01:30", 1795489200500},
        {"2024-02-29T23:59:59Z", 1709251199000},
        {"2000-03-01T00:00:00Z", 951868800000},
        {"1990-12-31T23:59:60Z", 662688000000},
    };
    for (size_t i = 0; i < sizeof (times) / sizeof (*times); i++) {
        int64_t ms = 7;
        assert_true (rfc3339_read (times [i].text, &ms));
        assert_int_equal (ms, times [i].ms);
    }
    int64_t untouched = 7;
    assert_false (rfc3339_read ("yesterday", &untouched));
    assert_int_equal (untouched, 7);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (times_of_the_standard_are_times),
        cmocka_unit_test (what_is_nearly_a_time_is_none),
        cmocka_unit_test (a_time_is_told_in_ms),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
