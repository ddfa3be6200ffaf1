/*  What gateways ask of a real broker: subscriptions, tokens, status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sodium.h>

#include "broker/calls_scene.h"
#include "proto/model/owned.h"

static json_t *
document (const char *id, const char *url)
{
    return json_pack ("{s:s, s:{s:s}, s:{s:s}}", "id", id, "match", "type", "a.b", "deliver", "url",
                      url);
}

static const char *
secret_in (const json_t *reply)
{
    const json_t *deliver = json_object_get (json_object_get (reply, "data"), "deliver");
    return json_string_value (json_object_get (deliver, "secret"));
}

static json_int_t
version_in (const json_t *reply)
{
    return json_integer_value (json_object_get (json_object_get (reply, "data"), "last_modified"));
}

static void
a_secret_is_shown_once_to_who_made_it (void **state)
{
    scene_t *world = *state;
    json_t *made = actor_call (world->gateway, "subscription.create",
                               json_pack ("{s:o}", "document", document ("S", "http://h/1")));
    assert_memory_equal (secret_in (made), "whsec_", 6);
    json_t *shown = actor_call (world->gateway, "subscription.get", json_pack ("{s:s}", "id", "S"));
    assert_null (secret_in (shown));
    assert_int_equal (version_in (shown), version_in (made));
    json_decref (made);
    json_decref (shown);
    assert_int_equal (actor_try (world->gateway, "subscription.create",
                                 json_pack ("{s:o}", "document", document ("S", "http://h/2")),
                                 NULL),
                      STATUS_ID_TAKEN);
}

static json_t *
replace (scene_t *world, const char *url)
{
    return actor_call (world->gateway, "subscription.replace",
                       json_pack ("{s:s, s:o}", "id", "S", "document", document ("S", url)));
}

static void
a_replacement_keeps_the_secret_and_rises_in_version (void **state)
{
    scene_t *world = *state;
    json_t *made = replace (world, "http://h/1");
    assert_true (json_is_true (json_object_get (made, "created")));
    assert_non_null (secret_in (made));
    json_t *again = replace (world, "http://h/2");
    assert_true (json_is_false (json_object_get (again, "created")));
    assert_null (secret_in (again));
    assert_true (version_in (again) > version_in (made));

    json_t *given = document ("S", "http://h/3");
    json_object_set_new (json_object_get (given, "deliver"), "secret",
                         json_string ("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="));
    json_t *rotated = actor_call (world->gateway, "subscription.replace",
                                  json_pack ("{s:s, s:o}", "id", "S", "document", given));
    assert_non_null (secret_in (rotated));
    json_decref (made);
    json_decref (again);
    json_decref (rotated);
}

static void
who_has_seen_an_older_version_changes_nothing (void **state)
{
    scene_t *world = *state;
    json_t *made = replace (world, "http://h/1");
    json_int_t seen = version_in (made);
    json_decref (made);
    json_decref (replace (world, "http://h/2"));

    json_t *args = json_pack ("{s:s, s:o, s:I}", "id", "S", "document",
                              document ("S", "http://h/3"), "if_match", seen);
    assert_int_equal (actor_try (world->gateway, "subscription.replace", args, NULL),
                      STATUS_CHANGED);
    args = json_pack ("{s:s, s:o, s:b}", "id", "S", "document", document ("S", "http://h/3"),
                      "if_none_match", 1);
    assert_int_equal (actor_try (world->gateway, "subscription.replace", args, NULL),
                      STATUS_CHANGED);
    args = json_pack ("{s:s, s:I}", "id", "S", "if_match", seen);
    assert_int_equal (actor_try (world->gateway, "subscription.delete", args, NULL),
                      STATUS_CHANGED);
}

static void
a_deleted_subscription_is_gone_and_its_name_free (void **state)
{
    scene_t *world = *state;
    json_decref (replace (world, "http://h/1"));
    json_t *gone =
        actor_call (world->gateway, "subscription.delete", json_pack ("{s:s}", "id", "S"));
    assert_true (json_is_true (json_object_get (json_object_get (gone, "data"), "deleted")));
    json_decref (gone);
    assert_int_equal (
        actor_try (world->gateway, "subscription.get", json_pack ("{s:s}", "id", "S"), NULL),
        STATUS_NOT_FOUND);
    assert_int_equal (
        actor_try (world->gateway, "subscription.delete", json_pack ("{s:s}", "id", "S"), NULL),
        STATUS_NOT_FOUND);
    json_decref (replace (world, "http://h/2"));
}

static bool
says_true (const json_t *reply, const char *name)
{
    return json_is_true (json_object_get (json_object_get (reply, "data"), name));
}

static void
a_pause_holds_deliveries_back_until_it_is_resumed (void **state)
{
    scene_t *world = *state;
    OWNED (actor) actor_t *worker = actor_worker (world->stage);
    uint64_t session = actor_join (worker, "w1", 5);
    actor_subscribe (world->gateway, "S");
    json_t *paused =
        actor_call (world->gateway, "subscription.pause", json_pack ("{s:s}", "id", "S"));
    assert_true (says_true (paused, "paused"));
    json_t *again =
        actor_call (world->gateway, "subscription.pause", json_pack ("{s:s}", "id", "S"));
    assert_int_equal (version_in (again), version_in (paused));
    assert_int_equal (
        actor_try (world->gateway, "subscription.resume",
                   json_pack ("{s:s, s:I}", "id", "S", "if_match", version_in (paused) - 1), NULL),
        STATUS_CHANGED);
    actor_publish_and_wait (world->gateway, "e1", "1");
    actor_await_status (world->gateway, "e1", "S", "waiting");

    json_t *resumed =
        actor_call (world->gateway, "subscription.resume", json_pack ("{s:s}", "id", "S"));
    assert_false (says_true (resumed, "paused"));
    assert_null (secret_in (resumed));
    given_t given = actor_expect_delivery (worker, session);
    assert_string_equal (given.event, "e1");
    actor_settle (worker, session, given.lease, OUTCOME_OK);
    actor_await_status (world->gateway, "e1", "S", "delivered");
    json_decref (paused);
    json_decref (again);
    json_decref (resumed);
}

static void
resume_enables_what_was_disabled_and_pause_leaves_it_so (void **state)
{
    scene_t *world = *state;
    json_t *made = document ("S", "http://h/1");
    json_object_set_new (made, "disabled", json_true ());
    json_decref (
        actor_call (world->gateway, "subscription.create", json_pack ("{s:o}", "document", made)));
    json_t *paused =
        actor_call (world->gateway, "subscription.pause", json_pack ("{s:s}", "id", "S"));
    assert_true (says_true (paused, "paused") && says_true (paused, "disabled"));
    json_t *resumed =
        actor_call (world->gateway, "subscription.resume", json_pack ("{s:s}", "id", "S"));
    assert_false (says_true (resumed, "paused") || says_true (resumed, "disabled"));
    json_decref (paused);
    json_decref (resumed);
    assert_int_equal (
        actor_try (world->gateway, "subscription.pause", json_pack ("{s:s}", "id", "T"), NULL),
        STATUS_NOT_FOUND);
}

static void
a_document_with_a_replay_is_refused (void **state)
{
    scene_t *world = *state;
    json_t *reply, *bad = document ("S~r1", "http://h/1");
    json_object_set_new (bad, "replay", json_pack ("{s:s}", "id", "r1"));
    assert_int_equal (actor_try (world->gateway, "subscription.create",
                                 json_pack ("{s:O}", "document", bad), &reply),
                      STATUS_BAD_SUBSCRIPTION);
    assert_string_equal (json_string_value (json_object_get (reply, "name")), "replay");
    json_decref (reply);
    assert_int_equal (actor_try (world->gateway, "subscription.replace",
                                 json_pack ("{s:s, s:o}", "id", "S~r1", "document", bad), NULL),
                      STATUS_BAD_SUBSCRIPTION);
}

static void
a_bad_document_is_refused_with_the_place (void **state)
{
    scene_t *world = *state;
    json_t *bad = document ("S", "http://h/1");
    json_object_set_new (json_object_get (bad, "match"), "type", json_integer (5));
    json_t *reply;
    status_t status = actor_try (world->gateway, "subscription.create",
                                 json_pack ("{s:o}", "document", bad), &reply);
    assert_true (status == STATUS_BAD_MATCH || status == STATUS_BAD_SUBSCRIPTION);
    assert_string_equal (json_string_value (json_object_get (reply, "name")), "match.type");
    json_decref (reply);
    assert_int_equal (
        actor_try (world->gateway, "subscription.create", json_pack ("{s:i}", "document", 5), NULL),
        STATUS_BAD_SUBSCRIPTION);
    assert_int_equal (actor_try (world->gateway, "subscription.get", NULL, NULL),
                      STATUS_BAD_REQUEST);
    assert_int_equal (actor_try (world->gateway, "no.such.method", NULL, NULL), STATUS_NOT_FOUND);
}

static void
a_list_is_read_page_by_page_in_order_of_id (void **state)
{
    scene_t *world = *state;
    const char *ids [] = {"b", "d", "a", "e", "c"};
    for (size_t i = 0; i < 5; i++)
        json_decref (actor_call (world->gateway, "subscription.create",
                                 json_pack ("{s:o}", "document", document (ids [i], "http://h"))));
    char seen [8] = "", after [8] = "";
    for (int page = 0; page < 3; page++) {
        json_t *list = actor_call (world->gateway, "subscription.list",
                                   json_pack ("{s:i, s:s}", "limit", 2, "after", after));
        assert_int_equal (json_integer_value (json_object_get (list, "total")), 5);
        size_t index;
        json_t *one;
        json_array_foreach (json_object_get (list, "data"), index, one)
            strcat (seen, json_string_value (json_object_get (one, "id")));
        const char *next = json_string_value (json_object_get (list, "next"));
        assert_int_equal (next != NULL, page < 2);
        snprintf (after, sizeof after, "%s", next ? next : "");
        json_decref (list);
    }
    assert_string_equal (seen, "abcde");
}

//  ---- tokens

static void
hash_of (const char *text, char hash [65])
{
    unsigned char bytes [32];
    crypto_generichash (bytes, sizeof bytes, (const unsigned char *)text, strlen (text), NULL, 0);
    sodium_bin2hex (hash, 65, bytes, sizeof bytes);
}

static status_t
verify (scene_t *world, const char *text, json_t **reply)
{
    char hash [65];
    hash_of (text, hash);
    return actor_try (world->gateway, "token.verify", json_pack ("{s:s}", "hash", hash), reply);
}

static void
read_admin_token (const stage_t *stage, char text [64])
{
    char path [256];
    snprintf (path, sizeof path, "%s/admin.token", stage_folder (stage));
    struct stat info;
    assert_int_equal (stat (path, &info), 0);
    assert_int_equal (info.st_mode & 0777, 0600);
    FILE *file = fopen (path, "r");
    assert_non_null (file);
    assert_non_null (fgets (text, 64, file));
    fclose (file);
    text [strcspn (text, "\n")] = 0;
}

static void
the_first_start_makes_one_admin_token_and_later_ones_none (void **state)
{
    scene_t *world = *state;
    char first [64], second [64];
    read_admin_token (world->stage, first);
    assert_int_equal (strlen (first), 39);
    json_t *reply;
    assert_int_equal (verify (world, first, &reply), STATUS_OK);
    assert_string_equal (json_string_value (json_object_get (reply, "scopes")), "admin");
    json_decref (reply);

    actor_destroy (&world->gateway);
    stage_stop (world->stage);
    stage_start (world->stage);
    world->gateway = actor_gateway (world->stage);
    read_admin_token (world->stage, second);
    assert_string_equal (first, second);
    json_t *list = actor_call (world->gateway, "token.list", NULL);
    assert_int_equal (json_array_size (json_object_get (list, "data")), 1);
    json_decref (list);
}

static void
a_token_is_known_until_it_is_deleted (void **state)
{
    scene_t *world = *state;
    json_t *made = actor_call (
        world->gateway, "token.create",
        json_pack ("{s:s, s:[s,s]}", "name", "ci", "scopes", "events:write", "events:read"));
    const json_t *data = json_object_get (made, "data");
    const char *text = json_string_value (json_object_get (data, "token"));
    const char *id = json_string_value (json_object_get (data, "id"));
    json_t *reply;
    assert_int_equal (verify (world, text, &reply), STATUS_OK);
    assert_string_equal (json_string_value (json_object_get (reply, "id")), id);
    assert_string_equal (json_string_value (json_object_get (reply, "scopes")),
                         "events:write events:read");
    json_decref (reply);

    json_decref (actor_call (world->gateway, "token.delete", json_pack ("{s:s}", "id", id)));
    assert_int_equal (verify (world, text, NULL), STATUS_UNAUTHENTICATED);
    assert_int_equal (
        actor_try (world->gateway, "token.delete", json_pack ("{s:s}", "id", id), NULL),
        STATUS_NOT_FOUND);
    json_decref (made);
}

static void
a_scope_that_is_none_is_refused (void **state)
{
    scene_t *world = *state;
    json_t *args = json_pack ("{s:s, s:[s]}", "name", "ci", "scopes", "everything");
    assert_int_equal (actor_try (world->gateway, "token.create", args, NULL), STATUS_BAD_PARAMETER);
    args = json_pack ("{s:s, s:[]}", "name", "ci", "scopes");
    assert_int_equal (actor_try (world->gateway, "token.create", args, NULL), STATUS_BAD_PARAMETER);
}

//  ---- status

static void
status_and_metrics_say_what_happened (void **state)
{
    scene_t *world = *state;
    OWNED (actor) actor_t *worker = actor_worker (world->stage);
    actor_join (worker, "w1", 5);
    actor_publish_and_wait (world->gateway, "e1", "1");
    json_t *status = actor_call (world->gateway, "status", NULL);
    const char *name, *worker_name;
    int events, credit;
    assert_int_equal (json_unpack (status, "{s:{s:s, s:i, s:[{s:s, s:i}]}}", "data", "broker",
                                   &name, "events", &events, "workers", "name", &worker_name,
                                   "credit", &credit),
                      0);
    assert_string_equal (name, "broker-1");
    assert_int_equal (events, 1);
    assert_string_equal (worker_name, "w1");
    assert_int_equal (credit, 5);
    json_decref (status);

    json_t *metrics = actor_call (world->gateway, "metrics", NULL);
    const char *text = json_string_value (json_object_get (metrics, "text"));
    assert_non_null (strstr (text, "tocsin_events_accepted_total 1\n"));
    assert_non_null (strstr (text, "tocsin_sessions 1\n"));
    assert_non_null (strstr (text, "tocsin_log_seq 1\n"));
    json_decref (metrics);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
#define PLAY(test) cmocka_unit_test_setup_teardown (test, scene_set_up, scene_tear_down)
        PLAY (a_secret_is_shown_once_to_who_made_it),
        PLAY (a_replacement_keeps_the_secret_and_rises_in_version),
        PLAY (who_has_seen_an_older_version_changes_nothing),
        PLAY (a_deleted_subscription_is_gone_and_its_name_free),
        PLAY (a_pause_holds_deliveries_back_until_it_is_resumed),
        PLAY (resume_enables_what_was_disabled_and_pause_leaves_it_so),
        PLAY (a_document_with_a_replay_is_refused),
        PLAY (a_bad_document_is_refused_with_the_place),
        PLAY (a_list_is_read_page_by_page_in_order_of_id),
        PLAY (the_first_start_makes_one_admin_token_and_later_ones_none),
        PLAY (a_token_is_known_until_it_is_deleted),
        PLAY (a_scope_that_is_none_is_refused),
        PLAY (status_and_metrics_say_what_happened),
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
