/*  Why something was, or was not, delivered; and how a subscription does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/calls_scene.h"
#include "proto/model/owned.h"

static void
join (scene_t *world, uint64_t credit)
{
    world->session = actor_join (world->worker, "w1", credit);
}

//  S wants kinto.**, with some more members.
static void
subscribe (scene_t *world, const char *more)
{
    char text [600];
    snprintf (text, sizeof text,
              "{\"id\": \"S\", \"match\": {\"type\": \"kinto.**\"},"
              " \"deliver\": {\"url\": \"http://127.0.0.1:9/hook\"}%s%s}",
              *more ? ", " : "", more);
    json_t *document = json_loads (text, 0, NULL);
    assert_non_null (document);
    json_decref (actor_call (world->gateway, "subscription.replace",
                             json_pack ("{s:s, s:o}", "id", "S", "document", document)));
}

static void
publish (scene_t *world, const char *id)
{
    actor_publish_and_wait (world->gateway, id, "{\"n\": 1}");
}

//  The next delivery ends so; what was kept of others may be told before it.
static void
settle_next (scene_t *world, outcome_t outcome)
{
    for (;;) {
        message_t message = actor_hear (world->worker);
        bool is_delivery = message.command == COMMAND_DELIVER;
        if (is_delivery)
            actor_settle (world->worker, world->session, message.deliveries [0].lease, outcome);
        message_clear (&message);
        if (is_delivery)
            return;
    }
}

static void
expect_explained (scene_t *world, const char *id, const char *status, const char *reason,
                  const char *part)
{
    actor_expect_explained (world->gateway, id, "S", status, reason, part);
}

static void
what_is_not_asked_for_is_told_by_the_part_that_said_no (void **state)
{
    scene_t *world = *state;
    subscribe (world, "\"start\": \"earliest\"");
    json_t *document =
        json_pack ("{s:{s:s, s:{s:[s]}}, s:{s:s}}", "match", "type", "kinto.**", "data", "status",
                   "signed", "deliver", "url", "http://127.0.0.1:9/");
    publish (world, "e1");
    json_decref (actor_call (world->gateway, "subscription.replace",
                             json_pack ("{s:s, s:o}", "id", "S", "document", document)));
    publish (world, "e2");
    expect_explained (world, "e2", "not_matched", "NOT_MATCHED",
                      "match.data.status: the event has none, and it should fit [\"signed\"]");
}

static void
what_waits_is_told_what_it_waits_for (void **state)
{
    scene_t *world = *state;
    subscribe (world, "");
    publish (world, "e1");
    expect_explained (world, "e1", "waiting", "NO_WORKER", "no worker offers its action");
    join (world, 0);
    expect_explained (world, "e1", "waiting", "NO_CREDIT", "all they can take");
    json_decref (actor_call (world->gateway, "subscription.pause", json_pack ("{s:s}", "id", "S")));
    expect_explained (world, "e1", "waiting", "PAUSED", "it is paused, since 20");
    subscribe (world, "\"disabled\": true");
    expect_explained (world, "e1", "waiting", "DISABLED", "somebody asked for it");
}

static void
what_is_under_way_is_told_where (void **state)
{
    scene_t *world = *state;
    subscribe (world, "\"limits\": {\"in_flight\": 1}");
    join (world, 10);
    publish (world, "e1");
    publish (world, "e2");
    given_t given = actor_expect_delivery (world->worker, world->session);
    expect_explained (world, "e1", "in_flight", "NEW", "worker w1 has it since 20");
    expect_explained (world, "e2", "waiting", "IN_FLIGHT", "1 deliveries are under way");
    actor_settle (world->worker, world->session, given.lease, OUTCOME_OK);
    actor_await_status (world->gateway, "e1", "S", "delivered");
    expect_explained (world, "e1", "delivered", "DELIVERED", "with attempt 1");
}

static void
what_failed_is_told_with_its_error_and_the_next_try (void **state)
{
    scene_t *world = *state;
    subscribe (world, "\"retry\": {\"max_attempts\": 2, \"schedule_ms\": [1]}, \"breaker\": "
                      "{\"failures\": 0}");
    join (world, 10);
    publish (world, "e1");
    settle_next (world, OUTCOME_RETRY);
    settle_next (world, OUTCOME_RETRY);
    actor_await_status (world->gateway, "e1", "S", "dead");
    expect_explained (world, "e1", "dead", "USED_UP",
                      "its attempts are used up, 2 of 2; the last error: 500 from the consumer. It "
                      "is kept: `tocsin redrive S e1`");
    subscribe (world, "\"retry\": {\"max_attempts\": 2, \"schedule_ms\": [600000]}, \"breaker\": "
                      "{\"failures\": 0}");
    publish (world, "e2");
    settle_next (world, OUTCOME_RETRY);
    actor_await_status (world->gateway, "e2", "S", "retry");
    expect_explained (world, "e2", "retry", "NONE",
                      "attempt 1 of 2 failed: 500 from the consumer; the next one is made at 20");
    json_t *args = json_pack ("{s:s, s:[s], s:f}", "subscription", "S", "events", "e1",
                              "rate_per_second", 1.0);
    json_decref (actor_call (world->gateway, "delivery.redrive", args));
    settle_next (world, OUTCOME_FAIL);
    actor_await_status (world->gateway, "e1", "S", "dead");
    expect_explained (world, "e1", "dead", "FINAL", "the consumer's answer is final");
    args = json_pack ("{s:s}", "subscription", "S");
    json_decref (actor_call (world->gateway, "delivery.discard", args));
    expect_explained (world, "e1", "skipped", "DISCARDED", "somebody discarded it");
    publish (world, "e3");
    settle_next (world, OUTCOME_SKIP);
    actor_await_status (world->gateway, "e3", "S", "skipped");
    expect_explained (world, "e3", "skipped", "NOTHING",
                      "there was nothing to be done, as worker ");
}

static void
what_is_held_is_told_behind_which_event (void **state)
{
    scene_t *world = *state;
    subscribe (world, "\"order\": \"key\"");
    join (world, 10);
    publish (world, "e1");
    publish (world, "e2");
    actor_await_status (world->gateway, "e2", "S", "held");
    expect_explained (world, "e2", "held", "KEY_TAKEN", "event e1 (seq 1) of its key");
}

static void
a_breaker_that_is_open_is_told_with_its_next_probe (void **state)
{
    scene_t *world = *state;
    subscribe (world, "\"breaker\": {\"failures\": 1, \"probe_ms\": 3600000}, \"retry\": "
                      "{\"max_attempts\": 1}");
    join (world, 10);
    publish (world, "e1");
    settle_next (world, OUTCOME_RETRY);
    actor_await_status (world->gateway, "e1", "S", "dead");
    publish (world, "e2");
    expect_explained (world, "e2", "waiting", "BREAKER_OPEN",
                      "nothing is sent until the next probe at 20");

    json_t *answer =
        actor_call (world->gateway, "subscription.state", json_pack ("{s:s}", "id", "S"));
    const char *status, *reason, *since, *probe;
    int failures, dead;
    assert_int_equal (json_unpack (answer, "{s:{s:s, s:s, s:s, s:s, s:i, s:i}}", "data", "status",
                                   &status, "reason", &reason, "failing_since", &since,
                                   "next_probe", &probe, "failures", &failures, "dead", &dead),
                      0);
    assert_string_equal (status, "broken");
    assert_string_equal (reason, "BREAKER_OPEN");
    assert_int_equal (failures, 1);
    assert_int_equal (dead, 1);
    json_decref (answer);
    json_decref (
        actor_call (world->gateway, "subscription.resume", json_pack ("{s:s}", "id", "S")));
    settle_next (world, OUTCOME_OK);  //  it is tried at once
    actor_await_status (world->gateway, "e2", "S", "delivered");
}

static void
a_rate_that_is_used_up_is_told_with_its_end (void **state)
{
    scene_t *world = *state;
    subscribe (world, "\"limits\": {\"rate_per_second\": 0.001, \"burst\": 1}");
    join (world, 10);
    publish (world, "e1");
    settle_next (world, OUTCOME_OK);
    actor_await_status (world->gateway, "e1", "S", "delivered");
    publish (world, "e2");
    expect_explained (world, "e2", "waiting", "RATE", "limits.rate_per_second (0.001) is used up");
}

static void
what_came_before_its_start_is_told_so (void **state)
{
    scene_t *world = *state;
    publish (world, "e1");
    publish (world, "e2");
    subscribe (world, "\"start\": {\"seq\": 2}");
    expect_explained (world, "e1", "not_matched", "BEFORE_START",
                      "its seq is 1, and the subscription starts with 2");
    expect_explained (world, "e2", "waiting", "NO_WORKER", "");
}

static void
a_start_at_a_time_takes_what_was_accepted_since (void **state)
{
    scene_t *world = *state;
    publish (world, "e1");
    subscribe (world, "\"start\": {\"time\": \"2001-01-01T00:00:00Z\"}");
    expect_explained (world, "e1", "waiting", "NO_WORKER", "");
    json_decref (
        actor_call (world->gateway, "subscription.delete", json_pack ("{s:s}", "id", "S")));
    subscribe (world, "\"start\": {\"time\": \"2999-01-01T00:00:00Z\"}");
    expect_explained (world, "e1", "not_matched", "BEFORE_START", "starts with 2999-01-01");
}

static void
what_is_not_there_is_said_to_be_missing (void **state)
{
    scene_t *world = *state;
    json_t *reply;
    subscribe (world, "");
    assert_int_equal (actor_try (world->gateway, "event.explain",
                                 json_pack ("{s:s, s:s}", "id", "e9", "subscription", "S"), &reply),
                      STATUS_NOT_FOUND);
    assert_non_null (strstr (json_string_value (json_object_get (reply, "message")), "retention"));
    json_decref (reply);
    assert_int_equal (actor_try (world->gateway, "event.explain",
                                 json_pack ("{s:s, s:s}", "id", "e9", "subscription", "T"), &reply),
                      STATUS_NOT_FOUND);
    assert_string_equal (json_string_value (json_object_get (reply, "name")), "subscription");
    json_decref (reply);
    assert_int_equal (
        actor_try (world->gateway, "subscription.state", json_pack ("{s:s}", "id", "T"), NULL),
        STATUS_NOT_FOUND);
}

static void
how_a_subscription_does_is_told_in_numbers (void **state)
{
    scene_t *world = *state;
    subscribe (world, "");
    publish (world, "e1");
    json_t *answer =
        actor_call (world->gateway, "subscription.state", json_pack ("{s:s}", "id", "S"));
    const char *status, *reason, *text;
    int waiting, cap, workers;
    assert_int_equal (json_unpack (answer, "{s:{s:s, s:s, s:s, s:i, s:i, s:i}}", "data", "status",
                                   &status, "reason", &reason, "text", &text, "waiting", &waiting,
                                   "in_flight_cap", &cap, "workers", &workers),
                      0);
    assert_string_equal (status, "active");
    assert_string_equal (reason, "NO_WORKER");
    assert_non_null (strstr (text, "start one"));
    assert_int_equal (waiting, 1);
    assert_int_equal (workers, 0);
    assert_true (cap >= 1);
    json_decref (answer);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
#define PLAY(test) cmocka_unit_test_setup_teardown (test, scene_set_up_with_worker, scene_tear_down)
        PLAY (what_is_not_asked_for_is_told_by_the_part_that_said_no),
        PLAY (what_waits_is_told_what_it_waits_for),
        PLAY (what_is_under_way_is_told_where),
        PLAY (what_failed_is_told_with_its_error_and_the_next_try),
        PLAY (what_is_held_is_told_behind_which_event),
        PLAY (a_breaker_that_is_open_is_told_with_its_next_probe),
        PLAY (a_rate_that_is_used_up_is_told_with_its_end),
        PLAY (what_came_before_its_start_is_told_so),
        PLAY (a_start_at_a_time_takes_what_was_accepted_since),
        PLAY (what_is_not_there_is_said_to_be_missing),
        PLAY (how_a_subscription_does_is_told_in_numbers),
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
