/*  Consumers of all manners, against a real worker: what is said of their answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "proto/model/owned.h"
#include "worker/worker_stage.h"

static void
assert_outcome (worker_stage_t *stage, const char *path, outcome_t outcome, int status,
                const char *error)
{
    const settlement_t *settlement = worker_stage_outcome (stage, path);
    if (strcmp (settlement->error, error) != 0)
        fail_msg ("%s: \"%s\" was expected, this is \"%s\"", path, error, settlement->error);
    assert_int_equal (settlement->outcome, outcome);
    assert_int_equal (settlement->http_status, status);
}

static void
answers_mean_what_they_say (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    assert_outcome (stage, "/good", OUTCOME_OK, 204, "");
    assert_outcome (stage, "/moved", OUTCOME_RETRY, 301,
                    "answered 301 to /good: redirects are not followed, "
                    "give the subscription the new URL");
    assert_outcome (stage, "/fails", OUTCOME_RETRY, 500, "answered 500");
    assert_outcome (stage, "/unknown", OUTCOME_RETRY, 404, "answered 404");

    const settlement_t *busy = worker_stage_outcome (stage, "/busy");
    assert_int_equal (busy->retry_after_ms, 7000);
    assert_string_equal (busy->error, "answered 429, Retry-After: 7");
    const settlement_t *away = worker_stage_outcome (stage, "/away");
    assert_int_equal (away->retry_after_ms, 9000);
    assert_int_equal (away->outcome, OUTCOME_RETRY);
    const settlement_t *gone = worker_stage_outcome (stage, "/gone");
    assert_int_equal (gone->outcome, OUTCOME_FAIL);
    assert_true (gone->disables);
}

static void
what_a_consumer_said_is_kept_up_to_the_limit (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_set (stage, "limits/reply_bytes=1000");
    worker_stage_begin (stage);
    assert_string_equal (worker_stage_outcome (stage, "/fails")->result, "sad\n");
    assert_string_equal (worker_stage_outcome (stage, "/good")->result, "");
    assert_int_equal (strlen (worker_stage_outcome (stage, "/large")->result), 1000);
}

static void
answers_without_an_end_are_not_read_to_it (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    assert_outcome (stage, "/large", OUTCOME_OK, 200, "");
    assert_outcome (stage, "/endless", OUTCOME_OK, 200, "");
    assert_outcome (stage, "/headers", OUTCOME_RETRY, 200,
                    "the headers of the answer are longer than 65536 bytes");
    assert_outcome (stage, "/header", OUTCOME_RETRY, 200,
                    "the headers of the answer are longer than 65536 bytes");
}

static void
connections_that_break_are_tried_again (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    assert_outcome (stage, "/closes", OUTCOME_RETRY, 0,
                    "the connection was closed without an answer");
    assert_outcome (stage, "/lies", OUTCOME_RETRY, 200,
                    "the answer ended early: "
                    "transfer closed with 95 bytes remaining to read");
    assert_outcome (stage, "/cut", OUTCOME_RETRY, 200,
                    "the answer ended early: within its headers");
    assert_outcome (stage, "/good", OUTCOME_OK, 204, "");
}

static void
what_is_no_http_is_called_so (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    assert_outcome (stage, "/nonsense", OUTCOME_RETRY, 0,
                    "the answer is no HTTP: Received HTTP/0.9 when not allowed");
    assert_outcome (stage, "/chunks", OUTCOME_RETRY, 200,
                    "Illegal or missing hexadecimal sequence in chunked-encoding");
}

//  ---- time

static void
an_attempt_is_measured (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    const settlement_t *first = worker_stage_outcome (stage, "/good");
    assert_in_range (first->connect_us, 1, first->first_byte_us);
    assert_int_equal (first->tls_us, 0);
    const settlement_t *second = worker_stage_outcome (stage, "/good");
    assert_int_equal (second->connect_us, 0);  //  over the same connection
    assert_true (second->first_byte_us > 0);
    assert_int_equal (fake_consumer_connections (stage->consumer), 1);
    const settlement_t *closed = worker_stage_outcome (stage, "/closes");
    assert_int_equal (closed->first_byte_us, 0);
}

static const settlement_t *
outcome_within (worker_stage_t *stage, const char *path, int64_t timeout_ms)
{
    const char *deliver = fake_consumer_deliver (stage->consumer, path);
    uint64_t lease = fake_broker_deliver (stage->broker, path, deliver, timeout_ms, "{}");
    return fake_broker_settlement (stage->broker, lease);
}

static void
who_does_not_answer_in_time_is_tried_again (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    const settlement_t *held = outcome_within (stage, "/held", 100);
    assert_int_equal (held->outcome, OUTCOME_RETRY);
    assert_string_equal (held->error, "no answer within 100 ms");
    assert_true (held->duration_ms > 50);
    const settlement_t *trickles = outcome_within (stage, "/trickles", 200);
    assert_int_equal (trickles->outcome, OUTCOME_RETRY);
    assert_string_equal (trickles->error, "the answer did not end within 200 ms");
    assert_int_equal (trickles->http_status, 200);
}

//  ---- places

static const settlement_t *
outcome_at (worker_stage_t *stage, const char *url)
{
    char deliver [200];
    snprintf (deliver, sizeof deliver, "{\"deliver\":{\"url\":\"%s\"}}", url);
    uint64_t lease = fake_broker_deliver (stage->broker, url, deliver, STAGE_TIMEOUT_MS, "{}");
    return fake_broker_settlement (stage->broker, lease);
}

static void
a_port_without_a_listener_refuses (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    fake_consumer_t *gone = fake_consumer_new ();
    int port = fake_consumer_port (gone);
    fake_consumer_destroy (&gone);
    char url [64], error [80];
    snprintf (url, sizeof url, "http://127.0.0.1:%d/", port);
    snprintf (error, sizeof error, "connection refused by 127.0.0.1:%d", port);
    const settlement_t *settlement = outcome_at (stage, url);
    assert_int_equal (settlement->outcome, OUTCOME_RETRY);
    assert_string_equal (settlement->error, error);
}

static void
private_addresses_are_refused_unless_they_are_allowed (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_set (stage, "worker/allow_private_addresses=0");
    worker_stage_begin (stage);
    char error [160];
    snprintf (error, sizeof error,
              "127.0.0.1:%d is no public address: set worker/allow_private_addresses to 1 to "
              "deliver there",
              fake_consumer_port (stage->consumer));
    assert_outcome (stage, "/good", OUTCOME_FAIL, 0, error);
    static const char *const urls [] = {"http://[::1]:9/",           "http://169.254.169.254/",
                                        "http://0x7f000001/",        "http://2130706433/",
                                        "http://localhost/",         "http://[::ffff:10.0.0.1]/",
                                        "https://192.168.1.1:8443/", NULL};
    for (const char *const *url = urls; *url; url++) {
        const settlement_t *settlement = outcome_at (stage, *url);
        assert_int_equal (settlement->outcome, OUTCOME_FAIL);
        assert_non_null (strstr (settlement->error, "worker/allow_private_addresses"));
    }
    assert_int_equal (fake_consumer_connections (stage->consumer), 0);
}

static void
other_protocols_are_not_spoken (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    const settlement_t *file = outcome_at (stage, "file:///etc/passwd");
    assert_int_equal (file->outcome, OUTCOME_RETRY);
    assert_string_equal (file->result, "");
    assert_string_equal (file->error, "Protocol \"file\" not supported or disabled in libcurl");
    assert_int_equal (outcome_at (stage, "gopher://127.0.0.1:1/")->outcome, OUTCOME_RETRY);
}

static void
a_target_that_cannot_be_read_is_tried_again (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    uint64_t lease =
        fake_broker_deliver (stage->broker, "S", "{\"deliver\":{}}", STAGE_TIMEOUT_MS, "{}");
    const settlement_t *settlement = fake_broker_settlement (stage->broker, lease);
    assert_int_equal (settlement->outcome, OUTCOME_RETRY);
    assert_string_equal (settlement->error, "deliver.url is missing: a webhook needs one");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (answers_mean_what_they_say),
        cmocka_unit_test (what_a_consumer_said_is_kept_up_to_the_limit),
        cmocka_unit_test (answers_without_an_end_are_not_read_to_it),
        cmocka_unit_test (connections_that_break_are_tried_again),
        cmocka_unit_test (an_attempt_is_measured),
        cmocka_unit_test (what_is_no_http_is_called_so),
        cmocka_unit_test (who_does_not_answer_in_time_is_tried_again),
        cmocka_unit_test (a_port_without_a_listener_refuses),
        cmocka_unit_test (private_addresses_are_refused_unless_they_are_allowed),
        cmocka_unit_test (other_protocols_are_not_spoken),
        cmocka_unit_test (a_target_that_cannot_be_read_is_tried_again),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
