#include "daemon/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOON_MS = 1000000 };

static steady_clock_t
at_noon (void)
{
    return (steady_clock_t){.now_ms = NOON_MS, .monotonic_ms = 500};
}

static void
it_goes_as_the_wall_clock_does_while_that_is_right (void **state)
{
    (void)state;
    steady_clock_t clock = at_noon ();
    for (int64_t ms = 1; ms <= 100000; ms++)
        assert_int_equal (steady_clock_advance (&clock, 500 + ms, NOON_MS + ms), NOON_MS + ms);
}

static void
a_wall_clock_set_an_hour_ahead_is_approached_slowly (void **state)
{
    (void)state;
    enum { HOUR_MS = 3600000 };
    steady_clock_t clock = at_noon ();
    int64_t monotonic = 500, wall = NOON_MS + HOUR_MS, last = NOON_MS;
    for (int second = 1; second <= 3600; second++) {
        monotonic += 1000;
        wall += 1000;
        int64_t now = steady_clock_advance (&clock, monotonic, wall);
        assert_in_range (now - last, 1000, 1005);
        last = now;
    }
    assert_int_equal (last, NOON_MS + HOUR_MS + HOUR_MS / 200);
}

static void
a_wall_clock_set_back_never_makes_it_fall (void **state)
{
    (void)state;
    steady_clock_t clock = at_noon ();
    int64_t last = NOON_MS;
    for (int64_t ms = 1; ms <= 10000; ms++) {
        int64_t now = steady_clock_advance (&clock, 500 + ms, NOON_MS - 86400000 + ms);
        assert_true (now >= last);
        last = now;
    }
    assert_int_equal (last, NOON_MS + 10000 - 50);
}

static void
it_ends_exactly_at_the_wall_clock_and_stays_there (void **state)
{
    (void)state;
    steady_clock_t clock = at_noon ();
    for (int64_t ms = 1; ms <= 3000; ms++)
        steady_clock_advance (&clock, 500 + ms, NOON_MS + 7 + ms);
    assert_int_equal (clock.now_ms, NOON_MS + 7 + 3000);
    assert_int_equal (clock.rest_us, 0);
}

static void
a_second_look_in_the_same_millisecond_is_the_same_time (void **state)
{
    (void)state;
    steady_clock_t clock = at_noon ();
    assert_int_equal (steady_clock_advance (&clock, 500, NOON_MS + 99), NOON_MS);
    assert_int_equal (steady_clock_advance (&clock, 500, NOON_MS - 99), NOON_MS);
}

static void
the_real_clocks_rise (void **state)
{
    (void)state;
    steady_clock_t clock = steady_clock_start ();
    int64_t first = clock.now_ms;
    assert_true (first > 1700000000000);
    assert_true (steady_clock_ms (&clock) >= first);
    assert_true (monotonic_us () / 1000 <= monotonic_ms ());
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (it_goes_as_the_wall_clock_does_while_that_is_right),
        cmocka_unit_test (a_wall_clock_set_an_hour_ahead_is_approached_slowly),
        cmocka_unit_test (a_wall_clock_set_back_never_makes_it_fall),
        cmocka_unit_test (it_ends_exactly_at_the_wall_clock_and_stays_there),
        cmocka_unit_test (a_second_look_in_the_same_millisecond_is_the_same_time),
        cmocka_unit_test (the_real_clocks_rise),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
