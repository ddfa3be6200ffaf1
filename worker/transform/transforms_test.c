/*  Transforms in a real worker, whose action counts by what they make. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include <glob.h>

#include "proto/model/owned.h"
#include "worker/worker_stage.h"

static uint64_t
deliver (worker_stage_t *stage, const char *subscription, const char *program)
{
    char document [300];
    snprintf (document, sizeof document,
              "{\"action\":{\"name\":\"counter\",\"key\":\"{/t}\"},\"transform\":{\"jq\":\"%s\"}}",
              program);
    return fake_broker_deliver (stage->broker, subscription, document, STAGE_TIMEOUT_MS,
                                "{\"a\": \"x\"}");
}

static void
expect (worker_stage_t *stage, const char *subscription, const char *program, outcome_t outcome,
        const char *said)
{
    uint64_t lease = deliver (stage, subscription, program);
    const settlement_t *settlement = fake_broker_settlement (stage->broker, lease);
    assert_string_equal (outcome == OUTCOME_OK ? settlement->result : settlement->error, said);
    assert_int_equal (settlement->outcome, outcome);
}

static void
the_action_sees_what_a_transform_makes (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    expect (stage, "a", "{t: .data.a}", OUTCOME_OK, "{\"count\": 1}");
    expect (stage, "a", "{t: .data.a}", OUTCOME_OK, "{\"count\": 2}");
    expect (stage, "b", "empty", OUTCOME_SKIP, "transform.jq gave nothing");
    expect (stage, "c", ".data | error", OUTCOME_FAIL, "transform.jq: {\"a\":\"x\"}");
    expect (stage, "d", "foo", OUTCOME_FAIL,
            "transform.jq: foo/0 is not defined at <top-level>, line 1: foo");
}

//  Each has some waiting; and the worker leaves in the midst of it.
static void
endless_ones_hold_up_no_other_and_are_cancelled (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_set (stage, "worker/transform_ms=60000");
    worker_stage_set (stage, "worker/threads=1");
    worker_stage_set (stage, "worker/drain_ms=50");
    worker_stage_begin (stage);
    for (int i = 0; i < 3; i++) {
        deliver (stage, "endless", "def f: f; f");
        deliver (stage, "too", "def f: f; 1 | f");
    }
    uint64_t last = deliver (stage, "endless", "def f: f; f");
    for (int i = 1; i < 5; i++) {
        char said [40];
        snprintf (said, sizeof said, "{\"count\": %d}", i);
        expect (stage, "good", "{t: 1}", OUTCOME_OK, said);
    }
    worker_stage_stop (stage);
    assert_string_equal (fake_broker_settlement (stage->broker, last)->error,
                         "its transform was stopped: the worker stopped, or lost the broker");
    worker_stage_stopped (stage);
}

//  Our children of that name.
static int
kill_processes (void)
{
    glob_t found;
    int killed = 0;
    if (glob ("/proc/self/task/*/children", 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *children = fopen (found.gl_pathv [i], "r");
        int pid;
        while (children && fscanf (children, "%d", &pid) == 1) {
            char path [60], name [20] = "";
            snprintf (path, sizeof path, "/proc/%d/comm", pid);
            FILE *about = fopen (path, "r");
            bool is_jq = about && fscanf (about, "%19s", name) == 1 && !strcmp (name, "tocsin-jq");
            if (about)
                fclose (about);
            killed += is_jq && kill (pid, SIGKILL) == 0;
        }
        if (children)
            fclose (children);
    }
    globfree (&found);
    return killed;
}

static void
a_process_that_is_killed_is_replaced (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_set (stage, "worker/threads=1");
    worker_stage_begin (stage);
    expect (stage, "a", "{t: 1}", OUTCOME_OK, "{\"count\": 1}");
    assert_int_equal (kill_processes (), 1);
    //  Whether the worker has noticed yet, or only does when it asks, is chance.
    uint64_t lease = deliver (stage, "a", "{t: 1}");
    const settlement_t *settlement = fake_broker_settlement (stage->broker, lease);
    if (settlement->outcome == OUTCOME_RETRY) {
        assert_string_equal (settlement->error, "transform: tocsin-jq was killed by signal 9");
        expect (stage, "a", "{t: 1}", OUTCOME_OK, "{\"count\": 2}");
    }
    else
        assert_string_equal (settlement->result, "{\"count\": 2}");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_action_sees_what_a_transform_makes),
        cmocka_unit_test (endless_ones_hold_up_no_other_and_are_cancelled),
        cmocka_unit_test (a_process_that_is_killed_is_replaced),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
