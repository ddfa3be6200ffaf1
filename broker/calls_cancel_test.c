//  What gateways cancel: what waits, what a worker has, what nobody has read yet.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/calls_scene.h"
#include "proto/model/owned_json.h"

//  A worker with room for one.
static int
set_up (void **state)
{
    scene_t *world = scene_new_with_worker (NULL);
    actor_subscribe (world->gateway, "S");
    world->session = actor_join (world->worker, "w1", 1);
    *state = world;
    return 0;
}

static status_t
try_cancel (const scene_t *world, const char *subscription, const char *event, json_t **reply)
{
    return actor_try (world->gateway, "delivery.cancel",
                      json_pack ("{s:s, s:s}", "subscription", subscription, "event", event),
                      reply);
}

static void
expect_cancelled (const scene_t *world, const char *event, const char *was)
{
    OWNED (json) json_t *reply = NULL;
    assert_int_equal (try_cancel (world, "S", event, &reply), STATUS_OK);
    const json_t *data = json_object_get (reply, "data");
    assert_string_equal (json_string_value (json_object_get (data, "event")), event);
    assert_string_equal (json_string_value (json_object_get (data, "status")), "dead");
    assert_string_equal (json_string_value (json_object_get (data, "reason")), "CANCELLED");
    assert_string_equal (json_string_value (json_object_get (data, "was")), was);
    actor_await_status (world->gateway, event, "S", "dead");
}

static void
expect_refused (const scene_t *world, const char *subscription, const char *event,
                const char *sentence)
{
    OWNED (json) json_t *reply = NULL;
    assert_int_equal (try_cancel (world, subscription, event, &reply), STATUS_NOT_FOUND);
    const char *message = json_string_value (json_object_get (reply, "message"));
    if (!strstr (message, sentence))
        fail_msg ("%s", message);
}

static void
a_worker_is_told_and_what_it_settles_is_stale (void **state)
{
    scene_t *world = *state;
    actor_publish_and_wait (world->gateway, "e1", "1");
    given_t given = actor_expect_delivery (world->worker, world->session);
    expect_cancelled (world, "e1", "in_flight");
    message_t cancel = actor_expect (world->worker, COMMAND_CANCEL);
    assert_int_equal (cancel.lease_count, 1);
    assert_int_equal (cancel.leases [0], given.lease);
    message_clear (&cancel);
    actor_settle (world->worker, world->session, given.lease, OUTCOME_OK);
    actor_expect_settled (world->worker, given.lease);
    actor_await_status (world->gateway, "e1", "S", "dead");
}

static void
what_waits_is_never_tried_until_it_is_redriven (void **state)
{
    scene_t *world = *state;
    actor_publish_and_wait (world->gateway, "e1", "1");
    actor_publish_and_wait (world->gateway, "e2", "1");
    given_t given = actor_expect_delivery (world->worker, world->session);
    assert_string_equal (given.event, "e1");
    expect_cancelled (world, "e2", "waiting");
    json_decref (actor_call (world->gateway, "delivery.redrive",
                             json_pack ("{s:s, s:[s]}", "subscription", "S", "events", "e2")));
    actor_grant (world->worker, world->session, 2);
    given = actor_expect_delivery (world->worker, world->session);
    assert_string_equal (given.event, "e2");
}

static void
what_was_not_read_yet_is_cancelled_for_good (void **state)
{
    scene_t *world = *state;
    json_decref (actor_call (world->gateway, "subscription.pause", json_pack ("{s:s}", "id", "S")));
    actor_publish_and_wait (world->gateway, "e1", "1");
    actor_publish_and_wait (world->gateway, "e2", "1");
    stage_crash (world->stage);  //  what it had in memory is in the log alone
    actor_destroy (&world->worker);
    actor_destroy (&world->gateway);
    world->gateway = actor_gateway (world->stage);
    world->worker = actor_worker (world->stage);
    world->session = actor_join (world->worker, "w1", 10);
    expect_cancelled (world, "e1", "waiting");
    json_decref (
        actor_call (world->gateway, "subscription.resume", json_pack ("{s:s}", "id", "S")));
    given_t given = actor_expect_delivery (world->worker, world->session);
    assert_string_equal (given.event, "e2");
}

static void
what_is_not_there_or_has_ended_is_not_found (void **state)
{
    scene_t *world = *state;
    actor_publish_and_wait (world->gateway, "e1", "1");
    given_t given = actor_expect_delivery (world->worker, world->session);
    actor_settle (world->worker, world->session, given.lease, OUTCOME_OK);
    actor_expect_settled (world->worker, given.lease);
    expect_refused (world, "S", "e1", "has no delivery for S that has not ended");
    expect_refused (world, "S", "e9", "there is no event \"e9\"");
    expect_refused (world, "T", "e1", "T");
}

static void
one_that_it_did_not_ask_for_is_not_found (void **state)
{
    scene_t *world = *state;
    json_t *document =
        json_pack ("{s:s, s:{s:s}, s:{s:s}, s:b}", "id", "T", "match", "type", "other", "deliver",
                   "url", "http://127.0.0.1:9/hook", "paused", 1);
    json_decref (actor_call (world->gateway, "subscription.create",
                             json_pack ("{s:o}", "document", document)));
    actor_publish_and_wait (world->gateway, "e1", "1");
    expect_refused (world, "T", "e1", "has no delivery for T that has not ended");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test_setup_teardown (a_worker_is_told_and_what_it_settles_is_stale, set_up,
                                         scene_tear_down),
        cmocka_unit_test_setup_teardown (what_waits_is_never_tried_until_it_is_redriven, set_up,
                                         scene_tear_down),
        cmocka_unit_test_setup_teardown (what_was_not_read_yet_is_cancelled_for_good, set_up,
                                         scene_tear_down),
        cmocka_unit_test_setup_teardown (what_is_not_there_or_has_ended_is_not_found, set_up,
                                         scene_tear_down),
        cmocka_unit_test_setup_teardown (one_that_it_did_not_ask_for_is_not_found, set_up,
                                         scene_tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
