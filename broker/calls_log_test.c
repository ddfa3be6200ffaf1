/*  What gateways ask of the log: events page by page, and what a match would have taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/calls_scene.h"
#include "proto/model/owned.h"

//  e1, e2 … with {"n": 1}, {"n": 2} …
static void
publish (scene_t *world, int count)
{
    for (int i = 1; i <= count; i++) {
        char id [16], data [24];
        snprintf (id, sizeof id, "e%d", i);
        snprintf (data, sizeof data, "{\"n\":%d}", i);
        actor_publish_and_wait (world->gateway, id, data);
    }
}

//  The ids of all pages, one after the other, and how many pages.
static int
list (scene_t *world, json_t *args, char *ids, size_t room)
{
    int pages = 0;
    *ids = 0;
    for (;;) {
        json_t *answer = actor_call (world->gateway, "event.list", json_incref (args));
        size_t i;
        json_t *event;
        json_array_foreach (json_object_get (answer, "data"), i, event)
        {
            size_t used = strlen (ids);
            snprintf (ids + used, room - used, "%s ",
                      json_string_value (json_object_get (event, "id")));
        }
        json_t *next = json_incref (json_object_get (answer, "next"));
        json_decref (answer);
        pages++;
        if (!next)
            break;
        json_object_set_new (args, "after", next);
    }
    json_decref (args);
    return pages;
}

static void
the_newest_events_come_first_page_by_page (void **state)
{
    scene_t *world = *state;
    char ids [200];
    assert_int_equal (list (world, json_object (), ids, sizeof ids), 1);
    assert_string_equal (ids, "");
    publish (world, 5);
    assert_int_equal (list (world, json_pack ("{s:i}", "limit", 2), ids, sizeof ids), 3);
    assert_string_equal (ids, "e5 e4 e3 e2 e1 ");
    assert_int_equal (list (world, json_pack ("{s:i}", "limit", 5), ids, sizeof ids), 1);
    assert_string_equal (ids, "e5 e4 e3 e2 e1 ");
}

static void
since_a_seq_they_come_in_their_order (void **state)
{
    scene_t *world = *state;
    char ids [200];
    publish (world, 5);
    assert_int_equal (
        list (world, json_pack ("{s:i, s:i}", "since", 1, "limit", 2), ids, sizeof ids), 2);
    assert_string_equal (ids, "e2 e3 e4 e5 ");
    list (world, json_pack ("{s:i}", "since", 9), ids, sizeof ids);
    assert_string_equal (ids, "");
}

static void
a_list_may_be_of_one_type_or_subject (void **state)
{
    scene_t *world = *state;
    char ids [200];
    publish (world, 3);
    list (world, json_pack ("{s:s}", "type", "kinto.*.update"), ids, sizeof ids);
    assert_string_equal (ids, "e3 e2 e1 ");
    list (world, json_pack ("{s:s}", "type", "b.*"), ids, sizeof ids);
    assert_string_equal (ids, "");
    list (world, json_pack ("{s:s, s:s}", "type", "**", "subject", "/nowhere/**"), ids, sizeof ids);
    assert_string_equal (ids, "");
}

static void
a_long_log_is_looked_through_in_stretches (void **state)
{
    scene_t *world = *state;
    publish (world, 600);
    json_t *args =
        json_pack ("{s:{s:{s:[i, i, i]}}, s:i}", "match", "data", "n", 1, 300, 600, "last", 10000);
    json_t *answer = actor_call (world->gateway, "event.match", args);
    const json_t *data = json_object_get (answer, "data");
    assert_int_equal (json_integer_value (json_object_get (data, "looked_at")), 600);
    assert_int_equal (json_integer_value (json_object_get (data, "matched")), 3);
    const json_t *events = json_object_get (data, "events");
    static const char *const ids [] = {"e600", "e300", "e1"};
    assert_int_equal (json_array_size (events), 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal (json_string_value (json_object_get (json_array_get (events, i), "id")),
                             ids [i]);
    json_decref (answer);
}

static void
large_events_are_looked_at_too (void **state)
{
    scene_t *world = *state;
    size_t size = 400000;  //  two of them fill a page
    char *data = test_malloc (size + 3), id [8], ids [200];
    memset (data, 'x', size + 2);
    data [0] = data [size + 1] = '"';
    data [size + 2] = 0;
    for (int i = 1; i <= 7; i++) {
        snprintf (id, sizeof id, "e%d", i);
        actor_publish_and_wait (world->gateway, id, data);
    }
    test_free (data);
    list (world, json_object (), ids, sizeof ids);
    assert_string_equal (ids, "e7 e6 e5 e4 e3 e2 e1 ");
    list (world, json_pack ("{s:i}", "since", 0), ids, sizeof ids);
    assert_string_equal (ids, "e1 e2 e3 e4 e5 e6 e7 ");
}

static void
a_match_is_tried_on_the_last_events_alone (void **state)
{
    scene_t *world = *state;
    publish (world, 10);
    json_t *answer = actor_call (world->gateway, "event.match",
                                 json_pack ("{s:{}, s:i, s:i}", "match", "last", 4, "limit", 1));
    const json_t *data = json_object_get (answer, "data");
    assert_int_equal (json_integer_value (json_object_get (data, "looked_at")), 4);
    assert_int_equal (json_integer_value (json_object_get (data, "matched")), 4);
    assert_int_equal (json_array_size (json_object_get (data, "events")), 1);
    json_decref (answer);
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
        {"event.match", json_object (), STATUS_BAD_MATCH, "match"},
        {"event.match", json_pack ("{s:{s:i}}", "match", "type", 5), STATUS_BAD_MATCH,
         "match.type"},
        {"event.match", json_pack ("{s:{}, s:i}", "match", "last", 10001), STATUS_BAD_PARAMETER,
         "last"},
        {"event.list", json_pack ("{s:i}", "limit", 0), STATUS_BAD_PARAMETER, "limit"},
        {"event.list", json_pack ("{s:s}", "limit", "x"), STATUS_BAD_REQUEST, "limit"},
        {"event.list", json_pack ("{s:s}", "after", "1.1"), STATUS_BAD_PARAMETER, "after"},
        {"event.list", json_pack ("{s:s}", "after", "0.1x"), STATUS_BAD_PARAMETER, "after"},
        {"event.list", json_pack ("{s:s}", "type", "a..b"), STATUS_BAD_MATCH, "type"},
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
#define PLAY(test) cmocka_unit_test_setup_teardown (test, scene_set_up, scene_tear_down)
        PLAY (the_newest_events_come_first_page_by_page),
        PLAY (since_a_seq_they_come_in_their_order),
        PLAY (a_list_may_be_of_one_type_or_subject),
        PLAY (a_long_log_is_looked_through_in_stretches),
        PLAY (large_events_are_looked_at_too),
        PLAY (a_match_is_tried_on_the_last_events_alone),
        PLAY (what_is_asked_badly_is_refused_with_its_name),
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
