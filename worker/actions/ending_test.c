#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "worker/actions/ending.h"

static void
an_attempt_ends_well_unless_somebody_says_otherwise (void **state)
{
    (void)state;
    ending_t end = {0};
    ending_start (&end, 1000);
    assert_int_equal (end.settlement.outcome, OUTCOME_OK);
    assert_string_equal (end.settlement.error, "");
    assert_string_equal (end.settlement.result, "");
    ending_fail (&end, "exit code %d", 3);
    assert_int_equal (end.settlement.outcome, OUTCOME_FAIL);
    assert_string_equal (end.settlement.error, "exit code 3");
    ending_start (&end, 2000);
    assert_string_equal (end.settlement.error, "");
    body_free (&end.result);
}

//  Half a character would make the SETTLE unreadable, and with it all others in it.
static void
a_long_sentence_is_cut_between_characters (void **state)
{
    (void)state;
    for (int shift = 0; shift < 3; shift++) {
        char text [2000];
        memset (text, 'a', sizeof text);
        for (size_t at = (size_t)shift; at + 3 < sizeof text; at += 3)
            memcpy (text + at, "\xe2\x82\xac", 3);
        text [sizeof text - 1] = '\0';
        ending_t end = {0};
        ending_retry (&end, "%s", text);
        size_t size = strlen (end.error);
        assert_true (size < ENDING_ERROR_SIZE && size > ENDING_ERROR_SIZE - 4);
        assert_int_equal ((size - (size_t)shift) % 3, 0);
    }
}

static void
a_result_is_text_within_its_limit (void **state)
{
    (void)state;
    ending_t end = {0};
    ending_keep_result (&end, "ab\0\xff", 4, 100);
    assert_string_equal (end.settlement.result, "ab\xef\xbf\xbd\xef\xbf\xbd");
    ending_keep_result (&end, "0123456789", 10, 4);
    assert_string_equal (end.settlement.result, "0123");
    body_free (&end.result);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (an_attempt_ends_well_unless_somebody_says_otherwise),
        cmocka_unit_test (a_long_sentence_is_cut_between_characters),
        cmocka_unit_test (a_result_is_text_within_its_limit),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
