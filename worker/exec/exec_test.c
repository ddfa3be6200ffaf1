/*  A whole worker that runs real programs: shell scripts in a directory of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "worker/worker_stage.h"

enum { PATIENCE_MS = 60000, MANY = 100 };

static char directory [] = "/tmp/tocsin-exec-XXXXXX";

//  Every program there is: its name, and its script.
static const char *const scripts [][2] = {
    {"good", "echo '{\"n\": 1}'"},
    {"echo", "cat"},
    {"shows",
     "echo \"$TOCSIN_EVENT_ID $TOCSIN_EVENT_TYPE $TOCSIN_EVENT_SUBJECT $TOCSIN_SUBSCRIPTION "
     "$TOCSIN_ATTEMPT\""},
    {"lists", "env | cut -d= -f1 | sort | tr '\\n' ' '; pwd; ls /proc/self/fd | wc -l"},
    {"fails", "echo first >&2; echo second >&2; echo partly; exit 3"},
    {"later", "echo busy >&2; exit 75"},
    {"crashes", "kill -SEGV $$"},
    {"pours", "yes"},
    {"chatters", "yes log | head -c 3000000 >&2; echo done"},
    {"sleeps", "echo $$ > \"$0.pid\"; sleep 1000 & sleep 1000"},
    {"tidies", "trap 'echo tidied >&2; exit 1' TERM; echo $$ > \"$0.pid\"; sleep 1000 & wait"},
    {"stays", "trap '' TERM; echo $$ > \"$0.pid\"; sleep 1000 & sleep 1000"},
    {"leaves", "setsid sleep 1000 & echo $! > \"$0.pid\"; sleep 0.1; echo left"},
    {"hog", "x=x; while :; do x=$x$x; done"},
    {"bomb", "b () { b | b & b; }; b 2>/dev/null"},
    {"wanders", "s () { setsid sh \"$0\" s & setsid sh \"$0\" s & }; s 2>/dev/null; sleep 1000"},
};
enum { SCRIPTS = sizeof scripts / sizeof *scripts };

static void
path_of (const char *name, const char *more, char path [200])
{
    snprintf (path, 200, "%s/%s%s", directory, name, more);
}

static void
set_program (worker_stage_t *stage, const char *name, const char *key, const char *value)
{
    char setting [400];
    snprintf (setting, sizeof setting, "worker/exec/%s/%s=%s", name, key, value);
    worker_stage_set (stage, setting);
}

static int
make_scripts (void **state)
{
    (void)state;
    if (!mkdtemp (directory) || chmod (directory, 0777) != 0)
        return -1;
    for (size_t i = 0; i < SCRIPTS; i++) {
        char path [200];
        path_of (scripts [i][0], "", path);
        FILE *file = fopen (path, "w");
        if (!file)
            return -1;
        fprintf (file, "#!/bin/sh\n%s\n", scripts [i][1]);
        fclose (file);
        chmod (path, 0755);
    }
    return 0;
}

static int
remove_scripts (void **state)
{
    (void)state;
    DIR *files = opendir (directory);
    const struct dirent *file;
    while (files && (file = readdir (files)))
        unlinkat (dirfd (files), file->d_name, 0);
    if (files)
        closedir (files);
    return rmdir (directory);
}

static int
raise_stage (void **state)
{
    worker_stage_t *stage = worker_stage_new ();
    for (size_t i = 0; i < SCRIPTS; i++) {
        char path [200];
        const char *name = scripts [i][0];
        path_of (name, "", path);
        set_program (stage, name, "command", path);
        set_program (stage, name, "memory_bytes", "134217728");
        set_program (stage, name, "processes", "32");
        if (geteuid () == 0)
            set_program (stage, name, "user", "nobody");
    }
    set_program (stage, "missing", "command", "/nowhere/at-all");
    if (geteuid () == 0)
        set_program (stage, "missing", "user", "nobody");
    set_program (stage, "sleeps", "timeout_ms", "300");
    set_program (stage, "tidies", "timeout_ms", "300");
    set_program (stage, "stays", "timeout_ms", "300");
    set_program (stage, "stays", "grace_ms", "100");
    set_program (stage, "bomb", "timeout_ms", "1000");
    set_program (stage, "wanders", "timeout_ms", "1000");
    worker_stage_set (stage, "worker/drain_ms=100");
    worker_stage_begin (stage);
    *state = stage;
    return 0;
}

static int
end_stage (void **state)
{
    worker_stage_t *stage = *state;
    worker_stage_destroy (&stage);
    return 0;
}

static uint64_t
begin (worker_stage_t *stage, const char *program)
{
    char deliver [200];
    snprintf (deliver, sizeof deliver, "{\"action\":{\"name\":\"exec\",\"program\":\"%s\"}}",
              program);
    return fake_broker_deliver (stage->broker, program, deliver, PATIENCE_MS, "{\"n\":1}");
}

static const settlement_t *
run (void **state, const char *program)
{
    worker_stage_t *stage = *state;
    return fake_broker_settlement (stage->broker, begin (stage, program));
}

static void
expect (void **state, const char *program, outcome_t outcome, const char *error, const char *result)
{
    const settlement_t *settlement = run (state, program);
    assert_string_equal (settlement->error, error);
    assert_int_equal (settlement->outcome, outcome);
    assert_string_equal (settlement->result, result);
}

//  The pid that a program has written down.
static pid_t
noted_pid (const char *program)
{
    char path [200];
    path_of (program, ".pid", path);
    long pid = 0;
    for (int64_t until_ms = monotonic_ms () + PATIENCE_MS;
         pid == 0 && monotonic_ms () < until_ms;) {
        FILE *file = fopen (path, "r");
        if (file && fscanf (file, "%ld", &pid) != 1)
            pid = 0;
        if (file)
            fclose (file);
        poll (NULL, 0, 1);
    }
    assert_true (pid > 0);
    return (pid_t)pid;
}

static void
expect_gone (pid_t pid)
{
    for (int64_t until_ms = monotonic_ms () + PATIENCE_MS; monotonic_ms () < until_ms;)
        if (kill (pid, 0) != 0)
            return;
    fail_msg ("process %d still lives", (int)pid);
}

static void
exit_codes_are_outcomes (void **state)
{
    expect (state, "good", OUTCOME_OK, "", "{\"n\": 1}");
    expect (state, "fails", OUTCOME_FAIL, "exit code 3: first\nsecond", "partly");
    expect (state, "later", OUTCOME_RETRY, "exit code 75: busy", "");
    expect (state, "crashes", OUTCOME_FAIL, "killed by signal 11 (Segmentation fault)", "");
}

static void
the_event_is_on_stdin_and_in_the_environment (void **state)
{
    worker_stage_t *stage = *state;
    uint64_t lease = begin (stage, "echo");
    const settlement_t *settlement = fake_broker_settlement (stage->broker, lease);
    assert_non_null (strstr (settlement->result, "{\"specversion\":\"1.0\",\"id\":\"event-"));
    assert_non_null (strstr (settlement->result, "\"data\":{\"n\":1}}"));
    lease = begin (stage, "shows");
    char expected [200];
    snprintf (expected, sizeof expected, "event-%d test.happened /a/b shows 1", (int)lease);
    assert_string_equal (fake_broker_settlement (stage->broker, lease)->result, expected);
}

//  Nothing of ours: no variable, no descriptor beside the three and that of ls itself, no directory.
static void
a_program_finds_a_clean_house (void **state)
{
    setenv ("TOCSIN_TOKEN", "secret", 1);
    expect (state, "lists", OUTCOME_OK, "",
            "LANG PATH PWD TOCSIN_ATTEMPT TOCSIN_EVENT_ID TOCSIN_EVENT_SOURCE TOCSIN_EVENT_SUBJECT "
            "TOCSIN_EVENT_TIME TOCSIN_EVENT_TYPE TOCSIN_SUBSCRIPTION /\n4");
    unsetenv ("TOCSIN_TOKEN");
}

static void
what_cannot_be_started_is_tried_again (void **state)
{
    expect (state, "missing", OUTCOME_RETRY,
            "missing could not be started: its command: No such file or directory", "");
    expect (state, "unheard-of", OUTCOME_RETRY,
            "action.program: this worker has no program \"unheard-of\"", "");
}

static void
giant_output_ends_a_program_and_a_giant_log_does_not (void **state)
{
    const settlement_t *settlement = run (state, "pours");
    assert_int_equal (settlement->outcome, OUTCOME_FAIL);
    assert_non_null (
        strstr (settlement->error, "pours was killed: it wrote more than 65536 bytes"));
    expect (state, "chatters", OUTCOME_OK, "", "done");
}

static void
a_program_that_takes_too_long_is_killed_with_all_it_has_started (void **state)
{
    expect (state, "sleeps", OUTCOME_RETRY, "sleeps was killed: it took too long", "");
    expect_gone (noted_pid ("sleeps"));
    expect (state, "tidies", OUTCOME_RETRY, "tidies was killed: it took too long: tidied", "");
    expect_gone (noted_pid ("tidies"));
    expect (state, "stays", OUTCOME_RETRY, "stays was killed: it took too long", "");
    expect_gone (noted_pid ("stays"));
}

//  It had left its process group, its session and its parent.
static void
what_a_program_leaves_behind_is_killed (void **state)
{
    expect (state, "leaves", OUTCOME_OK, "", "left");
    expect_gone (noted_pid ("leaves"));
}

static void
a_memory_hog_ends_by_itself (void **state)
{
    const settlement_t *settlement = run (state, "hog");
    assert_int_equal (settlement->outcome, OUTCOME_FAIL);
    expect (state, "good", OUTCOME_OK, "", "{\"n\": 1}");
}

static void
a_fork_bomb_is_held_and_ended (void **state)
{
    assert_int_not_equal (run (state, "bomb")->outcome, OUTCOME_OK);
    expect (state, "good", OUTCOME_OK, "", "{\"n\": 1}");
    assert_int_not_equal (run (state, "wanders")->outcome, OUTCOME_OK);
    expect (state, "good", OUTCOME_OK, "", "{\"n\": 1}");
}

static size_t
count_descriptors (void)
{
    size_t count = 0;
    DIR *files = opendir ("/proc/self/fd");
    while (readdir (files))
        count++;
    closedir (files);
    return count;
}

static void
many_at_once_end_each_for_itself (void **state)
{
    worker_stage_t *stage = *state;
    run (state, "good");
    size_t before = count_descriptors ();
    for (int i = 0; i < MANY; i++)
        begin (stage, i % 2 ? "good" : "later");
    assert_int_equal (fake_broker_count_settlements (stage->broker, MANY), MANY);
    assert_int_equal (count_descriptors (), before);
}

//  drain_ms is short, so what runs is cancelled.
static void
a_worker_that_leaves_ends_its_programs (void **state)
{
    worker_stage_t *stage = worker_stage_new ();
    char path [200];
    path_of ("sleeps", "", path);
    set_program (stage, "sleeps", "command", path);
    if (geteuid () == 0)
        set_program (stage, "sleeps", "user", "nobody");
    worker_stage_set (stage, "worker/drain_ms=100");
    worker_stage_begin (stage);
    (void)state;
    path_of ("sleeps", ".pid", path);
    unlink (path);
    uint64_t lease = begin (stage, "sleeps");
    pid_t pid = noted_pid ("sleeps");
    worker_stage_stop (stage);
    const settlement_t *settlement = fake_broker_settlement (stage->broker, lease);
    assert_int_equal (settlement->outcome, OUTCOME_RETRY);
    assert_string_equal (settlement->error,
                         "sleeps was killed: the worker stopped, or lost the broker");
    worker_stage_stopped (stage);
    expect_gone (pid);
    worker_stage_destroy (&stage);
}

int
main (void)
{
    worker_prepare_process ();
    const struct CMUnitTest tests [] = {
        cmocka_unit_test_setup_teardown (exit_codes_are_outcomes, raise_stage, end_stage),
        cmocka_unit_test_setup_teardown (the_event_is_on_stdin_and_in_the_environment, raise_stage,
                                         end_stage),
        cmocka_unit_test_setup_teardown (a_program_finds_a_clean_house, raise_stage, end_stage),
        cmocka_unit_test_setup_teardown (what_cannot_be_started_is_tried_again, raise_stage,
                                         end_stage),
        cmocka_unit_test_setup_teardown (giant_output_ends_a_program_and_a_giant_log_does_not,
                                         raise_stage, end_stage),
        cmocka_unit_test_setup_teardown (
            a_program_that_takes_too_long_is_killed_with_all_it_has_started, raise_stage,
            end_stage),
        cmocka_unit_test_setup_teardown (what_a_program_leaves_behind_is_killed, raise_stage,
                                         end_stage),
        cmocka_unit_test_setup_teardown (a_memory_hog_ends_by_itself, raise_stage, end_stage),
        cmocka_unit_test_setup_teardown (a_fork_bomb_is_held_and_ended, raise_stage, end_stage),
        cmocka_unit_test_setup_teardown (many_at_once_end_each_for_itself, raise_stage, end_stage),
        cmocka_unit_test (a_worker_that_leaves_ends_its_programs),
    };
    return cmocka_run_group_tests (tests, make_scripts, remove_scripts);
}
