/*  What gateways ask of replays: a stretch of the log once more, by seq, by time, by event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/calls_scene.h"
#include "proto/model/owned.h"

//  S has had e1, e2 and e3.
static int
set_up (void **state)
{
    scene_t *world = scene_new_with_worker (NULL);
    actor_subscribe (world->gateway, "S");
    world->session = actor_join (world->worker, "w1", 1000);
    for (int i = 1; i <= 3; i++) {
        char id [8];
        snprintf (id, sizeof id, "e%d", i);
        actor_publish_and_wait (world->gateway, id, "1");
        given_t given = actor_expect_delivery (world->worker, world->session);
        actor_settle (world->worker, world->session, given.lease, OUTCOME_OK);
        actor_expect_settled (world->worker, given.lease);
    }
    *state = world;
    return 0;
}

//  Its id.
static char *
replay (scene_t *world, json_t *args)
{
    json_object_set_new (args, "subscription", json_string ("S"));
    json_t *answer = actor_call (world->gateway, "replay.create", args);
    const json_t *data = json_object_get (answer, "data");
    assert_string_equal (json_string_value (json_object_get (data, "subscription")), "S");
    char *id = strdup (json_string_value (json_object_get (data, "id")));
    json_decref (answer);
    return id;
}

//  So many are delivered once more, and end well: their ids, and which replay says it is.
static void
expect_replayed (scene_t *world, size_t count, const char *ids, const char *id)
{
    char found [100] = "";
    while (count > 0) {
        message_t message = actor_hear (world->worker);
        for (size_t i = 0; message.command == COMMAND_DELIVER && i < message.delivery_count; i++) {
            const delivery_t *delivery = &message.deliveries [i];
            const target_t *target = &message.targets [delivery->target];
            strcat (found, delivery->event->id);
            strcat (found, " ");
            assert_non_null (strstr (target->deliver, id));
            actor_settle (world->worker, world->session, delivery->lease, OUTCOME_OK);
        }
        if (message.command == COMMAND_DELIVER)
            count -= message.delivery_count;
        message_clear (&message);
    }
    assert_string_equal (found, ids);
}

static json_t *
list (scene_t *world)
{
    return actor_call (world->gateway, "replay.list", json_pack ("{s:s}", "subscription", "S"));
}

static void
await_end (scene_t *world, size_t index)
{
    for (int i = 0; i < 10000; i++) {
        json_t *answer = list (world);
        const json_t *one = json_array_get (json_object_get (answer, "data"), index);
        bool has_ended = strcmp (json_string_value (json_object_get (one, "status")), "ended") == 0;
        json_decref (answer);
        if (has_ended)
            return;
    }
    fail_msg ("the replay has not ended");
}

static void
a_stretch_by_seq_is_delivered_once_more_and_ends (void **state)
{
    scene_t *world = *state;
    char *id =
        replay (world, json_pack ("{s:{s:i}, s:{s:i}}", "from", "seq", 2, "until", "seq", 3));
    expect_replayed (world, 2, "e2 e3 ", id);
    await_end (world, 0);
    json_t *answer = list (world);
    int from, until;
    const char *name;
    assert_int_equal (json_unpack (answer, "{s:[{s:s, s:[{s:i, s:i}]}]}", "data", "id", &name,
                                   "ranges", "from", &from, "until", &until),
                      0);
    assert_string_equal (name, id);
    assert_int_equal (from, 2);
    assert_int_equal (until, 3);
    json_decref (answer);

    //  What is new goes to the subscription alone.
    actor_publish_and_wait (world->gateway, "e4", "1");
    expect_replayed (world, 1, "e4 ", "");
    free (id);
}

static void
a_stretch_by_time_is_found_in_the_log (void **state)
{
    scene_t *world = *state;
    char *id = replay (world, json_pack ("{s:{s:s}}", "from", "time", "2001-01-01T00:00:00Z"));
    expect_replayed (world, 3, "e1 e2 e3 ", id);
    free (id);
    id = replay (world, json_pack ("{s:{s:s}}", "from", "time", "2999-01-01T00:00:00Z"));
    await_end (world, 1);
    free (id);
}

static void
one_event_is_delivered_once_more_and_shown_beside_the_first (void **state)
{
    scene_t *world = *state;
    char *id = replay (world, json_pack ("{s:s}", "event", "e2"));
    expect_replayed (world, 1, "e2 ", id);
    await_end (world, 0);
    json_t *event = actor_call (world->gateway, "event.get", json_pack ("{s:s}", "id", "e2"));
    const json_t *deliveries = json_object_get (json_object_get (event, "data"), "deliveries");
    assert_int_equal (json_array_size (deliveries), 2);
    size_t replays = 0;
    for (size_t i = 0; i < 2; i++) {
        const json_t *one = json_array_get (deliveries, i);
        const char *whose = json_string_value (json_object_get (one, "replay"));
        assert_string_equal (json_string_value (json_object_get (one, "subscription")), "S");
        assert_string_equal (json_string_value (json_object_get (one, "status")), "delivered");
        replays += whose && strcmp (whose, id) == 0;
    }
    assert_int_equal (replays, 1);
    json_decref (event);
    free (id);
}

static void
a_match_of_its_own_takes_less (void **state)
{
    scene_t *world = *state;
    json_t *args = json_pack ("{s:{s:i}, s:{s:s}}", "from", "seq", 1, "match", "type", "other.*");
    char *id = replay (world, args);
    await_end (world, 0);
    free (id);
}

static void
replays_are_no_subscriptions (void **state)
{
    scene_t *world = *state;
    char *id = replay (world, json_pack ("{s:{s:i}}", "from", "seq", 1)), name [40];
    snprintf (name, sizeof name, "S~%s", id);
    expect_replayed (world, 3, "e1 e2 e3 ", id);
    json_t *subscriptions = actor_call (world->gateway, "subscription.list", NULL);
    assert_int_equal (json_array_size (json_object_get (subscriptions, "data")), 1);
    assert_int_equal (json_integer_value (json_object_get (subscriptions, "total")), 1);
    json_decref (subscriptions);
    static const char *const methods [] = {"subscription.get", "subscription.delete",
                                           "subscription.pause"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal (
            actor_try (world->gateway, methods [i], json_pack ("{s:s}", "id", name), NULL),
            STATUS_NOT_FOUND);
    json_decref (actor_call (world->gateway, "replay.delete",
                             json_pack ("{s:s, s:s}", "subscription", "S", "replay", id)));
    assert_int_equal (actor_try (world->gateway, "replay.delete",
                                 json_pack ("{s:s, s:s}", "subscription", "S", "replay", id), NULL),
                      STATUS_NOT_FOUND);
    free (id);
}

static void
a_replay_waits_while_its_subscription_is_paused (void **state)
{
    scene_t *world = *state;
    json_decref (actor_call (world->gateway, "subscription.pause", json_pack ("{s:s}", "id", "S")));
    char *id = replay (world, json_pack ("{s:{s:i}}", "from", "seq", 3));
    json_t *answer = list (world);
    const char *status;
    assert_int_equal (json_unpack (answer, "{s:[{s:s}]}", "data", "status", &status), 0);
    assert_string_equal (status, "paused");
    json_decref (answer);
    json_decref (
        actor_call (world->gateway, "subscription.resume", json_pack ("{s:s}", "id", "S")));
    expect_replayed (world, 1, "e3 ", id);
    free (id);
}

static void
sixteen_are_kept_and_the_oldest_that_has_ended_goes (void **state)
{
    scene_t *world = *state;
    for (int i = 0; i < 17; i++)
        free (replay (world, json_pack ("{s:{s:i}}", "from", "seq", 4)));
    json_t *answer = list (world);
    assert_int_equal (json_array_size (json_object_get (answer, "data")), 16);
    json_decref (answer);
    json_decref (actor_call (world->gateway, "subscription.pause", json_pack ("{s:s}", "id", "S")));
    for (int i = 0; i < 16; i++)
        free (replay (world, json_pack ("{s:{s:i}}", "from", "seq", 1)));
    assert_int_equal (
        actor_try (world->gateway, "replay.create",
                   json_pack ("{s:s, s:{s:i}}", "subscription", "S", "from", "seq", 1), NULL),
        STATUS_FULL);
}

static void
what_is_asked_badly_is_refused_with_its_name (void **state)
{
    scene_t *world = *state;
    const struct {
        json_t *args;
        status_t status;
        const char *name;
    } cases [] = {
        {json_pack ("{s:s}", "subscription", "T"), STATUS_NOT_FOUND, "subscription"},
        {json_pack ("{s:s}", "subscription", "S"), STATUS_BAD_PARAMETER, "from"},
        {json_pack ("{s:s, s:s}", "subscription", "S", "from", "now"), STATUS_BAD_PARAMETER,
         "from"},
        {json_pack ("{s:s, s:{s:s}}", "subscription", "S", "from", "time", "noon"),
         STATUS_BAD_PARAMETER, "from"},
        {json_pack ("{s:s, s:{s:i}}", "subscription", "S", "from", "seq", 0), STATUS_BAD_PARAMETER,
         "from"},
        {json_pack ("{s:s, s:s, s:{s:i}}", "subscription", "S", "event", "e1", "from", "seq", 1),
         STATUS_BAD_PARAMETER, "event"},
        {json_pack ("{s:s, s:{s:i}, s:i}", "subscription", "S", "from", "seq", 1, "rate_per_second",
                    -1),
         STATUS_BAD_PARAMETER, "rate_per_second"},
        {json_pack ("{s:s, s:{s:i}, s:{s:i}}", "subscription", "S", "from", "seq", 1, "match",
                    "type", 5),
         STATUS_BAD_MATCH, "match.type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *reply;
        status_t status = actor_try (world->gateway, "replay.create", cases [i].args, &reply);
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
        PLAY (a_stretch_by_seq_is_delivered_once_more_and_ends),
        PLAY (a_stretch_by_time_is_found_in_the_log),
        PLAY (one_event_is_delivered_once_more_and_shown_beside_the_first),
        PLAY (a_match_of_its_own_takes_less),
        PLAY (replays_are_no_subscriptions),
        PLAY (a_replay_waits_while_its_subscription_is_paused),
        PLAY (sixteen_are_kept_and_the_oldest_that_has_ended_goes),
        PLAY (what_is_asked_badly_is_refused_with_its_name),
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
