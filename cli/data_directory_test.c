#include "cli/data_directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/model/allocate.h"
#include "proto/model/owned.h"

static void
the_default_is_xdgs_or_else_in_the_home (void **state)
{
    (void)state;
    problem_t problem = {0};
    setenv ("XDG_STATE_HOME", "/x/state", 1);
    setenv ("HOME", "/of/somebody", 1);
    OWNED (text) char *of_xdg = data_directory_default (&problem);
    assert_string_equal (of_xdg, "/x/state/tocsin");
    unsetenv ("XDG_STATE_HOME");
    OWNED (text) char *of_home = data_directory_default (&problem);
    assert_string_equal (of_home, "/of/somebody/.local/state/tocsin");
    unsetenv ("HOME");
    assert_null (data_directory_default (&problem));
    assert_non_null (strstr (problem.text, "--data"));
}

static void
it_is_made_for_its_owner_alone_with_all_above_it (void **state)
{
    (void)state;
    char base [] = "/tmp/tocsin-data-XXXXXX";
    assert_non_null (mkdtemp (base));
    char path [80];
    snprintf (path, sizeof path, "%s/a/b", base);
    problem_t problem = {0};
    assert_int_equal (data_directory_make (path, &problem), STATUS_OK);
    assert_int_equal (data_directory_make (path, &problem), STATUS_OK);
    struct stat made;
    assert_int_equal (stat (path, &made), 0);
    assert_int_equal (made.st_mode & 0777, 0700);
    rmdir (path);
    path [strlen (path) - 2] = 0;
    rmdir (path);
    rmdir (base);
}

static void
what_cannot_be_made_is_named_with_the_remedy (void **state)
{
    (void)state;
    problem_t problem = {0};
    assert_int_equal (data_directory_make ("/proc/tocsin", &problem), STATUS_SYSTEM);
    assert_string_equal (problem.text, "cannot make the directory /proc/tocsin: No such file or "
                                       "directory; choose another with --data");
    assert_int_equal (data_directory_make ("/dev/null/data", &problem), STATUS_SYSTEM);
    assert_non_null (strstr (problem.text, "/dev/null: Not a directory"));
}

static void
a_path_is_meant_from_here (void **state)
{
    (void)state;
    OWNED (text) char *here = getcwd (NULL, 0);
    OWNED (text) char *expected = data_directory_file (here, "data");
    OWNED (text) char *relative = data_directory_absolute ("data");
    OWNED (text) char *absolute = data_directory_absolute ("/data");
    assert_string_equal (relative, expected);
    assert_string_equal (absolute, "/data");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_default_is_xdgs_or_else_in_the_home),
        cmocka_unit_test (it_is_made_for_its_owner_alone_with_all_above_it),
        cmocka_unit_test (what_cannot_be_made_is_named_with_the_remedy),
        cmocka_unit_test (a_path_is_meant_from_here),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
