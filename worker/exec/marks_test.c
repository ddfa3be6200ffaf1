#include "worker/exec/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

//  What is left of a log that comes in pieces of so many bytes, and then ends.
static const char *
left_of (marks_t *marks, const char *log, size_t piece)
{
    static char left [2000];
    size_t size = 0;
    *marks = (marks_t){0};
    for (size_t at = 0; at < strlen (log); at += piece) {
        size_t rest = strlen (log) - at;
        size += marks_take (marks, log + at, rest < piece ? rest : piece, left + size);
    }
    size += marks_end (marks, left + size);
    left [size] = '\0';
    return left;
}

static void
expect (const char *log, const char *left, int percent, const char *text)
{
    for (size_t piece = 1; piece <= strlen (log); piece++) {
        marks_t marks;
        assert_string_equal (left_of (&marks, log, piece), left);
        assert_true (marks.is_untold);
        assert_int_equal (marks.percent, percent);
        assert_string_equal (marks.text, text);
    }
}

static void
a_mark_says_percent_or_words_or_both (void **state)
{
    (void)state;
    expect ("tocsin-progress: 42 compiling\n", "", 42, "compiling");
    expect ("tocsin-progress:42%\n", "", 42, "");
    expect ("tocsin-progress:  100%  nearly done \r\n", "", 100, "nearly done ");
    expect ("tocsin-progress: compiling 3 files\n", "", 0, "compiling 3 files");
    expect ("tocsin-progress: 101 dalmatians\n", "", 0, "101 dalmatians");
    expect ("tocsin-progress: 3rd stage\n", "", 0, "3rd stage");
    expect ("tocsin-progress: 00000000000000000042\n", "", 0, "00000000000000000042");
}

static void
the_last_one_counts_and_the_log_is_without_them (void **state)
{
    (void)state;
    expect ("begin\ntocsin-progress: 1 a\nmiddle\n\ntocsin-progress: 2 b\ntocsin-prog\nend",
            "begin\nmiddle\n\ntocsin-prog\nend", 2, "b");
    expect ("tocsin-progress: 7\n tocsin-progress: 8\nnot tocsin-progress: 9\ntocsin-progress: 10",
            " tocsin-progress: 8\nnot tocsin-progress: 9\ntocsin-progress: 10", 7, "");
}

static void
a_long_one_is_cut (void **state)
{
    (void)state;
    char log [1000] = "tocsin-progress: 5 ";
    memset (log + strlen (log), 'x', 900);
    strcat (log, "\nend");
    marks_t marks;
    assert_string_equal (left_of (&marks, log, 100), "end");
    assert_int_equal (marks.percent, 5);
    assert_int_equal (strlen (marks.text), MARK_TEXT_SIZE - 1);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_mark_says_percent_or_words_or_both),
        cmocka_unit_test (the_last_one_counts_and_the_log_is_without_them),
        cmocka_unit_test (a_long_one_is_cut),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
