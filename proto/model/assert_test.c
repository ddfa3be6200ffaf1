#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/model/assert.h"

static void
write_last_words (void *context)
{
    fputs (context, stderr);
    ASSERT (!context, "a hook that fails itself must not be called again");
}

//  What a process that fails an ASSERT says before it ends.
static int
say_and_abort (char *said, size_t size)
{
    int ends [2];
    assert_int_equal (pipe (ends), 0);
    fflush (NULL);
    pid_t child = fork ();
    if (child == 0) {
        dup2 (ends [1], STDERR_FILENO);
        assert_set_hook (write_last_words, "the last inputs\n");
        ASSERT (1 + 1 == 3, "numbers would be no use otherwise");
        _exit (0);
    }
    close (ends [1]);
    FILE *from = fdopen (ends [0], "r");
    said [fread (said, 1, size - 1, from)] = 0;
    fclose (from);
    int how = 0;
    waitpid (child, &how, 0);
    return how;
}

static void
a_failed_assert_says_why_calls_its_hook_once_and_aborts (void **state)
{
    (void)state;
    char said [2000];
    int how = say_and_abort (said, sizeof (said));
    assert_true (WIFSIGNALED (how));
    assert_int_equal (WTERMSIG (how), SIGABRT);
    assert_non_null (
        strstr (said, "ASSERT (1 + 1 == 3) failed: numbers would be no use otherwise"));
    const char *words = strstr (said, "the last inputs");
    assert_non_null (words);
    assert_null (strstr (words + 1, "the last inputs"));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_failed_assert_says_why_calls_its_hook_once_and_aborts),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
