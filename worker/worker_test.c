#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "proto/model/owned.h"
#include "worker/actions/signer.h"
#include "worker/worker_stage.h"

//  ---- joining and leaving

static void
a_worker_says_who_it_is (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_set (stage, "worker/name=nina");
    worker_stage_set (stage, "worker/capacity=8");
    problem_t problem = {0};
    stage->worker = worker_new (stage->settings, context_zmq (stage->context), &problem);
    assert_non_null (stage->worker);
    fake_broker_join (stage->broker, STAGE_SESSION, STAGE_HEARTBEAT_MS);
    assert_string_equal (fake_broker_name (stage->broker), "nina");
    assert_int_equal (fake_broker_capacity (stage->broker), 8);
    assert_int_equal (fake_broker_wait (stage->broker, COMMAND_HEARTBEAT)->session, STAGE_SESSION);
}

static void
a_worker_joins_another_broker_at_the_same_place (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    uint64_t held = worker_stage_deliver (stage, "/held");
    fake_consumer_await (stage->consumer, 1);
    int port = fake_broker_port (stage->broker);
    fake_broker_destroy (&stage->broker);
    stage->broker = fake_broker_new (context_zmq (stage->context), port);

    fake_broker_join (stage->broker, STAGE_SESSION + 1, STAGE_HEARTBEAT_MS);
    assert_int_equal (held, 1);
    assert_int_equal (worker_stage_outcome (stage, "/good")->outcome, OUTCOME_OK);
}

static void
a_broker_that_falls_silent_is_joined_again (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    problem_t problem = {0};
    stage->worker = worker_new (stage->settings, context_zmq (stage->context), &problem);
    fake_broker_join (stage->broker, STAGE_SESSION, 50);
    fake_broker_be_silent (stage->broker);
    fake_broker_join (stage->broker, STAGE_SESSION + 1, STAGE_HEARTBEAT_MS);
    assert_int_equal (worker_stage_outcome (stage, "/good")->outcome, OUTCOME_OK);
}

static void
leaving_finishes_what_is_in_flight (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    uint64_t lease = worker_stage_deliver (stage, "/held");
    fake_consumer_await (stage->consumer, 1);
    worker_stage_stop (stage);
    fake_broker_wait (stage->broker, COMMAND_BYE);
    fake_consumer_let_go (stage->consumer);
    assert_int_equal (fake_broker_settlement (stage->broker, lease)->outcome, OUTCOME_OK);
    worker_stage_stopped (stage);
}

static void
leaving_gives_up_what_does_not_end (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_set (stage, "worker/drain_ms=50");
    worker_stage_begin (stage);
    uint64_t lease = worker_stage_deliver (stage, "/held");
    fake_consumer_await (stage->consumer, 1);
    worker_stage_stop (stage);
    const settlement_t *settlement = fake_broker_settlement (stage->broker, lease);
    assert_int_equal (settlement->outcome, OUTCOME_RETRY);
    assert_string_equal (settlement->error, "the worker stopped before the consumer had answered");
    worker_stage_stopped (stage);
}

static void
a_worker_leaves_though_no_broker_is_there (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    fake_broker_destroy (&stage->broker);
    problem_t problem = {0};
    stage->worker = worker_new (stage->settings, context_zmq (stage->context), &problem);
    assert_non_null (stage->worker);
    worker_destroy (&stage->worker);
}

//  ---- slots

static void
a_consumer_that_does_not_answer_leaves_slots_to_others (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_set (stage, "worker/capacity=8");
    worker_stage_begin (stage);
    for (int i = 0; i < 20; i++)
        worker_stage_deliver (stage, "/held");
    fake_consumer_await (stage->consumer, 6);
    for (int i = 0; i < 10; i++)
        assert_int_equal (worker_stage_outcome (stage, "/good")->outcome, OUTCOME_OK);
    assert_int_equal (fake_consumer_requests (stage->consumer), 16);
    fake_consumer_let_go (stage->consumer);
    assert_int_equal (fake_broker_count_settlements (stage->broker, 20), 20);
}

//  ---- what a consumer receives

static char *
header_of (char *request, const char *name)
{
    char *line = strstr (request, name);
    assert_non_null (line);
    char *value = line + strlen (name);
    char *copy = strndup (value, strcspn (value, "\r\n"));
    return copy;
}

