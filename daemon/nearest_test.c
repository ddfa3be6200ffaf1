#include "daemon/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const words [] = {"publish", "subscribe", "show", "status", "up"};

static const char *
nearest (const char *written)
{
    return nearest_word (written, words, sizeof words / sizeof words [0]);
}

static void
a_letter_lost_added_replaced_or_swapped_is_found (void **state)
{
    (void)state;
    assert_string_equal (nearest ("publsh"), "publish");
    assert_string_equal (nearest ("publiish"), "publish");
    assert_string_equal (nearest ("pablish"), "publish");
    assert_string_equal (nearest ("pubilsh"), "publish");
    assert_string_equal (nearest ("satus"), "status");
    assert_string_equal (nearest ("shwo"), "show");
}

static void
a_word_that_is_like_none_is_not_guessed (void **state)
{
    (void)state;
    assert_null (nearest ("frobnicate"));
    assert_null (nearest (""));
    assert_null (nearest ("ab"));
    char long_word [300];
    memset (long_word, 'p', sizeof long_word - 1);
    long_word [sizeof long_word - 1] = 0;
    assert_null (nearest (long_word));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_letter_lost_added_replaced_or_swapped_is_found),
        cmocka_unit_test (a_word_that_is_like_none_is_not_guessed),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
