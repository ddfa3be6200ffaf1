/*  Brokers that go, come back, fall silent or refuse, and clients that say nothing: what a gateway
 *  answers meanwhile, and that it goes on by itself.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/clock.h"
#include "gateway/gateway_fixture.h"

static void
without_a_broker_it_is_503_in_time_and_nothing_was_stored (void **state)
{
    fixture_t *fixture = *state;
    fixture_stop_broker (fixture);
    fixture_wait_for_code (fixture, 503);  //  perhaps unknown, the first: it was on its way
    int64_t deadline_ms = monotonic_ms () + FIXTURE_PATIENCE_MS;
    while (!fixture_says (fixture, "nothing was stored") && monotonic_ms () < deadline_ms)
        fixture_post_event (fixture, "x");
    fixture_expect (fixture, 503, "\"errno\":201");
    fixture_expect (fixture, 503, "nothing was stored");
    assert_true (fixture_has_header (fixture, "Retry-After: 2"));
    fixture_ask (fixture, "GET", "/__heartbeat__", NULL, "", NULL);
    fixture_expect (fixture, 503, "{\"broker\":false}");
    fixture_ask (fixture, "GET", "/__lbheartbeat__", NULL, "", NULL);
    fixture_expect (fixture, 200, "{}");
    fixture_ask (fixture, "GET", "/metrics", NULL, "", NULL);
    fixture_expect (fixture, 200, "broker_connected");

    fixture_start_broker (fixture);
    fixture_wait_for_code (fixture, 202);
    assert_int_equal (fake_broker_count (fixture->broker), 1);  //  "again", and no "x"
    fixture_ask (fixture, "GET", "/__heartbeat__", NULL, "", NULL);
    fixture_expect (fixture, 200, "{\"broker\":true}");
}

static void
what_a_silent_broker_was_sent_is_unknown_and_safe_to_repeat (void **state)
{
    fixture_t *fixture = *state;
    fixture_post_event (fixture, "before");  //  the token is known from here on
    fake_broker_set_silent (fixture->broker, true);
    fixture_post_event (fixture, "meanwhile");
    fixture_expect (fixture, 503, "perhaps stored: repeat with the same id, it is safe");
    fixture_expect (fixture, 503, "the id of this event is meanwhile");
    assert_true (fixture_has_header (fixture, "Retry-After: 1"));
    assert_int_equal (fake_broker_count (fixture->broker), 2);

    fake_broker_set_silent (fixture->broker, false);
    fixture_wait_for_code (fixture, 202);
    fixture_post_event (fixture, "meanwhile");
    fixture_expect (fixture, 202, "\"status\":\"duplicate\"");
}

static void
an_order_that_is_not_answered_is_unknown_and_a_question_is_not (void **state)
{
    fixture_t *fixture = *state;
    fixture_ask (fixture, "GET", "/v1/", FAKE_ADMIN, "", NULL);
    fake_broker_set_silent (fixture->broker, true);
    fixture_ask (fixture, "DELETE", "/v1/subscriptions/s", FAKE_ADMIN, "", NULL);
    fixture_expect (fixture, 503, "perhaps stored");
    fake_broker_set_silent (fixture->broker, false);
    fixture_ask (fixture, "GET", "/v1/subscriptions/s", FAKE_ADMIN, "", NULL);
    fixture_wait_for_code (fixture, 202);
    fake_broker_set_silent (fixture->broker, true);
    fixture_ask (fixture, "GET", "/v1/subscriptions/s", FAKE_ADMIN, "", NULL);
    fixture_expect (fixture, 503, "no broker answers");
}

static void
a_broker_that_refuses_is_quoted (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_refuse (fixture->broker, STATUS_FULL, 2500);
    fixture_post_event (fixture, "x");
    fixture_expect (fixture, 429, "\"errno\":117");
    fixture_expect (fixture, 429, "refused, as I was told");
    assert_true (fixture_has_header (fixture, "Retry-After: 3"));
    fake_broker_refuse (fixture->broker, STATUS_STOPPING, 0);
    fixture_post_event (fixture, "x");
    fixture_expect (fixture, 503, "");
    assert_true (fixture_has_header (fixture, "Retry-After: 2"));
    fake_broker_refuse (fixture->broker, STATUS_OK, 0);
    fixture_post_event (fixture, "x");
    fixture_expect (fixture, 202, "stored");
}

static void
a_broker_that_takes_it_may_ask_to_wait (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_ask_to_wait (fixture->broker, 1001);
    fixture_post_event (fixture, "x");
    fixture_expect (fixture, 202, "stored");
    assert_true (fixture_has_header (fixture, "Backoff: 2"));
    fake_broker_ask_to_wait (fixture->broker, 1000);
    fixture_post_event (fixture, "y");
    assert_true (fixture_has_header (fixture, "Backoff: 1"));
    fake_broker_ask_to_wait (fixture->broker, 0);
    fixture_post_event (fixture, "z");
    fixture_expect (fixture, 202, "stored");
    assert_false (fixture_has_header (fixture, "Backoff: 1"));
    assert_false (fixture_has_header (fixture, "Backoff: 0"));
}

static void
when_the_first_broker_goes_the_next_is_used (void **state)
{
    fixture_t *fixture = *state;
    char brokers [200];
    problem_t problem = {0};
    fake_broker_t *second = fake_broker_new (fixture->zmq, "tcp://127.0.0.1:*", true);
    snprintf (brokers, sizeof (brokers), "gateway/brokers= %s  %s",
              fake_broker_endpoint (fixture->broker), fake_broker_endpoint (second));
    gateway_destroy (&fixture->gateway);
    settings_set (fixture->settings, brokers, &problem);
    fixture->gateway = gateway_new (fixture->settings, fixture->zmq, &problem);
    assert_non_null (fixture->gateway);
    fixture->port = atoi (strrchr (gateway_url (fixture->gateway), ':') + 1);

    fixture_wait_for_code (fixture, 202);
    assert_int_equal (fake_broker_count (fixture->broker), 1);
    assert_int_equal (fake_broker_count (second), 0);
    fixture_stop_broker (fixture);
    fixture_wait_for_code (fixture, 202);
    assert_int_equal (fake_broker_count (second), 1);
    gateway_destroy (&fixture->gateway);
    fake_broker_destroy (&second);
}

static void
silent_connections_stop_nobody (void **state)
{
    fixture_t *fixture = *state;
    enum { THREADS = 16 };
    int silent [THREADS];
    for (int i = 0; i < THREADS - 1; i++)
        silent [i] = fixture_connect (fixture);
    fixture_post_event (fixture, "x");
    fixture_expect (fixture, 202, "");
    //  one more, and nobody is left to serve: until the silent ones are cut off
    silent [THREADS - 1] = fixture_connect (fixture);
    fixture_post_event (fixture, "y");
    fixture_expect (fixture, 202, "");
    for (int i = 0; i < THREADS; i++)
        close (silent [i]);
}

typedef struct {
    fixture_t *fixture;  //  of its own, for the answer; gateway's port only
    pthread_t thread;
} client_t;

static void *
client_post (void *context)
{
    client_t *self = context;
    fixture_post_event (self->fixture, "x");
    return NULL;
}

static void
a_stop_finishes_what_is_under_way (void **state)
{
    fixture_t *fixture = *state;
    fixture_t answer = {.port = fixture->port};
    client_t client = {.fixture = &answer};
    fixture_post_event (fixture, "before");
    fake_broker_set_silent (fixture->broker, true);
    pthread_create (&client.thread, NULL, client_post, &client);
    int64_t deadline_ms = monotonic_ms () + FIXTURE_PATIENCE_MS;
    while (fake_broker_count (fixture->broker) < 2 && monotonic_ms () < deadline_ms)
        sched_yield ();
    gateway_destroy (&fixture->gateway);
    pthread_join (client.thread, NULL);
    fixture_expect (&answer, 503, "perhaps stored");
    bytes_free (&answer.headers);
    bytes_free (&answer.body);
}

//  Many at once: all are answered, and what waits together travels together.
static void
a_crowd_is_served_whole (void **state)
{
    fixture_t *fixture = *state;
    enum { CLIENTS = 12, ROUNDS = 10 };
    client_t clients [CLIENTS];
    fixture_t answers [CLIENTS];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            answers [i] = (fixture_t){.port = fixture->port};
            clients [i].fixture = &answers [i];
            pthread_create (&clients [i].thread, NULL, client_post, &clients [i]);
        }
        for (int i = 0; i < CLIENTS; i++) {
            pthread_join (clients [i].thread, NULL);
            fixture_expect (&answers [i], 202, "\"seq\":1");
            bytes_free (&answers [i].headers);
            bytes_free (&answers [i].body);
        }
    }
    assert_int_equal (fake_broker_count (fixture->broker), 1);
}

static void
a_port_in_use_is_told_in_one_line (void **state)
{
    fixture_t *fixture = *state;
    char listen [64];
    problem_t problem = {0};
    snprintf (listen, sizeof (listen), "gateway/listen=127.0.0.1:%d", fixture->port);
    settings_set (fixture->settings, listen, &problem);
    assert_null (gateway_new (fixture->settings, fixture->zmq, &problem));
    assert_int_equal (problem.status, STATUS_SYSTEM);
    assert_non_null (strstr (problem.text, "Address already in use"));
    assert_null (strchr (problem.text, '\n'));

    settings_set (fixture->settings, "gateway/listen=8889", &problem);
    assert_null (gateway_new (fixture->settings, fixture->zmq, &problem));
    assert_int_equal (problem.status, STATUS_BAD_SETTING);
    assert_string_equal (problem.text, "gateway/listen: \"8889\" is no HOST:PORT");
    settings_set (fixture->settings, "gateway/brokers= ", &problem);
    assert_null (gateway_new (fixture->settings, fixture->zmq, &problem));
    assert_int_equal (problem.status, STATUS_BAD_SETTING);
}

int
main (void)
{
#define OVER_HTTP(test) cmocka_unit_test_setup_teardown (test, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests [] = {
        OVER_HTTP (without_a_broker_it_is_503_in_time_and_nothing_was_stored),
        OVER_HTTP (what_a_silent_broker_was_sent_is_unknown_and_safe_to_repeat),
        OVER_HTTP (an_order_that_is_not_answered_is_unknown_and_a_question_is_not),
        OVER_HTTP (a_broker_that_refuses_is_quoted),
        OVER_HTTP (a_broker_that_takes_it_may_ask_to_wait),
        OVER_HTTP (when_the_first_broker_goes_the_next_is_used),
        OVER_HTTP (silent_connections_stop_nobody),
        OVER_HTTP (a_stop_finishes_what_is_under_way),
        OVER_HTTP (a_crowd_is_served_whole),
        OVER_HTTP (a_port_in_use_is_told_in_one_line),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
