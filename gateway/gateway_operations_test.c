/*  The routes of whoever is on call: state, explain, dead letters, replays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/gateway_fixture.h"

//  One request, and which method with which arguments the broker was asked.
static void
expect_asked (fixture_t *fixture, const char *request, const char *body, const char *method,
              const char *arguments)
{
    char verb [8] = "", path [200] = "";
    assert_int_equal (sscanf (request, "%7s %199s", verb, path), 2);
    size_t before = fake_broker_asked (fixture->broker, method);
    fixture_ask (fixture, verb, path, FAKE_ADMIN, "", body);
    assert_int_equal (fake_broker_asked (fixture->broker, method), before + 1);
    char *found = fake_broker_arguments (fixture->broker);
    assert_string_equal (found, arguments);
    free (found);
}

static void
a_state_and_an_explanation_are_the_brokers (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"data\":{\"status\":\"active\"}}");
    expect_asked (fixture, "GET /v1/subscriptions/s/state", NULL, "subscription.state",
                  "{\"id\":\"s\"}");
    fixture_expect (fixture, 200, "{\"data\":{\"status\":\"active\"}}");
    expect_asked (fixture, "GET /v1/events/e/explain?subscription=s~r1", NULL, "event.explain",
                  "{\"id\":\"e\",\"subscription\":\"s~r1\"}");
    fixture_ask (fixture, "GET", "/v1/events/e/explain", FAKE_READER, "", NULL);
    fixture_expect (fixture, 400, "\"location\":\"querystring\",\"name\":\"subscription\"");
    fixture_ask (fixture, "GET", "/v1/events/e/explain?subscription=s", FAKE_WRITER, "", NULL);
    fixture_expect (fixture, 403, "events:read");
}

static void
dead_letters_are_listed_with_filters (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"data\":[],\"next\":\"0.7\"}");
    expect_asked (fixture, "GET /v1/subscriptions/s/dead-letters?reason=FINAL&_limit=5", NULL,
                  "delivery.list",
                  "{\"subscription\":\"s\",\"status\":\"dead\",\"limit\":5,\"filter\":{\"reason\":"
                  "\"FINAL\"}}");
    assert_true (fixture_has_header (
        fixture,
        "Next-Page: "
        "http://example.com:80/v1/subscriptions/s/dead-letters?_limit=5&reason=FINAL&_token=0.7"));
    expect_asked (fixture, "GET /v1/subscriptions/s/deliveries?status=retry&_token=0.3", NULL,
                  "delivery.list",
                  "{\"subscription\":\"s\",\"status\":\"retry\",\"limit\":100,\"after\":\"0.3\"}");
    assert_true (fixture_has_header (fixture, "Next-Page: "
                                              "http://example.com:80/v1/subscriptions/s/"
                                              "deliveries?_limit=100&status=retry&_token=0.7"));
    fixture_ask (fixture, "GET", "/v1/subscriptions/s/deliveries", FAKE_READER, "", NULL);
    fixture_expect (fixture, 400, "status is missing");
    fixture_ask (fixture, "GET", "/v1/subscriptions/s/dead-letters?colour=red", FAKE_READER, "",
                 NULL);
    fixture_expect (fixture, 400, "\"name\":\"colour\"");
}

static void
they_are_redriven_all_filtered_or_one (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\":{\"redriven\":3,\"status\":\"done\"}}");
    expect_asked (fixture, "POST /v1/subscriptions/s/dead-letters/redrive", NULL,
                  "delivery.redrive", "{\"subscription\":\"s\"}");
    fixture_expect (fixture, 200, "\"redriven\":3");
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\":{\"redriven\":3,\"status\":\"running\"}}");
    expect_asked (
        fixture, "POST /v1/subscriptions/s/dead-letters/redrive",
        "{\"data\": {\"rate_per_second\": 5, \"filter\": {\"type\": \"a.*\"}}}", "delivery.redrive",
        "{\"subscription\":\"s\",\"rate_per_second\": 5, \"filter\": {\"type\": \"a.*\"}}");
    fixture_expect (fixture, 202, "");
    expect_asked (fixture, "POST /v1/subscriptions/s/dead-letters/e%201/redrive", NULL,
                  "delivery.redrive", "{\"subscription\":\"s\",\"events\":[\"e 1\"]}");
    fake_broker_answer (fixture->broker, STATUS_BUSY, "{\"message\":\"it runs\"}");
    fixture_ask (fixture, "POST", "/v1/subscriptions/s/dead-letters/redrive", FAKE_ADMIN, "", NULL);
    fixture_expect (fixture, 409, "it runs");
    fixture_ask (fixture, "POST", "/v1/subscriptions/s/dead-letters/redrive", FAKE_READER, "",
                 NULL);
    fixture_expect (fixture, 403, "subscriptions:write");
}

static void
they_are_discarded_likewise (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\":{\"discarded\":1,\"status\":\"done\"}}");
    expect_asked (fixture, "DELETE /v1/subscriptions/s/dead-letters", NULL, "delivery.discard",
                  "{\"subscription\":\"s\"}");
    fixture_expect (fixture, 200, "\"discarded\":1");
    expect_asked (fixture,
                  "DELETE /v1/subscriptions/s/dead-letters?type=a.*&before=2026-01-01T00:00:00Z",
                  NULL, "delivery.discard",
                  "{\"subscription\":\"s\",\"filter\":{\"type\":\"a.*\",\"before\":\"2026-01-01T00:"
                  "00:00Z\"}}");
    expect_asked (fixture, "DELETE /v1/subscriptions/s/dead-letters/e1", NULL, "delivery.discard",
                  "{\"subscription\":\"s\",\"events\":[\"e1\"]}");
    fixture_ask (fixture, "DELETE", "/v1/subscriptions/s/dead-letters?typ=a", FAKE_ADMIN, "", NULL);
    fixture_expect (fixture, 400, "\"name\":\"typ\"");  //  and nothing was discarded
    assert_int_equal (fake_broker_asked (fixture->broker, "delivery.discard"), 3);
}

static void
replays_are_made_listed_and_deleted (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\":{\"id\":\"r1\",\"status\":\"running\"}}");
    expect_asked (fixture, "POST /v1/subscriptions/s/replays", "{\"data\":{\"from\":{\"seq\":1}}}",
                  "replay.create", "{\"subscription\":\"s\",\"from\":{\"seq\":1}}");
    fixture_expect (fixture, 201, "\"id\":\"r1\"");
    expect_asked (fixture, "POST /v1/events/e1/replay", "{\"data\":{\"subscription\":\"s\"}}",
                  "replay.create", "{\"event\":\"e1\",\"subscription\":\"s\"}");
    fixture_expect (fixture, 201, "");
    expect_asked (fixture, "GET /v1/subscriptions/s/replays", NULL, "replay.list",
                  "{\"subscription\":\"s\"}");
    fixture_expect (fixture, 200, "");
    expect_asked (fixture, "DELETE /v1/subscriptions/s/replays/r1", NULL, "replay.delete",
                  "{\"subscription\":\"s\",\"replay\":\"r1\"}");
    fixture_expect (fixture, 200, "");
    fixture_ask (fixture, "POST", "/v1/subscriptions/s/replays", FAKE_ADMIN, "", "[]");
    fixture_expect (fixture, 400, "an object is expected");
}

static void
workers_are_listed_and_shown (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\":[],\"next\":\"00ab w\",\"total\":7}");
    expect_asked (fixture, "GET /v1/workers?name=w&_limit=5", NULL, "worker.list",
                  "{\"limit\":5,\"name\":\"w\"}");
    assert_true (fixture_has_header (fixture, "Total-Objects: 7"));
    assert_true (fixture_has_header (
        fixture, "Next-Page: http://example.com:80/v1/workers?_limit=5&name=w&_token=00ab%20w"));
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"data\":{\"name\":\"a b\"}}");
    expect_asked (fixture, "GET /v1/workers/a%20b?session=00ab", NULL, "worker.get",
                  "{\"name\":\"a b\",\"session\":\"00ab\"}");
    fixture_expect (fixture, 200, "{\"data\":{\"name\":\"a b\"}}");
    fixture_ask (fixture, "GET", "/v1/workers", FAKE_READER, "", NULL);
    fixture_expect (fixture, 403, "workers:read");
}

static void
a_worker_is_drained_with_or_without_a_body (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"data\":{\"name\":\"w\"}}");
    expect_asked (fixture, "POST /v1/workers/w/drain", NULL, "worker.drain", "{\"name\":\"w\"}");
    fixture_expect (fixture, 200, "{\"data\":{\"name\":\"w\"}}");
    expect_asked (fixture, "POST /v1/workers/w/drain", "{\"data\":{\"drain\":false}}",
                  "worker.drain", "{\"name\":\"w\",\"drain\":false}");
    fixture_ask (fixture, "POST", "/v1/workers/w/drain", FAKE_READER, "", NULL);
    fixture_expect (fixture, 403, "workers:write");
}

static void
a_workers_capacity_is_patched (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"data\":{\"name\":\"w\"}}");
    expect_asked (fixture, "PATCH /v1/workers/w", "{\"data\":{\"capacity\":64}}", "worker.change",
                  "{\"name\":\"w\",\"capacity\":64}");
    fixture_expect (fixture, 200, "{\"data\":{\"name\":\"w\"}}");
    fixture_ask (fixture, "PATCH", "/v1/workers/w", FAKE_READER, "", "{\"data\":{}}");
    fixture_expect (fixture, 403, "workers:write");
    fixture_ask (fixture, "PATCH", "/v1/workers/w", FAKE_ADMIN, "", NULL);
    fixture_expect (fixture, 411, "");
}

int
main (void)
{
#define OVER_HTTP(test) cmocka_unit_test_setup (test, fixture_begin)
    const struct CMUnitTest tests [] = {
        OVER_HTTP (a_state_and_an_explanation_are_the_brokers),
        OVER_HTTP (dead_letters_are_listed_with_filters),
        OVER_HTTP (they_are_redriven_all_filtered_or_one),
        OVER_HTTP (they_are_discarded_likewise),
        OVER_HTTP (replays_are_made_listed_and_deleted),
        OVER_HTTP (workers_are_listed_and_shown),
        OVER_HTTP (a_worker_is_drained_with_or_without_a_body),
        OVER_HTTP (a_workers_capacity_is_patched),
    };
    return cmocka_run_group_tests (tests, fixture_set_up, fixture_tear_down);
}
