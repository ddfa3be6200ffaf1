/*  What gateways ask of the workers: who they are, page by page, one of them; that one drains, and how
 *  much is wanted of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/calls_scene.h"
#include "proto/model/owned.h"

static const char *
text_of (const json_t *worker, const char *name)
{
    const char *text = json_string_value (json_object_get (worker, name));
    return text ? text : "";
}

static json_int_t
number_of (const json_t *worker, const char *name)
{
    return json_integer_value (json_object_get (worker, name));
}

static void
a_worker_is_shown_with_what_it_said_and_what_it_has (void **state)
{
    scene_t *world = *state;
    actor_subscribe (world->gateway, "S");
    actor_publish_and_wait (world->gateway, "e1", "1");
    OWNED (actor) actor_t *worker = actor_worker (world->stage);
    uint64_t session = actor_join (worker, "w1", 5);
    actor_expect_delivery (worker, session);

    json_t *answer = actor_call (world->gateway, "worker.get", json_pack ("{s:s}", "name", "w1"));
    const json_t *shown = json_object_get (answer, "data");
    char id [20];
    snprintf (id, sizeof id, "%016llx", (unsigned long long)session);
    assert_string_equal (text_of (shown, "name"), "w1");
    assert_string_equal (text_of (shown, "session"), id);
    assert_string_equal (text_of (shown, "version"), "1");
    assert_int_equal (number_of (shown, "capacity"), 100);
    assert_int_equal (number_of (shown, "leases"), 1);
    assert_int_equal (number_of (shown, "credit"), 4);
    assert_true (strlen (text_of (shown, "joined")) > 0);
    assert_true (number_of (shown, "heartbeat_age_ms") >= 0);
    const json_t *actions = json_object_get (shown, "actions");
    assert_int_equal (json_array_size (actions), 1);
    assert_string_equal (json_string_value (json_array_get (actions, 0)), "webhook");
    json_decref (answer);
}

//  The names of all pages, one after the other, and how many pages.
static int
list (scene_t *world, json_t *args, char *names, size_t room)
{
    int pages = 0;
    *names = 0;
    for (;;) {
        json_t *answer = actor_call (world->gateway, "worker.list", json_incref (args));
        size_t i;
        json_t *worker;
        json_array_foreach (json_object_get (answer, "data"), i, worker)
        {
            size_t used = strlen (names);
            snprintf (names + used, room - used, "%s ", text_of (worker, "name"));
        }
        pages++;
        json_t *next = json_incref (json_object_get (answer, "next"));
        json_decref (answer);
        if (!next)
            break;
        json_object_set_new (args, "after", next);
    }
    json_decref (args);
    return pages;
}

static void
they_are_listed_by_name_page_by_page_and_namesakes_apart (void **state)
{
    scene_t *world = *state;
    static const char *const joined [] = {"b", "a", "c", "a", "b"};
    actor_t *workers [5];
    uint64_t last_a = 0;
    for (int i = 0; i < 5; i++) {
        workers [i] = actor_worker (world->stage);
        uint64_t session = actor_join (workers [i], joined [i], 1);
        last_a = i == 3 ? session : last_a;
    }
    char names [100];
    assert_int_equal (list (world, json_object (), names, sizeof names), 1);
    assert_string_equal (names, "a a b b c ");
    assert_int_equal (list (world, json_pack ("{s:i}", "limit", 2), names, sizeof names), 3);
    assert_string_equal (names, "a a b b c ");
    assert_int_equal (list (world, json_pack ("{s:s}", "name", "b"), names, sizeof names), 1);
    assert_string_equal (names, "b b ");

    char id [20];
    snprintf (id, sizeof id, "%016llx", (unsigned long long)last_a);
    json_t *answer = actor_call (world->gateway, "worker.get",
                                 json_pack ("{s:s, s:s}", "name", "a", "session", id));
    assert_string_equal (text_of (json_object_get (answer, "data"), "session"), id);
    json_decref (answer);
    for (int i = 0; i < 5; i++)
        actor_destroy (&workers [i]);
}

static void
a_worker_that_is_not_there_is_not_found (void **state)
{
    scene_t *world = *state;
    OWNED (actor) actor_t *worker = actor_worker (world->stage);
    actor_join (worker, "w1", 1);
    json_t *args = json_pack ("{s:s}", "name", "w2");
    assert_int_equal (actor_try (world->gateway, "worker.get", args, NULL), STATUS_NOT_FOUND);
    args = json_pack ("{s:s, s:s}", "name", "w1", "session", "0000000000000001");
    assert_int_equal (actor_try (world->gateway, "worker.get", args, NULL), STATUS_NOT_FOUND);
    args = json_pack ("{s:s}", "after", "nowhere");
    assert_int_equal (actor_try (world->gateway, "worker.list", args, NULL), STATUS_BAD_PARAMETER);
    args = json_pack ("{s:s}", "after", "00000000000000xxw1");
    assert_int_equal (actor_try (world->gateway, "worker.list", args, NULL), STATUS_BAD_PARAMETER);
}

static bool
is_said (const json_t *worker, const char *name)
{
    return json_is_true (json_object_get (worker, name));
}

//  POST …/drain, and its answer.
static json_t *
drain (scene_t *world, const char *name, bool is_on)
{
    json_t *args = json_pack ("{s:s, s:b}", "name", name, "drain", is_on);
    json_t *answer = actor_call (world->gateway, "worker.drain", args);
    json_t *data = json_incref (json_object_get (answer, "data"));
    json_decref (answer);
    return data;
}

static void
a_drained_worker_is_drained_when_it_has_nothing_left (void **state)
{
    scene_t *world = *state;
    actor_subscribe (world->gateway, "S");
    actor_publish_and_wait (world->gateway, "e1", "1");
    OWNED (actor) actor_t *worker = actor_worker (world->stage);
    uint64_t session = actor_join (worker, "w1", 5);
    given_t given = actor_expect_delivery (worker, session);

    json_t *data = drain (world, "w1", true);
    assert_true (is_said (data, "draining") && !is_said (data, "drained"));
    assert_int_equal (number_of (data, "leases"), 1);
    json_decref (data);
    actor_publish_and_wait (world->gateway, "e2", "2");
    actor_settle (worker, session, given.lease, OUTCOME_OK);
    actor_expect_settled (worker, given.lease);
    json_t *answer = actor_call (world->gateway, "worker.get", json_pack ("{s:s}", "name", "w1"));
    assert_true (is_said (json_object_get (answer, "data"), "drained"));
    json_decref (answer);
    actor_await_status (world->gateway, "e2", "S", "waiting");

    data = drain (world, "w1", false);
    assert_false (is_said (data, "draining"));
    json_decref (data);
    given = actor_expect_delivery (worker, session);
    assert_string_equal (given.event, "e2");
}

static void
a_name_that_is_drained_is_listed_while_it_is_away (void **state)
{
    scene_t *world = *state;
    actor_t *worker = actor_worker (world->stage);
    uint64_t session = actor_join (worker, "w1", 5);
    json_decref (drain (world, "w1", true));
    actor_say (worker, &(message_t){.command = COMMAND_BYE, .session = session});
    actor_destroy (&worker);

    bool is_away = false;
    while (!is_away) {  //  the broker notices by silence
        json_t *answer =
            actor_call (world->gateway, "worker.get", json_pack ("{s:s}", "name", "w1"));
        const json_t *shown = json_object_get (answer, "data");
        assert_true (is_said (shown, "draining"));
        is_away = is_said (shown, "away") && is_said (shown, "drained");
        json_decref (answer);
    }
    json_decref (drain (world, "w1", false));
    json_t *args = json_pack ("{s:s}", "name", "w1");
    assert_int_equal (actor_try (world->gateway, "worker.get", args, NULL), STATUS_NOT_FOUND);
}

static void
a_drain_that_makes_no_sense_changes_nothing (void **state)
{
    scene_t *world = *state;
    OWNED (actor) actor_t *worker = actor_worker (world->stage);
    actor_join (worker, "w1", 5);
    json_t *args = json_pack ("{s:s}", "name", "w2");
    assert_int_equal (actor_try (world->gateway, "worker.drain", args, NULL), STATUS_NOT_FOUND);
    args = json_pack ("{s:s, s:s}", "name", "w1", "drain", "yes");
    assert_int_equal (actor_try (world->gateway, "worker.drain", args, NULL), STATUS_BAD_PARAMETER);
    args = json_pack ("{s:s, s:b}", "name", "w1", "drian", 0);
    assert_int_equal (actor_try (world->gateway, "worker.drain", args, NULL), STATUS_BAD_PARAMETER);
    json_t *answer = actor_call (world->gateway, "worker.get", json_pack ("{s:s}", "name", "w1"));
    assert_false (is_said (json_object_get (answer, "data"), "draining"));
    json_decref (answer);
}

//  PATCH; NULL: as the worker likes.
static status_t
want_capacity (scene_t *world, const char *name, json_t *capacity)
{
    json_t *args = json_pack ("{s:s, s:o}", "name", name, "capacity", capacity);
    return actor_try (world->gateway, "worker.change", args, NULL);
}

static void
expect_greeting (actor_t *worker, uint64_t session, int64_t capacity)
{
    message_t welcome = actor_expect (worker, COMMAND_WELCOME);
    assert_int_equal (welcome.session, session);
    assert_int_equal (welcome.capacity, capacity);
    message_clear (&welcome);
}

static void
tell_capacity (actor_t *worker, uint64_t session, int64_t capacity)
{
    actor_say (worker, &(message_t){
                           .command = COMMAND_HEARTBEAT, .session = session, .capacity = capacity});
}

static bool
has_capacity (scene_t *world, const char *name, json_int_t has, json_int_t wanted)
{
    json_t *answer = actor_call (world->gateway, "worker.get", json_pack ("{s:s}", "name", name));
    const json_t *shown = json_object_get (answer, "data");
    bool is_so =
        number_of (shown, "capacity") == has && number_of (shown, "capacity_wanted") == wanted;
    json_decref (answer);
    return is_so;
}

//  What a worker says and what a gateway asks come over two connections, in either order.
static void
await_capacity (scene_t *world, const char *name, json_int_t has, json_int_t wanted)
{
    while (!has_capacity (world, name, has, wanted))
        ;
}

static void
a_capacity_is_told_until_the_worker_says_that_it_has_it (void **state)
{
    scene_t *world = *state;
    OWNED (actor) actor_t *worker = actor_worker (world->stage);
    uint64_t session = actor_join (worker, "w1", 5);
    assert_int_equal (want_capacity (world, "w1", json_integer (64)), STATUS_OK);
    expect_greeting (worker, session, 64);
    assert_true (has_capacity (world, "w1", 100, 64));
    tell_capacity (worker, session, 100);  //  it has not heard it
    expect_greeting (worker, session, 64);
    tell_capacity (worker, session, 64);
    await_capacity (world, "w1", 64, 64);
    assert_int_equal (want_capacity (world, "w1", json_null ()), STATUS_OK);
    expect_greeting (worker, session, 0);  //  and none for the heartbeat that told 64
    assert_true (has_capacity (world, "w1", 64, 0));
    tell_capacity (worker, session, 64);
    expect_greeting (worker, session, 0);
    tell_capacity (worker, session, 100);
    assert_int_equal (want_capacity (world, "w1", json_integer (7)), STATUS_OK);
    expect_greeting (worker, session, 7);
}

static void
a_capacity_is_wanted_of_whoever_has_the_name (void **state)
{
    scene_t *world = *state;
    actor_t *first = actor_worker (world->stage);
    actor_join (first, "w1", 5);
    assert_int_equal (want_capacity (world, "w1", json_integer (64)), STATUS_OK);
    actor_destroy (&first);
    OWNED (actor) actor_t *second = actor_worker (world->stage);
    actor_say (second, &(message_t){.command = COMMAND_HELLO, .name = "w1", .capacity = 8});
    message_t welcome = actor_expect (second, COMMAND_WELCOME);
    assert_int_equal (welcome.capacity, 64);
    message_clear (&welcome);
    await_capacity (world, "w1", 8, 64);  //  the silence of the first ends it
}

static void
a_capacity_that_makes_no_sense_is_refused (void **state)
{
    scene_t *world = *state;
    OWNED (actor) actor_t *worker = actor_worker (world->stage);
    actor_join (worker, "w1", 5);
    assert_int_equal (want_capacity (world, "w2", json_integer (64)), STATUS_NOT_FOUND);
    assert_int_equal (want_capacity (world, "w1", json_integer (0)), STATUS_BAD_PARAMETER);
    assert_int_equal (want_capacity (world, "w1", json_integer (5000)), STATUS_BAD_PARAMETER);
    assert_int_equal (want_capacity (world, "w1", json_string ("many")), STATUS_BAD_REQUEST);
    json_t *args = json_pack ("{s:s, s:s}", "name", "w1", "version", "2");
    assert_int_equal (actor_try (world->gateway, "worker.change", args, NULL),
                      STATUS_BAD_PARAMETER);
    assert_true (has_capacity (world, "w1", 100, 0));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
#define PLAY(test) cmocka_unit_test_setup_teardown (test, scene_set_up, scene_tear_down)
        PLAY (a_worker_is_shown_with_what_it_said_and_what_it_has),
        PLAY (they_are_listed_by_name_page_by_page_and_namesakes_apart),
        PLAY (a_worker_that_is_not_there_is_not_found),
        PLAY (a_drained_worker_is_drained_when_it_has_nothing_left),
        PLAY (a_name_that_is_drained_is_listed_while_it_is_away),
        PLAY (a_drain_that_makes_no_sense_changes_nothing),
        PLAY (a_capacity_is_told_until_the_worker_says_that_it_has_it),
        PLAY (a_capacity_is_wanted_of_whoever_has_the_name),
        PLAY (a_capacity_that_makes_no_sense_is_refused),
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
