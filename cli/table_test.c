/*  table – columns, and what does not belong on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/table.h"

static void
expect_printed (const table_t *table, size_t width, const char *expected)
{
    char *came = NULL;
    size_t size = 0;
    FILE *out = open_memstream (&came, &size);
    table_print (table, out, width);
    fclose (out);
    assert_string_equal (came, expected);
    free (came);
}

static void
columns_are_as_wide_as_their_widest_cell (void **state)
{
    (void)state;
    table_t *table = table_new ("lrl");
    static const char *const cells [] = {"NAME", "LEASES", "ACTIONS", "w\xc3\xb6rker-1", "7",
                                         "",     "w",      "4711",    "webhook"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        table_add (table, cells [i]);
    assert_int_equal (table_rows (table), 3);
    expect_printed (table, 0,
                    "NAME      LEASES  ACTIONS\n"
                    "w\xc3\xb6rker-1       7\n"
                    "w           4711  webhook\n");
    table_destroy (&table);
}

static void
a_line_is_cut_at_a_character (void **state)
{
    (void)state;
    table_t *table = table_new ("ll");
    table_add (table, "\xc3\xa4\xc3\xb6\xc3\xbc");
    table_add (table, "more");
    expect_printed (table, 2, "\xc3\xa4\xc3\xb6\n");
    expect_printed (table, 4, "\xc3\xa4\xc3\xb6\xc3\xbc\n");
    expect_printed (table, 6, "\xc3\xa4\xc3\xb6\xc3\xbc  m\n");
    table_destroy (&table);
}

static void
what_a_terminal_would_obey_is_a_question_mark (void **state)
{
    (void)state;
    table_t *table = table_new ("l");
    table_add (table, "w\x1b[2J\xff\xc2\x9b\n1");
    expect_printed (table, 0, "w?[2J???1\n");
    table_destroy (&table);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test (a_line_is_cut_at_a_character),
        cmocka_unit_test (what_a_terminal_would_obey_is_a_question_mark),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
