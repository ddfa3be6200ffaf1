#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "daemon/complaints.h"

static void
of_one_subject_there_is_one_line_a_minute (void **state)
{
    (void)state;
    complaints_t complaints = {0};
    assert_true (complaints_may_say (&complaints, "a", 1000));
    assert_false (complaints_may_say (&complaints, "a", 1001));
    assert_true (complaints_may_say (&complaints, "b", 1002));
    assert_int_equal (complaints_close (&complaints, 1000 + COMPLAINT_MINUTE_MS - 1), 0);
    assert_int_equal (complaints_close (&complaints, 1000 + COMPLAINT_MINUTE_MS), 1);
    assert_int_equal (complaints_close (&complaints, 1000 + COMPLAINT_MINUTE_MS), 0);
    assert_true (complaints_may_say (&complaints, "a", 90000));
}

static void
of_a_crowd_there_are_ten (void **state)
{
    (void)state;
    complaints_t complaints = {0};
    int said = 0;
    for (int i = 0; i < 1000; i++) {
        char subject [20];
        snprintf (subject, sizeof subject, "%d", i);
        said += complaints_may_say (&complaints, subject, 5);
    }
    assert_int_equal (said, COMPLAINT_SUBJECTS);
    assert_int_equal (complaints_close (&complaints, 5 + COMPLAINT_MINUTE_MS), 990);
}

static void
a_minute_begins_with_its_first_line (void **state)
{
    (void)state;
    complaints_t complaints = {0};
    assert_int_equal (complaints_close (&complaints, 10 * COMPLAINT_MINUTE_MS), 0);
    assert_true (complaints_may_say (&complaints, "a", 1000000));
    assert_int_equal (complaints_close (&complaints, 1000001), 0);
    assert_false (complaints_may_say (&complaints, "a", 1000002));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (of_one_subject_there_is_one_line_a_minute),
        cmocka_unit_test (of_a_crowd_there_are_ten),
        cmocka_unit_test (a_minute_begins_with_its_first_line),
    };
    return cmocka_run_group_tests_name ("complaints", tests, NULL, NULL);
}
