//  What a subscription leaves behind goes little by little, and takes nothing of others along.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "broker/store/store_scene.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { EVENTS = 2500, STEPS_MOST = 20 };

//  As somebody who looks in with sqlite3.
static int
count_rows (const scene_t *scene, const char *table)
{
    char sql [80];
    snprintf (sql, sizeof sql, "SELECT count (*) FROM %s", table);
    sqlite3 *looker;
    sqlite3_stmt *statement;
    assert_int_equal (sqlite3_open_v2 (scene->path, &looker, SQLITE_OPEN_READONLY, NULL),
                      SQLITE_OK);
    assert_int_equal (sqlite3_prepare_v2 (looker, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal (sqlite3_step (statement), SQLITE_ROW);
    int count = sqlite3_column_int (statement, 0);
    sqlite3_finalize (statement);
    sqlite3_close (looker);
    return count;
}

static void
publish_all (scene_t *scene)
{
    event_t **events = allocate (EVENTS, sizeof *events);
    stored_t *stored = allocate (EVENTS, sizeof *stored);
    for (int i = 0; i < EVENTS; i++) {
        char id [16];
        snprintf (id, sizeof id, "e%d", i);
        events [i] = scene_event (0, id, "1");
    }
    batch_t batch = {.events = events, .event_count = EVENTS};
    assert_int_equal (scene->store->ops->commit (scene->store, &batch, stored, NULL), STATUS_OK);
    for (int i = 0; i < EVENTS; i++)
        event_destroy (&events [i]);
    free (events);
    free (stored);
}

//  An exception and an attempt of each event.
static void
fail_all (scene_t *scene, const char *subscription)
{
    change_t *changes = allocate (2 * EVENTS, sizeof *changes);
    for (int i = 0; i < EVENTS; i++) {
        changes [2 * i] = (change_t){.kind = CHANGE_EXCEPTION,
                                     .subscription = subscription,
                                     .seq = i + 1,
                                     .exception = {.state = EXCEPTION_DEAD, .attempts = 1}};
        changes [2 * i + 1] =
            (change_t){.kind = CHANGE_ATTEMPT,
                       .subscription = subscription,
                       .seq = i + 1,
                       .attempt = {.number = 1, .error = "", .worker = "", .result = ""}};
    }
    scene_change (scene, changes, 2 * EVENTS);
    free (changes);
}

static void
end (scene_t *scene, const char *subscription)
{
    change_t change = {.kind = CHANGE_SUBSCRIPTION_GONE, .subscription = subscription};
    scene_change (scene, &change, 1);
}

static void
a_subscription_that_went_is_swept_away_in_steps (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (1);
    publish_all (scene);
    static const char *const ids [] = {"goes", "stays", "goes-too"};
    for (int i = 0; i < 3; i++) {
        scene_subscribe (scene, ids [i]);
        fail_all (scene, ids [i]);
    }
    end (scene, "goes");
    assert_true (count_rows (scene, "exception") > 2 * EVENTS);  //  not all in that one commit
    end (scene, "goes-too");
    int steps = 0;
    while (count_rows (scene, "gone") > 0 && steps++ < STEPS_MOST) {
        scene_change (scene, NULL, 0);
        if (steps == 3) {  //  what is left to do is known after a restart
            scene_close (scene);
            scene_open (scene, 1);
        }
    }
    assert_in_range (steps, 5, STEPS_MOST - 1);
    assert_int_equal (count_rows (scene, "exception"), EVENTS);
    assert_int_equal (count_rows (scene, "attempt"), EVENTS);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->progress_count, 1);
    assert_int_equal (inventory->progresses [0].dead_count, EVENTS);
}

//  Its number must not be given to the next one while rows of it are left.
static void
a_new_subscription_inherits_nothing_of_one_half_swept_away (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (1);
    publish_all (scene);
    scene_subscribe (scene, "S");
    fail_all (scene, "S");
    end (scene, "S");
    scene_close (scene);
    scene_open (scene, 1);
    scene_subscribe (scene, "T");
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->subscription_count, 1);
    assert_int_equal (inventory->progress_count, 0);
    OWNED (history) history_t *history = scene_look_up (scene, "e2400");
    assert_int_equal (history->exception_count + history->attempt_count, 0);
}

int
main (void)
{
    static const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_subscription_that_went_is_swept_away_in_steps),
        cmocka_unit_test (a_new_subscription_inherits_nothing_of_one_half_swept_away),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
