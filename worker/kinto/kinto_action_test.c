/*  A whole worker that writes to a Kinto which says what the test tells it to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/owned.h"
#include "worker/worker_stage.h"

#define REPLACE                                                                      \
    "{\"action\":{\"name\":\"kinto\",\"server\":\"main\",\"bucket\":\"b\",\"mode\":" \
    "\"replace\",\"collection\":\"c\"}}"
#define MERGE                                                                                 \
    "{\"action\":{\"name\":\"kinto\",\"server\":\"main\",\"uri\":\"/buckets/b/groups/{/n}\"," \
    "\"object\":{\"n\":\"{/n}\"}}}"
#define GOOD    "200 OK\r\nETag: \"5\""
#define WRITTEN "{\"data\":{\"last_modified\":5}}"

//  A worker with one thread that knows a Kinto, which is the stage's consumer.
static worker_stage_t *
raise_stage (const char *more)
{
    worker_stage_t *stage = worker_stage_new ();
    char url [100];
    snprintf (url, sizeof url, "worker/kinto/main/url=http://127.0.0.1:%d/v1/",
              fake_consumer_port (stage->consumer));
    worker_stage_set (stage, url);
    worker_stage_set (stage, "worker/allow_private_addresses=0");  //  is no matter of the server's
    worker_stage_set (stage, "worker/threads=1");
    worker_stage_set (stage, "worker/kinto/main/user=alice");
    worker_stage_set (stage, "worker/kinto/main/password=wonderland");
    worker_stage_set (stage, "worker/drain_ms=100");
    if (more)
        worker_stage_set (stage, more);
    worker_stage_begin (stage);
    return stage;
}

//  Each document is a subscription.
static uint64_t
begin_within (worker_stage_t *stage, const char *document, int64_t timeout_ms)
{
    unsigned hash = 0;
    for (const char *at = document; *at; at++)
        hash = hash * 31 + (unsigned char)*at;
    char name [16];
    snprintf (name, sizeof name, "S%x", hash);
    return fake_broker_deliver (stage->broker, name, document, timeout_ms, "{\"n\":1}");
}

static uint64_t
begin (worker_stage_t *stage, const char *document)
{
    return begin_within (stage, document, STAGE_TIMEOUT_MS);
}

static const settlement_t *
expect (worker_stage_t *stage, uint64_t lease, outcome_t outcome, const char *error)
{
    const settlement_t *settlement = fake_broker_settlement (stage->broker, lease);
    if (!strstr (settlement->error, error) || (!*error && *settlement->error))
        fail_msg ("\"%s\" was expected, this is \"%s\"", error, settlement->error);
    assert_int_equal (settlement->outcome, outcome);
    return settlement;
}

static void
was_asked (worker_stage_t *stage, const char *words)
{
    char *last = fake_consumer_last (stage->consumer);
    if (!strstr (last, words))
        fail_msg ("\"%s\" is not in \"%s\"", words, last);
    free (last);
}

static void
a_write_says_who_we_are_and_whence_it_comes (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = raise_stage (NULL);
    fake_consumer_answer (stage->consumer, GOOD, WRITTEN);
    const settlement_t *settlement = expect (stage, begin (stage, REPLACE), OUTCOME_OK, "");
    assert_int_equal (settlement->http_status, 200);
    assert_string_equal (settlement->result,
                         "{\"uri\":\"/buckets/b/collections/c/records/event-1\",\"changed\":true,"
                         "\"last_modified\":5}");
    was_asked (stage, "PUT /v1/buckets/b/collections/c/records/event-1 HTTP/1.1\r\n");
    was_asked (stage, "\r\nAuthorization: Basic YWxpY2U6d29uZGVybGFuZA==\r\n");
    was_asked (stage, "\r\nX-Tocsin-Causation: id=event-1; root=event-1; hops=1\r\n");
    was_asked (stage, "\r\nUser-Agent: Tocsin/");
    was_asked (stage, "\r\n\r\n{\"data\":{\"n\":1}}");
}

static void
requests_of_an_attempt_share_its_connection (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = raise_stage (NULL);
    fake_consumer_answer (stage->consumer, GOOD, "{\"data\":{\"m\":2,\"last_modified\":4}}");
    fake_consumer_answer (stage->consumer, GOOD, WRITTEN);
    expect (stage, begin (stage, MERGE), OUTCOME_OK, "");
    was_asked (stage, "\r\nIf-Match: \"4\"\r\n");
    was_asked (stage, "{\"data\":{\"m\":2,\"n\":1}}");
    assert_int_equal (fake_consumer_requests (stage->consumer), 2);
    assert_int_equal (fake_consumer_connections (stage->consumer), 1);
}

static void
what_cannot_be_written_is_not_asked (void **state)
{
    (void)state;
    OWNED (worker_stage)
    worker_stage_t *stage = raise_stage ("worker/kinto/main/paths=/buckets/b/**");
    static const struct {
        const char *action, *error;
    } bad [] = {
        {"\"server\":\"other\"", "action.server: this worker has no Kinto \"other\""},
        {"\"server\":\"main\"", "action: it has neither a uri nor a bucket and a collection"},
        {"\"server\":\"main\",\"uri\":\"/buckets/b\",\"record\":\"r\"", "which is it?"},
        {"\"server\":\"main\",\"uri\":\"/buckets/c\"", "worker/kinto/main/paths says what may"},
        {"\"server\":\"main\",\"uri\":\"/buckets/b/groups/{type} {/n}\"", "is no URI of Kinto's"},
        {"\"server\":\"main\",\"uri\":\"/buckets/b/groups/{/none}\"", "{/none}"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char document [200];
        snprintf (document, sizeof document, "{\"action\":{\"name\":\"kinto\",%s}}",
                  bad [i].action);
        expect (stage, begin (stage, document), i < 3 ? OUTCOME_RETRY : OUTCOME_FAIL,
                bad [i].error);
    }
    assert_int_equal (fake_consumer_requests (stage->consumer), 0);
}

//  ---- a server that wants less

static void
retry_after_holds_for_all_of_a_server (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = raise_stage (NULL);
    fake_consumer_answer (stage->consumer, "503 Away\r\nRetry-After: 600", "{\"message\":\"No\"}");
    const settlement_t *first =
        expect (stage, begin (stage, REPLACE), OUTCOME_RETRY, "answered 503: No");
    assert_int_equal (first->retry_after_ms, 600000);
    assert_string_equal (first->result, "{\"message\":\"No\"}");
    const settlement_t *second = expect (stage, begin (stage, MERGE), OUTCOME_RETRY,
                                         "main wants to be left alone for 600 s more");
    assert_in_range (second->retry_after_ms, 500000, 600000);
    assert_int_equal (fake_consumer_requests (stage->consumer), 1);
}

//  The first answer to come asks for a pause; what is to be answered after it is said next.
static void
answer_with_backoff (worker_stage_t *stage)
{
    fake_consumer_answer (stage->consumer, "200 OK\r\nBackoff: 2", WRITTEN);
}

//  An attempt that is asked for a pause, and three that wait for its end: due at the same time.
static void
begin_four (worker_stage_t *stage)
{
    expect (stage, begin (stage, REPLACE), OUTCOME_OK, "");
    for (int i = 0; i < 3; i++)
        begin (stage, REPLACE);
}

#define RESPONSES(first, second, third)                                                      \
    "{\"responses\":[{\"status\":" first ",\"path\":\"/\",\"headers\":{},\"body\":" WRITTEN  \
    "},{\"status\":" second ",\"path\":\"/\",\"headers\":{},\"body\":{\"message\":\"No\"}}," \
    "{\"status\":" third ",\"path\":\"/\",\"headers\":{},\"body\":" WRITTEN "}]}"

static void
what_is_due_at_the_same_time_goes_together (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = raise_stage (NULL);
    answer_with_backoff (stage);
    fake_consumer_answer (stage->consumer, "200 OK", RESPONSES ("201", "400", "200"));
    begin_four (stage);
    assert_int_equal (expect (stage, 2, OUTCOME_OK, "")->http_status, 201);
    expect (stage, 3, OUTCOME_FAIL, "answered 400: No");
    expect (stage, 4, OUTCOME_OK, "");
    was_asked (stage, "POST /v1/batch HTTP/1.1\r\n");
    was_asked (stage, "{\"requests\":[{\"method\":\"PUT\",\"path\":\"/buckets/b/collections/c/"
                      "records/event-2\",\"headers\":{\"X-Tocsin-Causation\":\"id=event-2; "
                      "root=event-2; hops=1\"},\"body\":{\"data\":{\"n\":1}}},{");
    assert_int_equal (fake_consumer_requests (stage->consumer), 2);
}

static void
a_batch_that_was_rolled_back_is_taken_apart (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = raise_stage (NULL);
    answer_with_backoff (stage);
    fake_consumer_answer (stage->consumer, "200 OK", RESPONSES ("201", "409", "200"));
    for (int i = 0; i < 3; i++)
        fake_consumer_answer (stage->consumer, "200 OK", WRITTEN);
    begin_four (stage);
    for (uint64_t lease = 2; lease <= 4; lease++)
        assert_int_equal (expect (stage, lease, OUTCOME_OK, "")->http_status, 200);
    assert_int_equal (fake_consumer_requests (stage->consumer), 5);
}

static void
a_batch_that_is_answered_as_a_whole_is_so_for_each (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = raise_stage (NULL);
    answer_with_backoff (stage);
    fake_consumer_answer (stage->consumer, "503 Away\r\nRetry-After: 7", "{}");
    begin_four (stage);
    for (uint64_t lease = 2; lease <= 4; lease++)
        assert_int_equal (expect (stage, lease, OUTCOME_RETRY, "answered 503")->retry_after_ms,
                          7000);
}

static void
a_server_without_batches_gets_each_alone (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = raise_stage (NULL);
    answer_with_backoff (stage);
    fake_consumer_answer (stage->consumer, "404 None", "{}");
    for (int i = 0; i < 3; i++)
        fake_consumer_answer (stage->consumer, "200 OK", WRITTEN);
    begin_four (stage);
    for (uint64_t lease = 2; lease <= 4; lease++)
        expect (stage, lease, OUTCOME_OK, "");
    was_asked (stage, "PUT /v1/");
}

//  ---- a server that is unwell

static void
no_answer_is_tried_again_and_a_giant_one_is_not (void **state)
{
    (void)state;
    OWNED (worker_stage)
    worker_stage_t *stage = raise_stage ("worker/kinto/main/answer_bytes=2000");
    char giant [4001];
    memset (giant, 'x', 4000);
    giant [4000] = '\0';
    fake_consumer_answer (stage->consumer, "200 OK", giant);
    expect (stage, begin (stage, REPLACE), OUTCOME_FAIL, "the answer is longer than 2000 bytes");
    fake_consumer_answer (stage->consumer, "200 OK\r\nTransfer-Encoding: chunked", "zz\r\n");
    expect (stage, begin (stage, REPLACE), OUTCOME_RETRY, "chunked");
    fake_consumer_answer (stage->consumer, "200 OK", "no JSON");
    expect (stage, begin (stage, MERGE), OUTCOME_RETRY, "look at the url of this server");
}

static void
a_deadline_is_of_all_requests_together (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = raise_stage (NULL);
    fake_consumer_answer (stage->consumer, "200 OK", "{\"data\":{\"last_modified\":4}}");
    fake_consumer_answer (stage->consumer, NULL, "");
    const settlement_t *late =
        expect (stage, begin_within (stage, MERGE, 300), OUTCOME_RETRY, "no answer within ");
    assert_in_range (late->duration_ms, 250, 5000);
    assert_int_equal (fake_consumer_requests (stage->consumer), 2);
}

static void
a_worker_that_stops_ends_what_is_under_way (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = raise_stage ("worker/kinto/main/batch=1");
    fake_consumer_answer (stage->consumer, NULL, "");
    begin (stage, REPLACE);
    fake_consumer_await (stage->consumer, 1);
    worker_stage_stop (stage);
    expect (stage, 1, OUTCOME_RETRY, "the worker stopped before main had answered");
    worker_stage_stopped (stage);
}

static void
a_worker_that_stops_ends_a_batch (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = raise_stage (NULL);
    answer_with_backoff (stage);
    fake_consumer_answer (stage->consumer, NULL, "");
    begin_four (stage);
    fake_consumer_await (stage->consumer, 2);
    worker_stage_stop (stage);
    for (uint64_t lease = 2; lease <= 4; lease++)
        expect (stage, lease, OUTCOME_RETRY, "the worker stopped before main had answered");
    worker_stage_stopped (stage);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_write_says_who_we_are_and_whence_it_comes),
        cmocka_unit_test (requests_of_an_attempt_share_its_connection),
        cmocka_unit_test (what_cannot_be_written_is_not_asked),
        cmocka_unit_test (retry_after_holds_for_all_of_a_server),
        cmocka_unit_test (what_is_due_at_the_same_time_goes_together),
        cmocka_unit_test (a_batch_that_was_rolled_back_is_taken_apart),
        cmocka_unit_test (a_batch_that_is_answered_as_a_whole_is_so_for_each),
        cmocka_unit_test (a_server_without_batches_gets_each_alone),
        cmocka_unit_test (no_answer_is_tried_again_and_a_giant_one_is_not),
        cmocka_unit_test (a_deadline_is_of_all_requests_together),
        cmocka_unit_test (a_worker_that_stops_ends_what_is_under_way),
        cmocka_unit_test (a_worker_that_stops_ends_a_batch),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
