/*  The words of the command line; each run in a child, since a wrong option ends the process. */
#include "cli/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct {
    int code;          //  the exit code
    char said [8000];  //  on stdout and stderr
} outcome_t;

static outcome_t
run (char **arguments)
{
    int ends [2], count = 0, status;
    while (arguments [count])
        count++;
    assert_int_equal (pipe (ends), 0);
    pid_t child = fork ();
    if (child == 0) {
        dup2 (ends [1], STDERR_FILENO);
        dup2 (ends [1], STDOUT_FILENO);
        close (ends [0]);
        close (ends [1]);
        setenv ("TOCSIN_URL", "http://127.0.0.1:1", 1);
        exit (command_main (count, arguments));
    }
    close (ends [1]);

    outcome_t outcome = {0};
    size_t got = 0;
    ssize_t n;
    while ((n = read (ends [0], outcome.said + got, sizeof outcome.said - 1 - got)) > 0)
        got += (size_t)n;
    close (ends [0]);
    waitpid (child, &status, 0);
    outcome.code = WIFEXITED (status) ? WEXITSTATUS (status) : -1;
    return outcome;
}

#define RUN(...) run ((char *[]){"tocsin", __VA_ARGS__})

static void
expect_said (outcome_t outcome, int code, const char *part)
{
    if (!strstr (outcome.said, part))
        fail_msg ("there is no \"%s\" in what it said:\n%s", part, outcome.said);
    assert_int_equal (outcome.code, code);
}

static void
help_lists_the_commands_and_explains_one (void **state)
{
    (void)state;
    expect_said (RUN ("help", NULL), 0, "\n  publish      send an event\n");
    expect_said (RUN ("--help", NULL), 0, "\n  version      print the version\n");
    expect_said (RUN (NULL), 64, "Usage: tocsin COMMAND");
    expect_said (RUN ("help", "publish", NULL), 0, "Usage: tocsin publish [OPTION...] [DATA]");
    expect_said (RUN ("publish", "--help", NULL), 0, "--subject=PATH");
    expect_said (RUN ("version", NULL), 0, "tocsin ");
    expect_said (RUN ("status", "--version", NULL), 0, "tocsin ");
}

static void
a_typing_error_is_answered_with_what_was_meant (void **state)
{
    (void)state;
    expect_said (RUN ("pubish", NULL), 64,
                 "tocsin: there is no command pubish; did you mean publish?\n");
    expect_said (RUN ("help", "stauts", NULL), 64, "did you mean status?\n");
    expect_said (RUN ("frobnicate", NULL), 64,
                 "tocsin: there is no command frobnicate; `tocsin help` lists them\n");
    expect_said (RUN ("publish", "--tpye=x", NULL), 64, "tocsin publish: unrecognized option");
}

static void
what_is_missing_is_asked_for (void **state)
{
    (void)state;
    expect_said (RUN ("publish", "{}", NULL), 64, "Give --type");
    expect_said (RUN ("publish", "--kinto=f", "--type=a", NULL), 64, "itself");
    expect_said (RUN ("publish", "--type=a", "--wait=soon", "1", NULL), 64, "\"soon\"");
    expect_said (RUN ("show", NULL), 64, "which event?");
    expect_said (RUN ("subscribe", NULL), 64, "give the URL");
    expect_said (RUN ("subscribe", "http://a", "--list", NULL), 64, "give the URL");
    expect_said (RUN ("subscribe", "http://a", "http://b", NULL), 64, "once");
    expect_said (RUN ("up", "--private-addresses=perhaps", NULL), 64, "yes or no");
    expect_said (RUN ("pause", NULL), 64, "which subscription?");
    expect_said (RUN ("resume", "a", "b", NULL), 64, "\"b\" is one too many: there are 1 at most");
    expect_said (RUN ("explain", "event", NULL), 64, "which event, and for which subscription?");
    expect_said (RUN ("dead-letters", NULL), 64, "of which subscription?");
    expect_said (RUN ("dead-letters", "s", "--after=soon", NULL), 64, "\"soon\" is no time");
    expect_said (RUN ("dead-letters", "s", "--limit=0", NULL), 64, "\"0\" is no number from 1");
    expect_said (RUN ("replay", "s", NULL), 64, "Give --from, --event, --list or --delete");
    expect_said (RUN ("replay", "s", "--from=1", "--rate=fast", NULL), 64, "\"fast\"");
    expect_said (RUN ("match", "--last=10001", NULL), 64, "no number from 1 to 10000");
    expect_said (RUN ("reconcile", "--bucket=b", NULL), 64, "which Kinto? Give --kinto");
}

