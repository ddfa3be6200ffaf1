/*  What is asked before it happens, and who waits for what came of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/calls_scene.h"
#include "proto/model/owned.h"

static int
begin (void **state, const char *setting)
{
    scene_t *world =
        scene_new_with_worker ((const char *const []){setting, "broker/drain_ms=1", NULL});
    world->session = actor_join (world->worker, "w1", 100);
    *state = world;
    return 0;
}

static int
set_up (void **state)
{
    return begin (state, "limits/waiters=100");
}

static int
set_up_narrow (void **state)
{
    return begin (state, "limits/waiters=1");
}

static void
subscribe (scene_t *world, const char *id, const char *members)
{
    char text [600];
    snprintf (text, sizeof text,
              "{\"id\": \"%s\", \"deliver\": {\"url\": \"http://127.0.0.1:9/hook\"}, %s}", id,
              members);
    json_t *document = json_loads (text, 0, NULL);
    assert_non_null (document);
    json_decref (actor_call (world->gateway, "subscription.replace",
                             json_pack ("{s:s, s:o}", "id", id, "document", document)));
}

//  One that is not waited for here.
static void
begin_call (scene_t *world, const char *method, const char *json)
{
    actor_say (world->gateway, &(message_t){.command = COMMAND_CALL,
                                            .request = 4711,
                                            .method = method,
                                            .json = json,
                                            .json_size = strlen (json)});
}

static void
expect_reply (scene_t *world, status_t status, const char *in_it)
{
    message_t message = actor_expect (world->gateway, COMMAND_REPLY);
    assert_int_equal (message.request, 4711);
    assert_int_equal (message.status, status);
    if (!strstr (message.json, in_it))
        fail_msg ("%s is not in %s", in_it, message.json);
    message_clear (&message);
}

static const char question [] =
    "{\"id\": \"q1\", \"type\": \"a.b\", \"subject\": \"/s\", \"time\": \"2026-11-24T03:00:00Z\","
    " \"data\": \"{\\\"n\\\": 1}\", \"hops\": 2, \"root\": \"r\", \"causation\": \"c\"}";

static void
settle (scene_t *world, uint64_t lease, const char *result)
{
    settlement_t settlement = {
        .lease = lease, .outcome = OUTCOME_OK, .error = "", .result = result};
    actor_say (world->worker, &(message_t){.command = COMMAND_SETTLE,
                                           .session = world->session,
                                           .settlements = &settlement,
                                           .settlement_count = 1});
}

static void
a_question_reaches_its_worker_and_the_answer_who_asks (void **state)
{
    scene_t *world = *state;
    subscribe (world, "A", "\"match\": {\"phase\": \"pre\"}, \"ask\": {\"timeout_ms\": 60000}");
    begin_call (world, "event.ask", question);
    message_t message = actor_expect (world->worker, COMMAND_DELIVER);
    const event_t *event = message.deliveries [0].event;
    assert_int_equal (event->phase, PHASE_PRE);
    assert_memory_equal (event->data, "{\"n\": 1}", event->data_size);
    assert_int_equal (event->hops, 2);
    assert_int_equal (event->seq, 0);
    assert_int_equal (message.targets [0].timeout_ms, 60000);
    assert_in_range (message.deliveries [0].deadline_ms, 1, 60000);
    uint64_t lease = message.deliveries [0].lease;
    message_clear (&message);
    settle (world, lease, "{\"decision\": \"deny\", \"reason\": \"no\"}");
    actor_expect_settled (world->worker, lease);
    expect_reply (world, STATUS_OK, "{\"data\":{\"decision\":\"deny\",\"reason\":\"no\"");
    status_t status;
    free (actor_ask (world->gateway, "event.get", json_pack ("{s:s}", "id", "q1"), &status));
    assert_int_equal (status, STATUS_NOT_FOUND);
}

static void
a_question_that_is_none_is_refused (void **state)
{
    scene_t *world = *state;
    static const char *const wrong [] = {
        "{}",
        "{\"id\": \"q\", \"type\": \"a.b\", \"subject\": \"/s\", \"time\": \"2026-11-24T03:00:00Z\"}",
        "{\"id\": \"q.\", \"type\": \"a.b\", \"subject\": \"/s\", \"time\": "
        "\"2026-11-24T03:00:00Z\", \"data\": \"{}\"}",
        "{\"id\": \"q\", \"type\": \"a b\", \"subject\": \"/s\", \"time\": "
        "\"2026-11-24T03:00:00Z\", \"data\": \"{}\"}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        begin_call (world, "event.ask", wrong [i]);
        expect_reply (world, i < 2 ? STATUS_BAD_REQUEST : STATUS_BAD_EVENT, "\"message\"");
    }
}

static void
who_waits_is_woken_when_it_has_ended (void **state)
{
    scene_t *world = *state;
    subscribe (world, "R", "\"match\": {}, \"reply\": true");
    subscribe (world, "S", "\"match\": {}");
    actor_publish_and_wait (world->gateway, "e1", "{}");
    begin_call (world, "event.wait", "{\"ids\": [\"e1\", \"none\"], \"wait_ms\": 60000}");
    message_t message = actor_expect (world->worker, COMMAND_DELIVER);
    assert_int_equal (message.delivery_count, 2);
    for (size_t i = 0; i < 2; i++)
        if (strcmp (message.targets [message.deliveries [i].target].subscription, "R") == 0)
            settle (world, message.deliveries [i].lease, "{\"x\": 1}");
    message_clear (&message);
    expect_reply (world, STATUS_OK, "{\"done\":true,\"deliveries\":[[{\"subscription\":\"R\"");
}

static void
who_waits_in_vain_hears_how_far_it_is (void **state)
{
    scene_t *world = *state;
    subscribe (world, "R", "\"match\": {}, \"reply\": true");
    actor_publish_and_wait (world->gateway, "e1", "{}");
    begin_call (world, "event.wait", "{\"ids\": [\"e1\"], \"wait_ms\": 50}");
    expect_reply (world, STATUS_OK, "{\"done\":false,\"deliveries\":[[{\"subscription\":\"R\"");
    begin_call (world, "event.wait", "{\"ids\": [\"e1\"]}");
    expect_reply (world, STATUS_OK, "{\"done\":false");
    static const char *const wrong [] = {"{}", "{\"ids\": []}", "{\"ids\": [1]}",
                                         "{\"ids\": [\"e1\"], \"wait_ms\": \"x\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        begin_call (world, "event.wait", wrong [i]);
        expect_reply (world, STATUS_BAD_REQUEST, "\"message\"");
    }
}

static void
as_many_wait_as_may (void **state)
{
    scene_t *world = *state;
    subscribe (world, "R", "\"match\": {}, \"reply\": true");
    actor_publish_and_wait (world->gateway, "e1", "{}");
    OWNED (actor) actor_t *other = actor_gateway (world->stage);
    static const char wait [] = "{\"ids\": [\"e1\"], \"wait_ms\": 60000}";
    actor_say (other, &(message_t){.command = COMMAND_CALL,
                                   .request = 1,
                                   .method = "event.wait",
                                   .json = wait,
                                   .json_size = strlen (wait)});
    json_decref (actor_call (other, "status", NULL));  //  heard after it
    json_decref (actor_call (world->gateway, "event.get", json_pack ("{s:s}", "id", "e1")));
    begin_call (world, "event.wait", wait);
    expect_reply (world, STATUS_OK, "{\"done\":false");
}

int
main (void)
{
#define WITH_A_WORLD(test) cmocka_unit_test_setup_teardown (test, set_up, scene_tear_down)
    const struct CMUnitTest tests [] = {
        WITH_A_WORLD (a_question_reaches_its_worker_and_the_answer_who_asks),
        WITH_A_WORLD (a_question_that_is_none_is_refused),
        WITH_A_WORLD (who_waits_is_woken_when_it_has_ended),
        WITH_A_WORLD (who_waits_in_vain_hears_how_far_it_is),
        cmocka_unit_test_setup_teardown (as_many_wait_as_may, set_up_narrow, scene_tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
