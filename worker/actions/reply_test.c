#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "worker/actions/reply.h"

static void
assert_shown (const char *bytes, size_t size, const char *expected)
{
    char text [64];
    reply_show (bytes, size, text, sizeof text);
    assert_string_equal (text, expected);
}

static void
text_is_shown_as_it_is (void **state)
{
    (void)state;
    assert_shown ("ok\r\n\td\xc3\xa9j\xc3\xa0", 11, "ok\r\n\td\xc3\xa9j\xc3\xa0");
    assert_shown ("", 0, "");
}

static void
what_is_no_text_becomes_a_replacement_character (void **state)
{
    (void)state;
    assert_shown ("a\0b\xff"
                  "c\x1b[1m",
                  9,
                  "a\xef\xbf\xbd"
                  "b\xef\xbf\xbd"
                  "c\xef\xbf\xbd"
                  "[1m");
}

static void
a_character_that_was_cut_off_is_left_out (void **state)
{
    (void)state;
    assert_shown ("ab\xe2\x82", 4, "ab");
    assert_shown ("ab\xf0\x9f\x94", 5, "ab");
}

static void
no_character_is_cut_to_fit (void **state)
{
    (void)state;
    char text [4];
    reply_show ("ab\xc3\xa9", 4, text, sizeof text);
    assert_string_equal (text, "ab");
    reply_show ("\xff\xff", 2, text, sizeof text);
    assert_string_equal (text, "\xef\xbf\xbd");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (text_is_shown_as_it_is),
        cmocka_unit_test (what_is_no_text_becomes_a_replacement_character),
        cmocka_unit_test (a_character_that_was_cut_off_is_left_out),
        cmocka_unit_test (no_character_is_cut_to_fit),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
