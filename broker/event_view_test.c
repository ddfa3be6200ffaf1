#include "broker/event_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include <jansson.h>

#include "proto/model/owned.h"
#include "proto/model/owned_json.h"

//  A core that knows this subscription.
static core_t *
core_with (const char *text)
{
    const core_settings_t settings = {
        .partitions = 1, .seed = 1, .heartbeat_ms = 1000, .limits = limits_default ()};
    OWNED (json) json_t *document = json_loads (text, 0, NULL);
    problem_t problem = {0};
    subscription_t *subscription = subscription_new (document, 1, &settings.limits, &problem);
    assert_non_null (subscription);
    core_t *core = core_new (&settings, 0);
    effects_t *effects = effects_new ();
    input_t input = {.kind = INPUT_SUBSCRIBE};
    input.subscribe.subscription = subscription;
    input.subscribe.is_loaded = true;
    core_step (core, &input, 1, effects);
    effects_destroy (&effects);
    subscription_destroy (&subscription);
    return core;
}

//  One that wants everything.
static core_t *
core_with_s (void)
{
    return core_with (
        "{\"id\": \"S\", \"match\": {}, \"deliver\": {\"url\": \"https://consumer.example/\"}}");
}

//  The core owns a log with so many events, all of which have ended.
static void
own_log (core_t *core, int64_t last_seq)
{
    track_record_t record = {.subscription = "S", .progress = {.floor = last_seq}};
    input_t input = {.kind = INPUT_TENURE_GAINED};
    input.tenure.last_seq = input.tenure.level_seq = last_seq;
    input.tenure.tracks = &record;
    input.tenure.count = 1;
    effects_t *effects = effects_new ();
    core_step (core, &input, 2, effects);
    effects_destroy (&effects);
}

//  What is shown of the one attempt at e1 for S; json_decref it.
static json_t *
shown_attempt (const attempt_t *attempt)
{
    OWNED (core) core_t *core = core_with_s ();
    event_t *event = event_new (&(event_t){
        .id = "e1", .type = "a", .subject = "/s", .time = "2026-11-24T03:00:00Z", .seq = 1});
    attempt_row_t row = {.subscription = "S", .attempt = *attempt};
    history_t history = {.event = event, .attempts = &row, .attempt_count = 1};
    event_view_t view = {.core = core, .history = &history, .with_results = true};
    size_t size;
    uint64_t behind;
    char *text = event_view_text (&view, &size, &behind);
    OWNED (json) json_t *answer = json_loadb (text, size, 0, NULL);
    json_t *shown;
    assert_int_equal (
        json_unpack (answer, "{s:{s:[{s:[O]}]}}", "data", "deliveries", "attempts", &shown), 0);
    free (text);
    event_destroy (&event);
    return shown;
}

static void
assert_shown (const attempt_t *attempt, const char *expected)
{
    OWNED (json) json_t *shown = shown_attempt (attempt);
    char *text = json_dumps (shown, JSON_COMPACT | JSON_REAL_PRECISION (15));
    assert_string_equal (text, expected);
    free (text);
}

static void
an_attempt_tells_where_its_time_went (void **state)
{
    (void)state;
    assert_shown (&(attempt_t){.number = 1,
                               .duration_ms = 31,
                               .http_status = 204,
                               .error = "",
                               .connect_us = 352,
                               .tls_us = 20001,
                               .first_byte_us = INT32_MAX,
                               .worker = "w1",
                               .result = ""},
                  "{\"number\":1,\"time\":\"1970-01-01T00:00:00.000Z\",\"duration_ms\":31,"
                  "\"outcome\":\"ok\",\"connect_ms\":0.352,\"tls_ms\":20.001,"
                  "\"first_byte_ms\":2147483.647,\"http_status\":204,\"worker\":\"w1\"}");
}

static void
what_was_not_measured_is_not_told (void **state)
{
    (void)state;
    assert_shown (&(attempt_t){.number = 2,
                               .outcome = OUTCOME_RETRY,
                               .error = "connection refused",
                               .worker = "w1",
                               .result = ""},
                  "{\"number\":2,\"time\":\"1970-01-01T00:00:00.000Z\",\"duration_ms\":0,"
                  "\"outcome\":\"retry\",\"error\":\"connection refused\",\"worker\":\"w1\"}");
}

//  What is shown of e1, accepted at 1000, of which the core knows no more; "" when it is not there.
static void
expect_ended (const char *members, const attempt_t *attempt, const char *status)
{
    char text [300];
    snprintf (
        text, sizeof text,
        "{\"id\": \"S\", \"match\": {}, \"deliver\": {\"url\": \"https://consumer.example/\"}, %s}",
        members);
    OWNED (core) core_t *core = core_with (text);
    own_log (core, 1);
    event_t *event = event_new (
        &(event_t){.id = "e1", .type = "a", .subject = "/s", .time = "2026-11-24T03:00:00Z"});
    event_set_place (event, 0, 1, 1000);
    attempt_row_t row = {.subscription = "S"};
    if (attempt)
        row.attempt = *attempt;
    history_t history = {.event = event, .attempts = &row, .attempt_count = attempt ? 1 : 0};
    event_view_t view = {.core = core, .history = &history};
    size_t size;
    uint64_t behind;
    char *shown = event_view_text (&view, &size, &behind);
    OWNED (json) json_t *answer = json_loadb (shown, size, 0, NULL);
    const char *found = "";
    json_unpack (answer, "{s:{s:[{s:s}]}}", "data", "deliveries", "status", &found);
    assert_string_equal (found, status);
    free (shown);
    event_destroy (&event);
}

