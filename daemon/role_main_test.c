/*  A role of its own, that starts, fails or is refused as a test wants; each main in a child. */
#include "daemon/role_main.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int to_test = -1;  //  a pipe to the test: what the role does

static void
tell (const char *what)
{
    ssize_t written = write (to_test, what, strlen (what));
    (void)written;
}

static void *
start (const settings_t *settings, void *zmq, problem_t *problem)
{
    const char *name = settings_text (settings, "broker/name");
    if (strcmp (name, "busy") == 0) {
        problem_set (problem, STATUS_SYSTEM, "port 7101 is in use");
        return NULL;
    }
    if (strcmp (name, "wrong") == 0) {
        problem_set (problem, STATUS_BAD_SETTING, "broker/front is no endpoint");
        return NULL;
    }
    tell ("started ");
    return zmq;
}

static void
stop (void *self)
{
    (void)self;
    tell ("stopped ");
}

static const role_t role = {"broker", "Keeps events and decides who gets them.", start, stop};

typedef struct {
    int code;          //  the exit code, or -1 when a signal ended it
    char did [64];     //  what the role told the test
    char said [4000];  //  on stderr and stdout
} outcome_t;

static void
read_all (int descriptor, char *to, size_t size)
{
    size_t got = 0;
    ssize_t n;
    while (got < size - 1 && (n = read (descriptor, to + got, size - 1 - got)) > 0)
        got += (size_t)n;
    to [got] = 0;
    close (descriptor);
}

/*  Runs it with these arguments; a signal is sent once it has started. */
static outcome_t
run (char **arguments, int signal_number)
{
    int did [2], said [2], count = 0;
    while (arguments [count])
        count++;
    assert_int_equal (pipe (did) + pipe (said), 0);
    pid_t child = fork ();
    if (child == 0) {
        to_test = did [1];
        dup2 (said [1], STDERR_FILENO);
        dup2 (said [1], STDOUT_FILENO);
        close (did [0]);
        close (said [0]);
        close (said [1]);
        exit (role_main (count, arguments, &role));
    }
    close (did [1]);
    close (said [1]);

    outcome_t outcome = {0};
    int status;
    if (signal_number) {
        assert_int_equal (read (did [0], outcome.did, 8), 8);
        kill (child, signal_number);
    }
    read_all (did [0], outcome.did + strlen (outcome.did), 40);
    read_all (said [0], outcome.said, sizeof outcome.said);
    waitpid (child, &status, 0);
    outcome.code = WIFEXITED (status) ? WEXITSTATUS (status) : -1;
    return outcome;
}

#define RUN(signal_number, ...) run ((char *[]){"tocsin-broker", __VA_ARGS__, NULL}, signal_number)

static void
it_serves_until_sigterm_and_stops_in_order (void **state)
{
    (void)state;
    outcome_t outcome = RUN (SIGTERM, "--set=log/level=warning");
    assert_string_equal (outcome.did, "started stopped ");
    assert_string_equal (outcome.said, "");
    assert_int_equal (outcome.code, 0);
    assert_int_equal (RUN (SIGINT, "--set=log/level=warning").code, 0);
}

static void
what_fails_is_one_line_and_an_exit_code (void **state)
{
    (void)state;
    outcome_t outcome = RUN (0, "--set=broker/name=busy");
    assert_string_equal (outcome.said, "tocsin-broker: port 7101 is in use\n");
    assert_int_equal (outcome.code, 1);

    outcome = RUN (0, "--set=broker/name=wrong");
    assert_string_equal (outcome.said, "tocsin-broker: broker/front is no endpoint\n");
    assert_int_equal (outcome.code, 78);

    outcome = RUN (0, "--config=/no/such/file");
    assert_string_equal (outcome.said, "tocsin-broker: /no/such/file: No such file or directory\n");
    assert_int_equal (outcome.code, 78);

    outcome = RUN (0, "--set=log/level=loud");
    assert_string_equal (outcome.said, "tocsin-broker: log/level is \"loud\"; write error, "
                                       "warning, notice, info or debug\n");
    assert_int_equal (outcome.code, 78);
    assert_string_equal (outcome.did, "");
}

static void
a_wrong_command_line_is_64 (void **state)
{
    (void)state;
    assert_int_equal (RUN (0, "--colour").code, 64);
    outcome_t outcome = RUN (0, "gateway/listen=x");
    assert_non_null (strstr (outcome.said, "\"gateway/listen=x\" is no option"));
    assert_int_equal (outcome.code, 64);
}

static void
check_says_whether_the_configuration_is_fine_and_starts_nothing (void **state)
{
    (void)state;
    outcome_t outcome = RUN (0, "--check");
    assert_string_equal (outcome.said, "tocsin-broker: the configuration is fine\n");
    assert_int_equal (outcome.code, 0);
    assert_string_equal (outcome.did, "");
    assert_int_equal (RUN (0, "--check", "--set=broker/nam=x").code, 78);
}

static void
help_version_and_sample_are_printed (void **state)
{
    (void)state;
    outcome_t outcome = RUN (0, "--help");
    assert_non_null (strstr (outcome.said, "Keeps events and decides who gets them."));
    assert_non_null (strstr (outcome.said, "--config=FILE"));
    assert_int_equal (outcome.code, 0);
    assert_memory_equal (RUN (0, "--version").said, "tocsin-broker ", 14);
    assert_non_null (strstr (RUN (0, "--sample").said, "\n    # name = \"broker-1\"\n"));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (it_serves_until_sigterm_and_stops_in_order),
        cmocka_unit_test (what_fails_is_one_line_and_an_exit_code),
        cmocka_unit_test (a_wrong_command_line_is_64),
        cmocka_unit_test (check_says_whether_the_configuration_is_fine_and_starts_nothing),
        cmocka_unit_test (help_version_and_sample_are_printed),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
