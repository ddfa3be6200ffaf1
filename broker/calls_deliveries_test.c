/*  What gateways ask of dead letters: listed with what happened, tried again, given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/calls_scene.h"
#include "proto/model/owned.h"

//  S gives up after one attempt.
static void
subscribe (scene_t *world)
{
    json_t *document = json_pack ("{s:s, s:{s:s}, s:{s:s}, s:{s:i}, s:{s:i}}", "id", "S", "match",
                                  "type", "kinto.**", "deliver", "url", "http://127.0.0.1:9/hook",
                                  "retry", "max_attempts", 1, "breaker", "failures", 0);
    json_decref (actor_call (world->gateway, "subscription.create",
                             json_pack ("{s:o}", "document", document)));
}

static int
set_up (void **state)
{
    scene_t *world = scene_new_with_worker (NULL);
    subscribe (world);
    world->session = actor_join (world->worker, "w1", 1000);
    *state = world;
    return 0;
}

//  The next delivery ends so; which event it was of.
static given_t
settle_next (scene_t *world, outcome_t outcome)
{
    given_t given = actor_expect_delivery (world->worker, world->session);
    actor_settle (world->worker, world->session, given.lease, outcome);
    actor_expect_settled (world->worker, given.lease);
    return given;
}

static void
let_die (scene_t *world, const char *id)
{
    actor_publish_and_wait (world->gateway, id, "1");
    settle_next (world, OUTCOME_RETRY);
    actor_await_status (world->gateway, id, "S", "dead");
}

static json_t *
list (scene_t *world, json_t *more)
{
    json_t *args = json_pack ("{s:s}", "subscription", "S");
    if (more)
        json_object_update (args, more);
    json_decref (more);
    return actor_call (world->gateway, "delivery.list", args);
}

//  The ids of a list, each with a blank behind it.
static const char *
ids_of (const json_t *answer)
{
    static char ids [200];
    size_t i;
    json_t *letter;
    *ids = 0;
    json_array_foreach (json_object_get (answer, "data"), i, letter)
    {
        strcat (ids, json_string_value (json_object_get (json_object_get (letter, "event"), "id")));
        strcat (ids, " ");
    }
    return ids;
}

static void
expect_listed (scene_t *world, json_t *more, const char *ids)
{
    json_t *answer = list (world, more);
    assert_string_equal (ids_of (answer), ids);
    json_decref (answer);
}

static json_int_t
act (scene_t *world, const char *method, json_t *args, const char *counted)
{
    json_object_set_new (args, "subscription", json_string ("S"));
    json_t *answer = actor_call (world->gateway, method, args);
    const json_t *data = json_object_get (answer, "data");
    assert_string_equal (json_string_value (json_object_get (data, "status")), "done");
    json_int_t count = json_integer_value (json_object_get (data, counted));
    json_decref (answer);
    return count;
}

static void
a_dead_letter_is_listed_with_its_event_and_its_last_attempt (void **state)
{
    scene_t *world = *state;
    expect_listed (world, NULL, "");
    let_die (world, "e1");
    json_t *answer = list (world, NULL);
    const char *id, *status, *reason, *text, *died, *error;
    int attempts, code;
    assert_int_equal (json_unpack (answer, "{s:[{s:{s:s}, s:s, s:s, s:s, s:s, s:i, s:{s:s, s:i}}]}",
                                   "data", "event", "id", &id, "status", &status, "reason", &reason,
                                   "text", &text, "died", &died, "attempts", &attempts,
                                   "last_attempt", "error", &error, "http_status", &code),
                      0);
    assert_string_equal (id, "e1");
    assert_string_equal (status, "dead");
    assert_string_equal (reason, "USED_UP");
    assert_string_equal (text, "its attempts are used up");
    assert_string_equal (error, "500 from the consumer");
    assert_int_equal (attempts, 1);
    assert_int_equal (code, 500);
    json_decref (answer);
}

static void
a_list_comes_in_pages_and_with_filters (void **state)
{
    scene_t *world = *state;
    let_die (world, "e1");
    let_die (world, "e2");
    let_die (world, "e3");
    json_t *page = list (world, json_pack ("{s:i}", "limit", 2));
    assert_string_equal (ids_of (page), "e1 e2 ");
    expect_listed (world, json_pack ("{s:O}", "after", json_object_get (page, "next")), "e3 ");
    json_decref (page);
    expect_listed (world, json_pack ("{s:{s:s}}", "filter", "reason", "used_up"), "e1 e2 e3 ");
    expect_listed (world, json_pack ("{s:{s:s}}", "filter", "reason", "FINAL"), "");
    expect_listed (world, json_pack ("{s:{s:s}}", "filter", "type", "kinto.record.*"), "e1 e2 e3 ");
    expect_listed (world, json_pack ("{s:{s:s}}", "filter", "subject", "/elsewhere/**"), "");
    expect_listed (world, json_pack ("{s:{s:s}}", "filter", "before", "2001-01-01T00:00:00Z"), "");
    expect_listed (world, json_pack ("{s:{s:s}}", "filter", "after", "2001-01-01T00:00:00Z"),
                   "e1 e2 e3 ");
    expect_listed (world, json_pack ("{s:s}", "status", "retry"), "");
}

static void
one_is_redriven_and_delivered (void **state)
{
    scene_t *world = *state;
    let_die (world, "e1");
    let_die (world, "e2");
    assert_int_equal (
        act (world, "delivery.redrive", json_pack ("{s:[s]}", "events", "e2"), "redriven"), 1);
    given_t given = settle_next (world, OUTCOME_OK);
    assert_string_equal (given.event, "e2");
    actor_await_status (world->gateway, "e2", "S", "delivered");
    actor_await_status (world->gateway, "e1", "S", "dead");
    expect_listed (world, NULL, "e1 ");
}

//  So many deliveries end well, however they travel.
static void
settle_all (scene_t *world, size_t count)
{
    while (count > 0) {
        message_t message = actor_hear (world->worker);
        for (size_t i = 0; message.command == COMMAND_DELIVER && i < message.delivery_count; i++)
            actor_settle (world->worker, world->session, message.deliveries [i].lease, OUTCOME_OK);
        if (message.command == COMMAND_DELIVER)
            count -= message.delivery_count;
        message_clear (&message);
    }
}

static void
all_are_redriven (void **state)
{
    scene_t *world = *state;
    let_die (world, "e1");
    let_die (world, "e2");
    assert_int_equal (act (world, "delivery.redrive", json_object (), "redriven"), 2);
    settle_all (world, 2);
    actor_await_status (world->gateway, "e1", "S", "delivered");
    actor_await_status (world->gateway, "e2", "S", "delivered");
    expect_listed (world, NULL, "");
    assert_int_equal (act (world, "delivery.redrive", json_object (), "redriven"), 0);
}

static void
one_that_dies_again_has_the_history_of_both_lives (void **state)
{
    scene_t *world = *state;
    let_die (world, "e1");
    act (world, "delivery.redrive", json_object (), "redriven");
    settle_next (world, OUTCOME_FAIL);
    actor_await_status (world->gateway, "e1", "S", "dead");
    json_t *answer = list (world, NULL);
    const char *reason;
    int attempts, number;
    assert_int_equal (json_unpack (answer, "{s:[{s:s, s:i, s:{s:i}}]}", "data", "reason", &reason,
                                   "attempts", &attempts, "last_attempt", "number", &number),
                      0);
    assert_string_equal (reason, "FINAL");
    assert_int_equal (attempts, 2);
    assert_int_equal (number, 2);
    json_decref (answer);
}

static void
what_is_discarded_is_skipped_and_listed_no_more (void **state)
{
    scene_t *world = *state;
    let_die (world, "e1");
    let_die (world, "e2");
    assert_int_equal (
        act (world, "delivery.discard", json_pack ("{s:[s]}", "events", "e1"), "discarded"), 1);
    actor_await_status (world->gateway, "e1", "S", "skipped");
    expect_listed (world, NULL, "e2 ");
    assert_int_equal (act (world, "delivery.discard",
                           json_pack ("{s:{s:s}}", "filter", "type", "other.**"), "discarded"),
                      0);
    assert_int_equal (act (world, "delivery.discard", json_object (), "discarded"), 1);
    expect_listed (world, NULL, "");
}

static void
an_event_that_is_not_dead_is_said_to_be_none (void **state)
{
    scene_t *world = *state;
    let_die (world, "e1");
    json_t *reply;
    json_t *args = json_pack ("{s:s, s:[s]}", "subscription", "S", "events", "nowhere");
    assert_int_equal (actor_try (world->gateway, "delivery.redrive", args, &reply),
                      STATUS_NOT_FOUND);
    json_decref (reply);
    json_t *answer =
        actor_call (world->gateway, "delivery.redrive",
                    json_pack ("{s:s, s:[s, s]}", "subscription", "S", "events", "nowhere", "e1"));
    const char *missing;
    int redriven;
    assert_int_equal (json_unpack (answer, "{s:{s:i, s:[s]}}", "data", "redriven", &redriven,
                                   "missing", &missing),
                      0);
    assert_int_equal (redriven, 1);
    assert_string_equal (missing, "nowhere");
    json_decref (answer);
}

static void
a_second_job_waits_for_the_first (void **state)
{
    scene_t *world = *state;
    for (int i = 1; i <= 3; i++) {
        char id [8];
        snprintf (id, sizeof id, "e%d", i);
        let_die (world, id);
    }
    //  Both are heard before the reader has answered the first.
    for (uint64_t request = 1001; request <= 1002; request++)
        actor_say (world->gateway, &(message_t){.command = COMMAND_CALL,
                                                .request = request,
                                                .method = "delivery.discard",
                                                .json = "{\"subscription\":\"S\"}",
                                                .json_size = 20});
    status_t statuses [2];
    for (int i = 0; i < 2; i++) {
        message_t reply = actor_expect (world->gateway, COMMAND_REPLY);
        statuses [reply.request - 1001] = reply.status;
        message_clear (&reply);
    }
    assert_int_equal (statuses [0], STATUS_OK);
    assert_true (statuses [1] == STATUS_BUSY || statuses [1] == STATUS_OK);
    expect_listed (world, NULL, "");
}

static void
a_rate_spreads_what_is_redriven (void **state)
{
    scene_t *world = *state;
    let_die (world, "e1");
    let_die (world, "e2");
    json_t *args = json_pack ("{s:f}", "rate_per_second", 0.01);
    assert_int_equal (act (world, "delivery.redrive", args, "redriven"), 2);
    settle_next (world, OUTCOME_OK);
    actor_await_status (world->gateway, "e1", "S", "delivered");
    actor_await_status (world->gateway, "e2", "S", "retry");  //  in a hundred seconds
    expect_listed (world, json_pack ("{s:s}", "status", "retry"), "e2 ");
}

static void
what_is_asked_badly_is_refused_with_its_name (void **state)
{
    scene_t *world = *state;
    const struct {
        const char *method;
        json_t *args;
        status_t status;
        const char *name;
    } cases [] = {
        {"delivery.list", json_pack ("{s:s}", "subscription", "T"), STATUS_NOT_FOUND,
         "subscription"},
        {"delivery.list", json_pack ("{s:s, s:s}", "subscription", "S", "status", "well"),
         STATUS_BAD_PARAMETER, "status"},
        {"delivery.list", json_pack ("{s:s, s:s}", "subscription", "S", "after", "x"),
         STATUS_BAD_PARAMETER, "after"},
        {"delivery.list",
         json_pack ("{s:s, s:{s:s}}", "subscription", "S", "filter", "colour", "x"),
         STATUS_BAD_PARAMETER, "colour"},
        {"delivery.list",
         json_pack ("{s:s, s:{s:s}}", "subscription", "S", "filter", "before", "x"),
         STATUS_BAD_PARAMETER, "before"},
        {"delivery.redrive", json_pack ("{s:s, s:s}", "subscription", "S", "rate_per_second", "x"),
         STATUS_BAD_PARAMETER, "rate_per_second"},
        {"delivery.redrive", json_pack ("{s:s, s:[]}", "subscription", "S", "events"),
         STATUS_BAD_PARAMETER, "events"},
        {"delivery.discard", json_pack ("{s:s, s:[i]}", "subscription", "S", "events", 5),
         STATUS_BAD_PARAMETER, "events"},
        {"delivery.discard",
         json_pack ("{s:s, s:[s], s:{}}", "subscription", "S", "events", "e", "filter"),
         STATUS_BAD_PARAMETER, "filter"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *reply;
        status_t status = actor_try (world->gateway, cases [i].method, cases [i].args, &reply);
        assert_int_equal (status, cases [i].status);
        assert_string_equal (json_string_value (json_object_get (reply, "name")), cases [i].name);
        json_decref (reply);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
#define PLAY(test) cmocka_unit_test_setup_teardown (test, set_up, scene_tear_down)
        PLAY (a_dead_letter_is_listed_with_its_event_and_its_last_attempt),
        PLAY (a_list_comes_in_pages_and_with_filters),
        PLAY (one_is_redriven_and_delivered),
        PLAY (all_are_redriven),
        PLAY (one_that_dies_again_has_the_history_of_both_lives),
        PLAY (what_is_discarded_is_skipped_and_listed_no_more),
        PLAY (an_event_that_is_not_dead_is_said_to_be_none),
        PLAY (a_second_job_waits_for_the_first),
        PLAY (a_rate_spreads_what_is_redriven),
        PLAY (what_is_asked_badly_is_refused_with_its_name),
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
