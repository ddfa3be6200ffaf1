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

//  A core that knows S, which wants everything.
static core_t *
core_with_s (void)
{
    const core_settings_t settings = {
        .partitions = 1, .seed = 1, .heartbeat_ms = 1000, .limits = limits_default ()};
    OWNED (json)
    json_t *document = json_loads (
        "{\"id\": \"S\", \"match\": {}, \"deliver\": {\"url\": \"https://consumer.example/\"}}", 0,
        NULL);
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

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (an_attempt_tells_where_its_time_went),
        cmocka_unit_test (what_was_not_measured_is_not_told),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
