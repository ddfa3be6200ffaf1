/*  The table of methods and section 8 of PROTOCOL.md are one list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const methods [] = {
#define METHOD(name, function, text) name,
#include "broker/calls.tbl"
};
enum { METHODS = sizeof methods / sizeof *methods, PAGE_BYTES = 262144 };

static char section [PAGE_BYTES];  //  8, as text

static int
read_section (void **state)
{
    (void)state;
    char path [512] = __FILE__;
    char *end = strstr (path, "broker/methods_test.c");
    assert_non_null (end);
    strcpy (end, "proto/wire/PROTOCOL.md");
    FILE *file = fopen (path, "r");
    assert_non_null (file);
    section [fread (section, 1, sizeof section - 1, file)] = 0;
    fclose (file);
    char *start = strstr (section, "\n## 8. "), *after = strstr (section, "\n## 9. ");
    assert_true (start && after && start < after);
    *after = 0;
    memmove (section, start, strlen (start) + 1);
    return 0;
}

static void
every_method_has_its_row (void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        char row [80];
        snprintf (row, sizeof row, "\n| `%s` | ", methods [i]);
        if (!strstr (section, row))
            fail_msg ("section 8 of PROTOCOL.md has no row for %s", methods [i]);
    }
}

static bool
is_method (const char *name, size_t size)
{
    for (size_t i = 0; i < METHODS; i++)
        if (strlen (methods [i]) == size && memcmp (methods [i], name, size) == 0)
            return true;
    return false;
}

static void
every_row_is_a_method (void **state)
{
    (void)state;
    size_t rows = 0;
    for (const char *row = section; (row = strstr (row, "\n| `")); row++, rows++) {
        const char *name = row + strlen ("\n| `");
        size_t size = strcspn (name, "`");
        if (!is_method (name, size))
            fail_msg ("section 8 of PROTOCOL.md tells of %.*s, which is no method", (int)size,
                      name);
    }
    assert_int_equal (rows, METHODS);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_method_has_its_row),
        cmocka_unit_test (every_row_is_a_method),
    };
    return cmocka_run_group_tests (tests, read_section, NULL);
}