static void
a_program_that_is_not_there_is_named (void **state)
{
    (void)state;
    setenv ("PATH", "/nowhere", 1);
    expect_said (RUN ("reconcile", "--kinto=http://127.0.0.1:1/v1", NULL), 1,
                 "tocsin: kinto-tocsin is not installed, or not in $PATH");
}

static void
what_cannot_be_sent_is_said_before_anything_is (void **state)
{
    (void)state;
    expect_said (RUN ("publish", "--type=a", "hello", NULL), 1, "the data is not JSON: line 1");
    expect_said (RUN ("publish", "--type=a", "--file=/no/such", NULL), 1,
                 "tocsin: /no/such: No such file or directory\n");
    expect_said (RUN ("subscribe", "--data={", "http://a", NULL), 1, "--data is no JSON object");
    expect_said (RUN ("publish", "--type=a", "1", NULL), 1, "no gateway answers at");
    expect_said (RUN ("match", "--data={", NULL), 1, "--data is no JSON object");
    expect_said (RUN ("replay", "s", "--from=soon", NULL), 1,
                 "--from: \"soon\" is no seq, no time as");
}

static void
what_gives_up_or_redrives_wants_to_be_told_which (void **state)
{
    (void)state;
    static const char which [] = "which? Give events, or a filter as --type, or --all";
    expect_said (RUN ("redrive", NULL), 64, "of which subscription?");
    expect_said (RUN ("redrive", "s", NULL), 64, which);
    expect_said (RUN ("discard", "s", NULL), 64, which);
    expect_said (RUN ("discard", "s", "e1", "--all", NULL), 64, which);
    expect_said (RUN ("discard", "s", "--all", "--type=a.*", NULL), 64, which);
    expect_said (RUN ("redrive", "s", "--all", "--rate=0", NULL), 64, "\"0\" is no number above 0");
    expect_said (RUN ("discard", "s", "--all", NULL), 1, "no gateway answers at");
    expect_said (RUN ("dead-leters", "s", NULL), 64, "did you mean dead-letters?");
}

static void
up_refuses_what_it_cannot_use (void **state)
{
    (void)state;
    expect_said (RUN ("up", "--data=/proc/x", "--set=broker/nam=a", NULL), 78,
                 "tocsin: --set: there is no setting broker/nam; did you mean broker/name?\n");
    expect_said (RUN ("up", "--data=/proc/x", "--config=/no/such", NULL), 78,
                 "tocsin: /no/such: No such file or directory\n");
    expect_said (RUN ("up", "--data=/proc/x", NULL), 1,
                 "tocsin: cannot make the directory /proc/x");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (help_lists_the_commands_and_explains_one),
        cmocka_unit_test (a_typing_error_is_answered_with_what_was_meant),
        cmocka_unit_test (what_is_missing_is_asked_for),
        cmocka_unit_test (a_program_that_is_not_there_is_named),
        cmocka_unit_test (what_cannot_be_sent_is_said_before_anything_is),
        cmocka_unit_test (what_gives_up_or_redrives_wants_to_be_told_which),
        cmocka_unit_test (up_refuses_what_it_cannot_use),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
