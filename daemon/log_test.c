#include "daemon/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char line [8192];  //  what stderr got last

/*  Runs with stderr in a pipe. */
#define SEEN(statement)                                        \
    do {                                                       \
        int ends [2];                                          \
        int stderr_was = dup (STDERR_FILENO);                  \
        assert_int_equal (pipe (ends), 0);                     \
        dup2 (ends [1], STDERR_FILENO);                        \
        close (ends [1]);                                      \
        statement;                                             \
        dup2 (stderr_was, STDERR_FILENO);                      \
        close (stderr_was);                                    \
        ssize_t size = read (ends [0], line, sizeof line - 1); \
        close (ends [0]);                                      \
        line [size > 0 ? size : 0] = 0;                        \
    } while (0)

enum { TIME_BYTES = sizeof "2026-11-24T03:00:00.123Z" - 1 };

static void
a_line_has_time_level_role_and_message (void **state)
{
    (void)state;
    SEEN (log_warning ("broker", "worker-%d is silent", 1));
    assert_int_equal (line [10], 'T');
    assert_int_equal (line [TIME_BYTES - 1], 'Z');
    assert_string_equal (line + TIME_BYTES, " warning broker: worker-1 is silent\n");
}

static void
what_is_below_the_level_is_not_written (void **state)
{
    (void)state;
    log_set_level (LOG_WARNING);
    SEEN (log_notice ("broker", "hello"));
    assert_string_equal (line, "");
    SEEN (log_error ("broker", "hello"));
    assert_string_equal (line + TIME_BYTES, " error broker: hello\n");
    log_set_level (LOG_INFO);
}

static void
a_message_of_somebody_else_stays_in_its_line (void **state)
{
    (void)state;
    SEEN (log_info ("gateway", "%s", "a\nb\x1b[31mc\x7f"));
    assert_string_equal (line + TIME_BYTES, " info gateway: a?b?[31mc?\n");
}

static void
json_is_escaped (void **state)
{
    (void)state;
    log_set_format (LOG_AS_JSON);
    SEEN (log_info ("worker", "say \"%s\"", "a\\b"));
    log_set_format (LOG_AS_TEXT);
    assert_memory_equal (line, "{\"time\":\"", 9);
    assert_string_equal (line + 9 + TIME_BYTES,
                         "\",\"level\":\"info\",\"role\":\"worker\",\"message\":\"say "
                         "\\\"a\\\\b\\\"\"}\n");
}

static void
a_long_message_is_cut_at_a_character (void **state)
{
    (void)state;
    char text [3001];
    for (int i = 0; i < 3000; i += 2)
        memcpy (text + i, "é", 2);
    text [3000] = 0;
    log_set_format (LOG_AS_JSON);
    SEEN (log_info ("worker", "x%s", text));
    log_set_format (LOG_AS_TEXT);
    size_t size = strlen (line);
    assert_in_range (size, 1000, 1200);
    assert_string_equal (line + size - 5, "é\"}\n");
}

static void
levels_and_formats_have_names (void **state)
{
    (void)state;
    log_level_t level;
    log_format_t format;
    assert_true (log_level_from_name ("debug", &level));
    assert_int_equal (level, LOG_DEBUG);
    assert_true (log_format_from_name ("json", &format));
    assert_int_equal (format, LOG_AS_JSON);
    assert_false (log_level_from_name ("loud", &level));
    assert_false (log_format_from_name ("xml", &format));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_line_has_time_level_role_and_message),
        cmocka_unit_test (what_is_below_the_level_is_not_written),
        cmocka_unit_test (a_message_of_somebody_else_stays_in_its_line),
        cmocka_unit_test (json_is_escaped),
        cmocka_unit_test (a_long_message_is_cut_at_a_character),
        cmocka_unit_test (levels_and_formats_have_names),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
