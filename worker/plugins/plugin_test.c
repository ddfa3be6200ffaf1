/*  Plug-ins of all manners, in a real worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "proto/model/owned.h"
#include "worker/worker_stage.h"

enum { SHORT_MS = 200 };

static worker_stage_t *
stage_with (const char *library, const char *more)
{
    worker_stage_t *stage = worker_stage_new ();
    char line [600];
    snprintf (line, sizeof line, "worker/plugin/own/library=%s/%s.so", PLUGINS_BUILT, library);
    worker_stage_set (stage, line);
    if (more)
        worker_stage_set (stage, more);
    return stage;
}

static const settlement_t *
perform (worker_stage_t *stage, const char *parameters, int64_t timeout_ms)
{
    char document [200];
    snprintf (document, sizeof document, "{\"action\":{\"name\":\"own\"%s}}", parameters);
    uint64_t lease =
        fake_broker_deliver (stage->broker, parameters, document, timeout_ms, "{\"a\": 1}");
    return fake_broker_settlement (stage->broker, lease);
}

static void
expect (worker_stage_t *stage, const char *parameters, outcome_t outcome, const char *said)
{
    const settlement_t *settlement = perform (stage, parameters, STAGE_TIMEOUT_MS);
    assert_string_equal (outcome == OUTCOME_OK ? settlement->result : settlement->error, said);
    assert_int_equal (settlement->outcome, outcome);
}

static void
a_plug_in_performs_with_its_settings_and_parameters (void **state)
{
    (void)state;
    OWNED (worker_stage)
    worker_stage_t *stage = stage_with ("paint", "worker/plugin/own/settings=green");
    worker_stage_begin (stage);
    expect (stage, "", OUTCOME_OK, "{\"painted\": \"green\"}");
    expect (stage, ",\"colour\":\"blue\"", OUTCOME_OK, "{\"painted\": \"blue\"}");
}

static void
its_outcomes_are_those_of_any_action (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = stage_with ("manners", NULL);
    worker_stage_begin (stage);
    expect (stage, ",\"manner\":\"echoes\"", OUTCOME_OK, "{\"a\": 1}");
    expect (stage, ",\"manner\":\"busy\"", OUTCOME_RETRY, "own: not now");
    expect (stage, ",\"manner\":\"nothing\"", OUTCOME_SKIP, "own: it does not say why");
    expect (stage, ",\"manner\":\"unknown\"", OUTCOME_FAIL, "own gave 17, which is no outcome");
    expect (stage, ",\"manner\":\"garbage\"", OUTCOME_OK, "a\xef\xbf\xbd\xef\xbf\xbdz");
    expect (stage, ",\"manner\":\"giant\"", OUTCOME_FAIL,
            "own: its result of 67108864 bytes is larger than limits/result_bytes (65536)");
    assert_int_equal (perform (stage, ",\"manner\":\"busy\"", STAGE_TIMEOUT_MS)->retry_after_ms,
                      50);
}

static void
what_it_says_of_its_progress_is_told_while_it_is_under_way (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = stage_with ("manners", NULL);
    worker_stage_begin (stage);
    uint64_t lease = fake_broker_deliver (
        stage->broker, "a", "{\"action\":{\"name\":\"own\",\"manner\":\"tells and waits\"}}", 1000,
        "{}");
    const message_t *word = fake_broker_wait (stage->broker, COMMAND_PROGRESS);
    assert_int_equal (word->lease, lease);
    assert_int_equal (word->percent, 42);
    assert_string_equal (word->text, "half\xef\xbf\xbd of it");
    assert_string_equal (fake_broker_settlement (stage->broker, lease)->error, "own took too long");
}

//  With two threads: one that never returns takes its thread, and one that waits gives it back.
static void
one_that_does_not_return_is_left_alone (void **state)
{
    (void)state;
    OWNED (worker_stage)
    worker_stage_t *stage = stage_with ("manners", "worker/plugin/own/threads=2");
    worker_stage_begin (stage);
    const settlement_t *hung = perform (stage, ",\"manner\":\"hangs\"", SHORT_MS);
    assert_string_equal (hung->error, "own took too long");
    assert_int_equal (hung->outcome, OUTCOME_RETRY);
    assert_string_equal (perform (stage, ",\"manner\":\"waits\"", SHORT_MS)->error,
                         "own took too long");
    expect (stage, ",\"manner\":\"echoes\"", OUTCOME_OK, "{\"a\": 1}");
    perform (stage, ",\"manner\":\"hangs\"", SHORT_MS);
    assert_string_equal (perform (stage, ",\"manner\":\"echoes\"", SHORT_MS)->error,
                         "own had no thread for it in all its time");
}

static void
stop_during (const char *document)
{
    OWNED (worker_stage) worker_stage_t *stage = stage_with ("manners", "worker/drain_ms=100");
    worker_stage_set (stage, "worker/threads=1");
    worker_stage_begin (stage);
    uint64_t lease = fake_broker_deliver (stage->broker, "a", document, STAGE_TIMEOUT_MS, "{}");
    expect (stage, ",\"manner\":\"echoes\"", OUTCOME_OK, "{\"a\": 1}");  //  then that is begun too
    worker_stage_stop (stage);
    assert_string_equal (fake_broker_settlement (stage->broker, lease)->error,
                         "own was left alone with it: the worker stopped, or lost the broker");
    worker_stage_stopped (stage);
}

static void
a_worker_that_stops_cancels_and_waits_for_none (void **state)
{
    (void)state;
    stop_during ("{\"action\":{\"name\":\"own\",\"manner\":\"hangs\"}}");
    stop_during ("{\"action\":{\"name\":\"own\",\"manner\":\"waits\"}}");
}

static void
refuse (const char *line, const char *more, const char *sentence)
{
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_set (stage, line);
    if (more)
        worker_stage_set (stage, more);
    problem_t problem = {0};
    assert_null (worker_new (stage->settings, context_zmq (stage->context), &problem));
    assert_int_equal (problem.status, STATUS_BAD_SETTING);
    assert_non_null (strstr (problem.text, sentence));
}

static void
what_is_no_plug_in_is_refused_at_the_start (void **state)
{
    (void)state;
    refuse ("worker/plugin/own/library=paint.so", NULL,
            "own: library: \"paint.so\" is no absolute");
    refuse ("worker/plugin/own/library=/none.so", NULL, "own: library: /none.so: No such file");
    refuse ("worker/plugin/own/settings=x", NULL, "own: library: \"\" is no absolute path");
    refuse ("worker/plugin/own/library=" PLUGINS_BUILT "/stranger.so", NULL,
            "stranger.so is for version 2 of the interface, this worker for 1: build it anew");
    refuse ("worker/plugin/exec/library=" PLUGINS_BUILT "/paint.so", NULL,
            "exec: an action of this name is there already");
    refuse ("worker/plugin/own/library=" PLUGINS_BUILT "/manners.so",
            "worker/plugin/own/settings=refuse",
            "it does not want to be used: its settings say so");
    refuse ("worker/plugin/own/library=/etc/passwd", NULL, "own: /etc/passwd: ");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_plug_in_performs_with_its_settings_and_parameters),
        cmocka_unit_test (its_outcomes_are_those_of_any_action),
        cmocka_unit_test (what_it_says_of_its_progress_is_told_while_it_is_under_way),
        cmocka_unit_test (one_that_does_not_return_is_left_alone),
        cmocka_unit_test (a_worker_that_stops_cancels_and_waits_for_none),
        cmocka_unit_test (what_is_no_plug_in_is_refused_at_the_start),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
