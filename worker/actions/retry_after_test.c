#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "worker/actions/retry_after.h"

enum { NOW_S = 784111777 };  //  Sun, 06 Nov 1994 08:49:37 GMT

static int64_t
wait_of (const char *value)
{
    int64_t wait_ms = -1;
    bool is_read = retry_after_read (value, NOW_S, &wait_ms);
    assert_int_equal (is_read, wait_ms >= 0);
    return wait_ms;
}

static void
seconds_are_waited (void **state)
{
    (void)state;
    assert_int_equal (wait_of ("0"), 0);
    assert_int_equal (wait_of ("120"), 120000);
    assert_int_equal (wait_of (" 7 "), 7000);
}

static void
all_three_forms_of_a_date_are_read (void **state)
{
    (void)state;
    assert_int_equal (wait_of ("Sun, 06 Nov 1994 08:50:07 GMT"), 30000);
    assert_int_equal (wait_of ("Sunday, 06-Nov-94 08:50:07 GMT"), 30000);
    assert_int_equal (wait_of ("Sun Nov  6 08:50:07 1994"), 30000);
}

static void
a_date_that_has_passed_is_no_wait (void **state)
{
    (void)state;
    assert_int_equal (wait_of ("Sun, 06 Nov 1994 08:49:37 GMT"), 0);
    assert_int_equal (wait_of ("Sun, 06 Nov 1904 08:49:37 GMT"), 0);
}

static void
more_than_a_week_is_a_week (void **state)
{
    (void)state;
    assert_int_equal (wait_of ("604799"), RETRY_AFTER_MOST_MS - 1000);
    assert_int_equal (wait_of ("604801"), RETRY_AFTER_MOST_MS);
    assert_int_equal (wait_of ("99999999999999999999999999"), RETRY_AFTER_MOST_MS);
    assert_int_equal (wait_of ("Sun, 06 Nov 2094 08:49:37 GMT"), RETRY_AFTER_MOST_MS);
}

static void
anything_else_is_not_understood (void **state)
{
    (void)state;
    static const char *const values [] = {"",
                                          " ",
                                          "-1",
                                          "1.5",
                                          "1 2",
                                          "soon",
                                          "0x10",
                                          "+3",
                                          "12s",
                                          "Sun, 06 Nov 1994",
                                          "Sun, 06 Nov 1994 08:49:37 GMT and so on",
                                          "Sun, 99 Nov 1994 08:49:37 GMT",
                                          NULL};
    for (const char *const *value = values; *value; value++)
        assert_int_equal (wait_of (*value), -1);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (seconds_are_waited),
        cmocka_unit_test (all_three_forms_of_a_date_are_read),
        cmocka_unit_test (a_date_that_has_passed_is_no_wait),
        cmocka_unit_test (more_than_a_week_is_a_week),
        cmocka_unit_test (anything_else_is_not_understood),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
