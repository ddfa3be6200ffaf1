#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proto/model/owned_json.h"
#include "proto/model/subscription.h"

static const char whole [] =
    "{\"id\": \"addons-to-balrog\", \"match\": {\"type\": \"kinto.record.*\"},"
    " \"deliver\": {\"url\": \"https://consumer.example/hook\"},"
    " \"paused\": true}";

static subscription_t *
read_text (const char *text, problem_t *problem)
{
    OWNED (json) json_t *json = json_loads (text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null (json);
    limits_t limits = limits_default ();
    return subscription_new (json, 1795489200123, &limits, problem);
}

static subscription_t *
read_good (const char *text)
{
    problem_t problem = {0};
    subscription_t *subscription = read_text (text, &problem);
    if (!subscription)
        fail_msg ("%s: %s", text, problem.text);
    return subscription;
}

//  A subscription with these members beside what it needs.
static void
refuse_more (const char *members, const char *sentence)
{
    char text [1000];
    snprintf (text, sizeof (text),
              "{\"match\": {}, \"deliver\": {\"url\": \"https://consumer.example/hook\"}, %s}",
              members);
    problem_t problem = {0};
    if (read_text (text, &problem))
        fail_msg ("taken: %s", text);
    assert_int_equal (problem.status, STATUS_BAD_SUBSCRIPTION);
    assert_string_equal (problem.text, sentence);
}

static void
policies_are_read (void **state)
{
    (void)state;
    limits_t limits = limits_default ();
    OWNED (subscription)
    subscription_t *self = read_good (
        "{\"match\": {}, \"deliver\": {\"url\": \"https://consumer.example/hook\"},"
        " \"start\": {\"time\": \"2026-11-24T03:00:00Z\"}, \"expires\": \"2027-01-01T00:00:00Z\","
        " \"attempts\": \"failures\","
        " \"retry\": {\"schedule_ms\": [100, 5000], \"ttl_ms\": 86400000,"
        "             \"retry_after_most_ms\": 60000, \"disable_after_ms\": 0},"
        " \"limits\": {\"in_flight\": 8, \"adaptive\": false, \"rate_per_second\": 0.5},"
        " \"breaker\": {\"failures\": 3, \"probe_ms\": 400000}}");
    assert_int_equal (self->start, START_TIME);
    assert_int_equal (self->start_at, 1795489200000);
    assert_int_equal (self->expires_ms, 1798761600000);
    assert_int_equal (self->keep, KEEP_FAILURES);
    assert_int_equal (self->retry.schedule_count, 2);
    assert_int_equal (self->retry.schedule_ms [1], 5000);
    assert_int_equal (self->retry.max_attempts, 3);  //  one more than there are pauses
    assert_int_equal (self->retry.ttl_ms, 86400000);
    assert_int_equal (self->retry.retry_after_most_ms, 60000);
    assert_int_equal (self->retry.disable_after_ms, 0);
    assert_true (!self->adapts && self->rate_per_second == 0.5);
    assert_int_equal (self->burst, 1);
    assert_int_equal (self->breaker.failures, 3);
    assert_int_equal (self->breaker.probe_most_ms, 400000);

    char *text = subscription_dump (self);
    problem_t problem = {0};
    OWNED (subscription)
    subscription_t *again = subscription_load (text, strlen (text), &limits, &problem);
    assert_non_null (again);
    assert_true (json_equal (self->document, again->document));
    free (text);
}

static void
a_bad_policy_is_told_why (void **state)
{
    (void)state;
    refuse_more ("\"start\": {}", "start: it has one of time and seq");
    refuse_more ("\"start\": {\"time\": \"noon\"}",
                 "start.time: \"noon\" is no time, as in 2026-11-24T03:00:00Z");
    refuse_more ("\"start\": {\"seq\": 0}", "start.seq: 0 is not in 1 … 9223372036854775807");
    refuse_more ("\"expires\": \"soon\"",
                 "expires: \"soon\" is no time, as in 2026-11-24T03:00:00Z");
    refuse_more ("\"attempts\": \"some\"",
                 "attempts: \"some\" is none; there are all failures none");
    refuse_more ("\"retry\": {\"schedule_ms\": []}",
                 "retry.schedule_ms: it is an array of 1 to 32 pauses between attempts, as in "
                 "[5000, 60000, 3600000]");
    refuse_more ("\"retry\": {\"schedule_ms\": [1, -1]}",
                 "retry.schedule_ms: its element 1 is no whole number in 0 … 604800000");
    refuse_more ("\"retry\": {\"timeout_ms\": 604800001}",
                 "retry.timeout_ms: 604800001 is not in 1 … 604800000");
    refuse_more ("\"limits\": {\"rate_per_second\": -1}",
                 "limits.rate_per_second: -1 is not in 0 … 1e+06");
    refuse_more ("\"limits\": {\"rate_per_second\": \"1\"}",
                 "limits.rate_per_second: it is a number in 0 … 1e+06");
    refuse_more ("\"breaker\": {\"failures\": -1}", "breaker.failures: -1 is not in 0 … 1000");
    refuse_more ("\"breaker\": {\"probe_ms\": 10, \"probe_most_ms\": 9}",
                 "breaker.probe_most_ms: 9 is not in 10 … 3600000");
}

static void
a_replay_is_a_subscription_of_its_own (void **state)
{
    (void)state;
    limits_t limits = limits_default ();
    OWNED (subscription) subscription_t *self = read_good (whole);
    int64_t from [] = {4}, until [] = {9};
    replay_t replay = {.id = "r1", .of = self->id, .from = from, .until = until, .partitions = 1};
    problem_t problem = {0};
    OWNED (subscription)
    subscription_t *made = subscription_replay (self, 77, &replay, NULL, 2.5, &limits, &problem);
    assert_non_null (made);
    assert_string_equal (made->id, "addons-to-balrog~r1");
    assert_string_equal (made->replay.of, "addons-to-balrog");
    assert_int_equal (made->replay.from [0], 4);
    assert_int_equal (made->replay.until [0], 9);
    assert_true (made->rate_per_second == 2.5 && !made->is_paused);
    assert_non_null (strstr (made->deliver_json, "\"replay\":\"r1\""));

    OWNED (subscription) subscription_t *ended = subscription_replay_ended (made, 78);
    char *text = subscription_dump (ended);
    OWNED (subscription)
    subscription_t *again = subscription_load (text, strlen (text), &limits, &problem);
    assert_true (again->replay.has_ended && again->replay.until [0] == 9);
    free (text);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (policies_are_read),
        cmocka_unit_test (a_bad_policy_is_told_why),
        cmocka_unit_test (a_replay_is_a_subscription_of_its_own),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
