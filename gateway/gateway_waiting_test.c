/*  Requests that wait: for a decision, and for what comes of an event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/gateway_fixture.h"

static void
expect_arguments (fixture_t *fixture, const char *arguments)
{
    char *found = fake_broker_arguments (fixture->broker);
    assert_string_equal (found, arguments);
    free (found);
}

static void
a_question_is_asked_and_never_published (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"data\":{\"decision\":\"deny\"}}");
    fixture_ask (fixture, "POST", "/v1/events", FAKE_WRITER, "",
                 "{\"data\":{\"id\":\"q\",\"type\":\"a.b\",\"subject\":\"/s\",\"phase\":\"pre\","
                 "\"time\":\"2026-11-24T03:00:00Z\",\"data\":{\"n\": 1.0, \"s\": \"\\u00e9\"}}}");
    fixture_expect (fixture, 200, "{\"data\":{\"decision\":\"deny\"}}");
    assert_int_equal (fake_broker_asked (fixture->broker, "event.ask"), 1);
    assert_int_equal (fake_broker_count (fixture->broker), 0);
    expect_arguments (fixture,
                      "{\"timeout_ms\":4500,\"id\":\"q\",\"type\":\"a.b\",\"subject\":\"/s\","
                      "\"time\":\"2026-11-24T03:00:00Z\",\"key\":\"/s\","
                      "\"data\":\"{\\\"n\\\": 1.0, \\\"s\\\": \\\"\\\\u00e9\\\"}\"}");
}

static void
a_broker_that_is_full_is_429_with_its_words (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_FULL, "{\"message\":\"too many\"}");
    fixture_ask (fixture, "POST", "/v1/events", FAKE_WRITER, "",
                 "{\"data\":{\"type\":\"a.b\",\"subject\":\"/s\",\"phase\":\"pre\",\"data\":1}}");
    fixture_expect (fixture, 429, "too many");
    assert_non_null (strstr (fixture->headers.at, "\nRetry-After: "));
}

static void
post (fixture_t *fixture, const char *prefer)
{
    fixture_ask (fixture, "POST", "/v1/events", FAKE_WRITER, prefer,
                 "{\"data\":{\"id\":\"e\",\"type\":\"a.b\",\"subject\":\"/s\",\"data\":{}}}");
}

static void
the_results_are_in_the_answer (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\":{\"done\":true,\"deliveries\":[[{\"a\":[1]}]]}}");
    post (fixture, "Prefer: wait=7\r\n");
    fixture_expect (fixture, 200, "\"status\":\"stored\",\"deliveries\":[{\"a\":[1]}]}]}");
    assert_true (fixture_has_header (fixture, "Preference-Applied: wait=7"));
    expect_arguments (fixture, "{\"wait_ms\":7000,\"ids\":[\"e\"]}");
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\":{\"done\":false,\"deliveries\":[[]]}}");
    post (fixture, "Prefer: respond-async, wait=100000\r\n");
    fixture_expect (fixture, 202, "\"status\":\"duplicate\",\"deliveries\":[]}]}");
    assert_true (fixture_has_header (fixture, "Preference-Applied: wait=30"));
}

static void
who_says_nothing_waits_for_nothing (void **state)
{
    fixture_t *fixture = *state;
    post (fixture, "Prefer: return=minimal\r\n");
    fixture_expect (fixture, 202, "\"status\":\"stored\"}]}");
    assert_null (strstr (fixture->headers.at, "Preference-Applied"));
    assert_int_equal (fake_broker_asked (fixture->broker, "event.wait"), 0);
}

static void
what_is_stored_is_said_so_whatever_becomes_of_the_wait (void **state)
{
    fixture_t *fixture = *state;
    static const char *const odd [] = {"{}", "[]", "{\"data\":7}", "{\"data\":{\"done\":true}}",
                                       "{\"data\":{\"deliveries\":{}}}"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        fake_broker_answer (fixture->broker, STATUS_OK, odd [i]);
        post (fixture, "Prefer: wait=1\r\n");
        fixture_expect (fixture, 202, "\"id\":\"e\"");
        assert_true (fixture_has_header (fixture, "Preference-Applied: wait=0"));
        assert_false (fixture_says (fixture, "deliveries"));
    }
    fake_broker_answer (fixture->broker, STATUS_STOPPING, "{\"message\":\"it stops\"}");
    post (fixture, "Prefer: wait=1\r\n");
    fixture_expect (fixture, 202, "\"status\":\"duplicate\"}]}");
}

int
main (void)
{
#define OVER_HTTP(test) cmocka_unit_test_setup (test, fixture_begin)
    const struct CMUnitTest tests [] = {
        OVER_HTTP (a_question_is_asked_and_never_published),
        OVER_HTTP (a_broker_that_is_full_is_429_with_its_words),
        OVER_HTTP (the_results_are_in_the_answer),
        OVER_HTTP (who_says_nothing_waits_for_nothing),
        OVER_HTTP (what_is_stored_is_said_so_whatever_becomes_of_the_wait),
    };
    return cmocka_run_group_tests (tests, fixture_set_up, fixture_tear_down);
}