static void
what_leaves_no_attempts_was_delivered_all_the_same (void **state)
{
    (void)state;
    const attempt_t failed = {
        .number = 1, .outcome = OUTCOME_RETRY, .error = "no", .worker = "w", .result = ""};
    const attempt_t done = {.number = 1, .error = "", .worker = "w", .result = ""};
    expect_ended ("\"attempts\": \"all\"", NULL, "");
    expect_ended ("\"attempts\": \"all\"", &done, "delivered");
    expect_ended ("\"attempts\": \"all\"", &failed, "skipped");  //  its dead letter was discarded
    expect_ended ("\"attempts\": \"none\"", NULL, "delivered");
    expect_ended ("\"attempts\": \"failures\"", NULL, "delivered");
    expect_ended ("\"attempts\": \"failures\"", &failed, "delivered");
    const attempt_t nothing = {
        .number = 1, .outcome = OUTCOME_SKIP, .error = "no", .worker = "w", .result = ""};
    expect_ended ("\"attempts\": \"all\"", &nothing, "skipped");
    expect_ended ("\"attempts\": \"failures\"", &nothing, "skipped");
}

static void
what_happened_before_its_start_was_not_delivered (void **state)
{
    (void)state;
    expect_ended ("\"attempts\": \"none\", \"created\": 1001", NULL, "");
    expect_ended ("\"attempts\": \"none\", \"created\": 1000", NULL, "delivered");
    expect_ended ("\"attempts\": \"none\", \"created\": 1001, \"start\": \"earliest\"", NULL,
                  "delivered");
    expect_ended ("\"attempts\": \"none\", \"start\": {\"seq\": 2}", NULL, "");
    expect_ended ("\"attempts\": \"none\", \"start\": {\"time\": \"1970-01-01T00:00:01.5Z\"}", NULL,
                  "");
    expect_ended ("\"attempts\": \"none\", \"start\": {\"time\": \"1970-01-01T00:00:01Z\"}", NULL,
                  "delivered");
}

//  ---- an end that is being written

//  The core takes in one input; the last of its effects of that kind.
static effect_t
step (core_t *core, effects_t *effects, const input_t *input, int kind)
{
    core_step (core, input, 10, effects);
    effect_t found = {0};
    for (size_t i = 0; i < effects_count (effects); i++)
        if ((int)effects_at (effects, i)->kind == kind)
            found = *effects_at (effects, i);
    assert_int_equal (found.kind, kind);
    return found;
}

//  What a reader of the store, to whom it has no attempt yet, is told stands for what is missing.
static uint64_t
behind_of (const core_t *core, event_t *event, bool *is_shown)
{
    history_t history = {.event = event};
    event_view_t view = {.core = core, .history = &history};
    uint64_t behind;
    OWNED (json) json_t *deliveries = event_view_deliveries (&view, &behind);
    *is_shown = json_array_size (deliveries) > 0;
    return behind;
}

/*  Who has looked while the end was being written, and read the store before it was, and then looked
 *  again when it was written: must not take the second for the last word.
 */
static void
an_end_that_was_written_between_two_looks_is_looked_for_again (void **state)
{
    (void)state;
    OWNED (core) core_t *core = core_with_s ();
    own_log (core, 0);
    OWNED (effects) effects_t *effects = effects_new ();
    static const char *const actions [] = {"webhook"};
    input_t hello = {.kind = INPUT_HELLO, .peer = 3};
    hello.hello.name = "w1";
    hello.hello.actions = actions;
    hello.hello.count = 1;
    session_id_t session = step (core, effects, &hello, EFFECT_WELCOME).session;
    input_t credit = {.kind = INPUT_CREDIT, .peer = 3, .session = session};
    credit.credit.deliveries = 1;
    credit.credit.bytes = 1 << 20;
    core_step (core, &credit, 10, effects);

    event_t *event = event_new (
        &(event_t){.id = "e1", .type = "a", .subject = "/s", .time = "2026-11-24T03:00:00Z"});
    input_t publish = {.kind = INPUT_PUBLISH, .peer = 2};
    publish.publish.events = &event;
    publish.publish.count = 1;
    const verdict_t verdict = {.kind = VERDICT_STORED, .seq = 1};
    input_t stored = {.kind = INPUT_PERSISTED};
    stored.persisted.up_to_ticket = step (core, effects, &publish, EFFECT_APPEND).append.ticket;
    stored.persisted.verdicts = &verdict;
    stored.persisted.count = 1;
    const settle_t settle = {.lease = step (core, effects, &stored, EFFECT_DELIVER).deliver.lease,
                             .error = "",
                             .result = ""};
    input_t settled = {.kind = INPUT_SETTLE, .peer = 3, .session = session};
    settled.settle.settles = &settle;
    settled.settle.count = 1;
    uint64_t ticket = step (core, effects, &settled, EFFECT_SAVE).save.ticket;

    bool is_shown;
    uint64_t behind = behind_of (core, event, &is_shown);
    assert_true (behind > 0 && is_shown);
    input_t written = {.kind = INPUT_PERSISTED};
    written.persisted.up_to_ticket = ticket;
    step (core, effects, &written, EFFECT_SETTLED);
    uint64_t behind_then = behind_of (core, event, &is_shown);
    assert_true (behind_then > 0 && !is_shown);
    assert_true (behind_then != behind);
    event_destroy (&event);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (an_attempt_tells_where_its_time_went),
        cmocka_unit_test (what_was_not_measured_is_not_told),
        cmocka_unit_test (what_leaves_no_attempts_was_delivered_all_the_same),
        cmocka_unit_test (what_happened_before_its_start_was_not_delivered),
        cmocka_unit_test (an_end_that_was_written_between_two_looks_is_looked_for_again),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
