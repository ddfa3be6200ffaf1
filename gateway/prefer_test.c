#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "gateway/prefer.h"

static void
a_wait_is_found_among_other_preferences (void **state)
{
    (void)state;
    assert_int_equal (prefer_read_wait ("wait=10"), 10);
    assert_int_equal (prefer_read_wait ("WAIT = 0"), 0);
    assert_int_equal (prefer_read_wait ("respond-async, wait=100"), 100);
    assert_int_equal (prefer_read_wait ("return=minimal; foo=\"x\" ,wait=\"7\"; y"), 7);
    assert_int_equal (prefer_read_wait ("wait=1, wait=2"), 1);
}

static void
what_is_no_wait_is_none (void **state)
{
    (void)state;
    static const char *const none [] = {
        "",           "wait",
        "waiting=10", "wait=",
        "wait=-1",    "wait=1.5",
        "wait=ten",   "wait=1000000000",
        "wait=\"5",   "handling=lenient",
        "await=10",   "wait=1x",
        ",,,",        "wait 10",
    };
    assert_int_equal (prefer_read_wait (NULL), -1);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (prefer_read_wait (none [i]) != -1)
            fail_msg ("%s is a wait", none [i]);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_wait_is_found_among_other_preferences),
        cmocka_unit_test (what_is_no_wait_is_none),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