static void
a_delivery_is_a_signed_cloud_event (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    const settlement_t *settlement = worker_stage_outcome (stage, "/talks");
    assert_int_equal (settlement->outcome, OUTCOME_OK);
    assert_int_equal (settlement->http_status, 200);
    assert_string_equal (settlement->error, "");
    assert_string_equal (settlement->result, "well \xc3\xa9\xef\xbf\xbd\xef\xbf\xbdok");
    assert_true (settlement->time_ms > 0 && settlement->duration_ms >= 0);

    char *request = fake_consumer_last (stage->consumer);
    assert_ptr_equal (strstr (request, "POST /talks HTTP/1.1\r\n"), request);
    assert_non_null (strstr (request, "\r\nUser-Agent: Tocsin/"));
    assert_non_null (
        strstr (request, "\r\ncontent-type: application/cloudevents+json; charset=utf-8\r\n"));
    assert_null (strcasestr (request, "expect:"));
    const char *body = strstr (request, "\r\n\r\n") + 4;
    assert_string_equal (
        body,
        "{\"specversion\":\"1.0\",\"id\":\"event-1\",\"source\":\"/\",\"type\":\"test.happened\","
        "\"subject\":\"/a/b\",\"time\":\"2026-11-24T03:00:00Z\",\"partitionkey\":\"/a/b\","
        "\"sequence\":\"0000000000000000001\",\"datacontenttype\":\"application/json\","
        "\"data\":{\"n\":1}}");

    char *id = header_of (request, "\r\nwebhook-id: ");
    char *timestamp = header_of (request, "\r\nwebhook-timestamp: ");
    char *signature = header_of (request, "\r\nwebhook-signature: ");
    const char *secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    OWNED (signer) signer_t *signer = signer_new (&secret, 1, NULL);
    char expected [SIGNATURE_SIZE];
    signer_sign (signer, id, atoll (timestamp), body, strlen (body), expected);
    assert_string_equal (signature, expected);
    free (id);
    free (timestamp);
    free (signature);
    free (request);
}

static void
other_formats_post_the_data_as_it_is (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    char deliver [200];
    snprintf (deliver, sizeof deliver,
              "{\"deliver\":{\"url\":\"http://127.0.0.1:%d/good\",\"format\":\"raw\","
              "\"headers\":{\"X-Team\":\"updates\"}}}",
              fake_consumer_port (stage->consumer));
    event_t *event = event_new (&(event_t){.id = "e1",
                                           .type = "t",
                                           .subject = "s",
                                           .time = "2026-11-24T03:00:00Z",
                                           .content_type = "text/csv",
                                           .data = (const uint8_t *)"a,b\n1,2\n",
                                           .data_size = 8});
    target_t target = {.subscription = "raw",
                       .version = 1,
                       .deliver = deliver,
                       .deliver_size = strlen (deliver),
                       .timeout_ms = STAGE_TIMEOUT_MS};
    fake_broker_deliver_event (stage->broker, &target, event);
    event_destroy (&event);
    assert_int_equal (fake_broker_settlement (stage->broker, 1)->outcome, OUTCOME_OK);
    char *request = fake_consumer_last (stage->consumer);
    assert_non_null (strstr (request, "\r\ncontent-type: text/csv\r\n"));
    assert_non_null (strstr (request, "\r\nX-Team: updates\r\n"));
    assert_null (strstr (request, "webhook-signature"));
    assert_string_equal (strstr (request, "\r\n\r\n") + 4, "a,b\n1,2\n");
    free (request);
}

static void
connections_are_used_again (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    for (int i = 0; i < 20; i++)
        assert_int_equal (worker_stage_outcome (stage, "/good")->outcome, OUTCOME_OK);
    assert_int_equal (fake_consumer_connections (stage->consumer), 1);
    //  A long answer is read to its end, so that this is so after it too.
    assert_int_equal (worker_stage_outcome (stage, "/fails")->outcome, OUTCOME_RETRY);
    assert_int_equal (worker_stage_outcome (stage, "/good")->outcome, OUTCOME_OK);
    assert_int_equal (fake_consumer_connections (stage->consumer), 1);
}

static void
many_deliveries_are_each_settled_once (void **state)
{
    (void)state;
    enum { MANY = 300 };
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_set (stage, "worker/capacity=32");
    worker_stage_begin (stage);
    const char *deliver = fake_consumer_deliver (stage->consumer, "/good");
    //  A broker that minds the credit: forty are taken, and the rest as these are settled.
    size_t sent = 0;
    size_t settled = 0;
    for (; sent < 40; sent++)
        fake_broker_deliver (stage->broker, "S", deliver, STAGE_TIMEOUT_MS, "{}");
    while (settled < MANY) {
        size_t count = fake_broker_count_settlements (stage->broker, 1);
        settled += count;
        for (size_t i = 0; i < count && sent < MANY; i++, sent++)
            fake_broker_deliver (stage->broker, "S", deliver, STAGE_TIMEOUT_MS, "{}");
    }
    assert_int_equal (settled, MANY);
    assert_int_equal (fake_consumer_requests (stage->consumer), MANY);
    char *text = metrics_text (worker_metrics (stage->worker));
    assert_non_null (strstr (text, "300"));
    free (text);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_worker_says_who_it_is),
        cmocka_unit_test (a_worker_joins_another_broker_at_the_same_place),
        cmocka_unit_test (a_broker_that_falls_silent_is_joined_again),
        cmocka_unit_test (leaving_finishes_what_is_in_flight),
        cmocka_unit_test (leaving_gives_up_what_does_not_end),
        cmocka_unit_test (a_worker_leaves_though_no_broker_is_there),
        cmocka_unit_test (a_consumer_that_does_not_answer_leaves_slots_to_others),
        cmocka_unit_test (a_delivery_is_a_signed_cloud_event),
        cmocka_unit_test (other_formats_post_the_data_as_it_is),
        cmocka_unit_test (connections_are_used_again),
        cmocka_unit_test (many_deliveries_are_each_settled_once),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
