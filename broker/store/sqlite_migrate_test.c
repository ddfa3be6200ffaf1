//  A file of an older version: everything in it is there in the new one, or the file is left alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "broker/store/sqlite_old.h"
#include "proto/model/owned.h"

static void
do_with_sqlite3 (const char *path, const char *sql)
{
    sqlite3 *handle;
    assert_int_equal (sqlite3_open (path, &handle), SQLITE_OK);
    char *message = NULL;
    if (sqlite3_exec (handle, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg ("%s: %s", sql, message);
    sqlite3_close (handle);
}

//  One integer, as somebody who looks in with sqlite3.
static int64_t
ask (const char *path, const char *sql)
{
    sqlite3 *handle;
    sqlite3_stmt *statement;
    assert_int_equal (sqlite3_open_v2 (path, &handle, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal (sqlite3_prepare_v2 (handle, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal (sqlite3_step (statement), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64 (statement, 0);
    sqlite3_finalize (statement);
    sqlite3_close (handle);
    return answer;
}

static void
expect_inventory (scene_t *scene)
{
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->partition_count, OLD_PARTITIONS);
    assert_int_equal (inventory->partitions [0].first_seq, 1);
    assert_int_equal (inventory->partitions [OLD_PARTITION].first_seq, 1);
    assert_int_equal (inventory->partitions [OLD_PARTITION].last_seq, OLD_EVENTS);
    assert_int_equal (inventory->partitions [OLD_PARTITION].level_seq, OLD_EVENTS / 2);
    assert_int_equal (inventory->subscription_count, OLD_SUBSCRIPTIONS);
    assert_int_equal (inventory->progress_count, OLD_SUBSCRIPTIONS);
    assert_int_equal (inventory->health_count, 0);
    for (int i = 0; i < OLD_SUBSCRIPTIONS; i++) {
        const struct progress_row *row = &inventory->progresses [i];
        assert_int_equal (row->progress.floor, 20 + i);
        assert_true (progress_has_ended (&row->progress, 30));
        assert_int_equal (row->dead_count, 3);
        assert_int_equal (row->exception_count, OLD_EXCEPTIONS - 3);
        for (size_t k = 0; k < row->exception_count; k++) {
            const exception_at_t *at = &row->exceptions [k];
            assert_int_equal (at->exception.state, at->seq % 4);
            assert_int_equal (at->exception.attempts, 2);
            assert_int_equal (at->exception.forgiven + at->exception.crashes, 0);
            assert_int_equal (at->exception.due_ms, 1000 * at->seq);
            assert_int_equal (at->exception.reason, REASON_NONE);
        }
    }
}

//  Since when they were dead nobody knows: since now, so that none goes for its age at once.
static void
expect_dead (scene_t *scene, int64_t before_ms)
{
    OWNED (listing) listing_t *dead = NULL;
    problem_t problem = {0};
    if (scene->store->ops->list_exceptions (scene->store, "S1", EXCEPTION_DEAD,
                                            (list_place_t){-1, 0}, 99, SIZE_MAX, &dead,
                                            &problem) != STATUS_OK)
        fail_msg ("%s", problem.text);
    assert_int_equal (dead->count, 3);
    for (size_t i = 0; i < dead->count; i++) {
        const struct listed_row *row = &dead->rows [i];
        assert_int_equal (row->at.seq, 3 + 4 * i);
        assert_true (row->at.exception.due_ms >= before_ms);
        assert_int_equal (row->at.exception.reason, i == 1 ? REASON_FINAL : REASON_USED_UP);
        assert_int_equal (row->attempt.number, 2);
        assert_string_equal (row->attempt.error, "connection refused");
        assert_int_equal (row->attempt.connect_us, 0);
    }
}

static void
expect_log (scene_t *scene)
{
    OWNED (page) page_t *page = scene_read (scene, OLD_PARTITION, 0);
    assert_int_equal (page->count, OLD_EVENTS);
    OWNED (history) history_t *history = scene_look_up (scene, "e5");
    assert_int_equal (history->exception_count, OLD_SUBSCRIPTIONS);
    assert_int_equal (history->attempt_count, 2 * OLD_SUBSCRIPTIONS);
    token_t token = {0};
    bool found = false;
    assert_int_equal (scene->store->ops->find_token (scene->store, "aa", &token, &found, NULL),
                      STATUS_OK);
    assert_true (found);
    token_clear (&token);
}

static void
all_of_version_1_is_there (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = old_scene_1 ();
    int64_t before_ms = (int64_t)time (NULL) * 1000;
    scene_open (scene, 1);
    for (int round = 0; round < 3; round++) {  //  as it is, killed, and opened again
        expect_inventory (scene);
        expect_dead (scene, before_ms);
        expect_log (scene);
        if (round == 0)
            scene_kill (scene);
        scene_close (scene);
        scene_open (scene, 1);
    }
    assert_int_equal (ask (scene->path, "PRAGMA user_version"), 2);
    stored_t stored = scene_publish (scene, OLD_PARTITION, "next", "1");
    assert_int_equal (stored.seq, OLD_EVENTS + 1);
}

//  What was being swept away goes on being swept away.
static void
what_was_gone_stays_gone (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = old_scene_1 ();
    scene_open (scene, 1);
    for (int i = 0; i < 3; i++)
        scene_change (scene, NULL, 0);
    assert_int_equal (ask (scene->path, "SELECT count (*) FROM gone"), 0);
    assert_int_equal (ask (scene->path, "SELECT count (*) FROM exception"),
                      OLD_SUBSCRIPTIONS * OLD_EXCEPTIONS);
    assert_int_equal (ask (scene->path, "SELECT count (*) FROM attempt"),
                      2 * OLD_SUBSCRIPTIONS * OLD_EXCEPTIONS);
}

static void
one_that_is_damaged_is_refused_and_left_alone (void **state)
{
    (void)state;
    static const char *const changes [][2] = {
        {"UPDATE attempt SET error = 'none' WHERE number = 2", "table attempt is damaged"},
        {"UPDATE exception SET state = 'held' WHERE state = 'retry'", "table exception is damaged"},
        {"UPDATE partition SET level_seq = 3 WHERE number = 1", "table partition is damaged"},
        {"DROP INDEX event_id", "`event_id` is not as it was made"},
        {"ALTER TABLE attempt RENAME COLUMN worker TO who", "`attempt` is not as it was made"},
        {"ALTER TABLE exception RENAME COLUMN state TO how", "`exception` is not as it was made"}};
    for (size_t i = 0; i < sizeof changes / sizeof changes [0]; i++) {
        OWNED (scene) scene_t *scene = old_scene_1 ();
        do_with_sqlite3 (scene->path, changes [i][0]);
        problem_t problem;
        assert_int_equal (scene_try (scene, &problem), STATUS_STORE_DAMAGED);
        if (!strstr (problem.text, changes [i][1]))
            fail_msg ("\"%s\" does not say \"%s\"", problem.text, changes [i][1]);
        assert_int_equal (ask (scene->path, "PRAGMA user_version"), 1);
        assert_int_equal (ask (scene->path, "SELECT count (*) FROM attempt"),
                          2 * (OLD_SUBSCRIPTIONS + 1) * OLD_EXCEPTIONS);
    }
}

int
main (void)
{
    static const struct CMUnitTest tests [] = {
        cmocka_unit_test (all_of_version_1_is_there),
        cmocka_unit_test (what_was_gone_stays_gone),
        cmocka_unit_test (one_that_is_damaged_is_refused_and_left_alone),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
