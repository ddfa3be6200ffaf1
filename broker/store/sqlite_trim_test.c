//  The space of what has left the log: used again, and given back when it is more than will be used.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "broker/store/store_scene.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { EVENT_BYTES = 1500, BATCH = 100, ROUNDS = 30, COMMITS_MOST = 2000 };

static void
publish_batch (scene_t *scene, int from)
{
    event_t *events [BATCH];
    stored_t stored [BATCH];
    for (int i = 0; i < BATCH; i++) {
        char id [16];
        snprintf (id, sizeof id, "e%d", from + i);
        events [i] = scene_big_event (0, id, EVENT_BYTES);
    }
    batch_t batch = {.events = events, .event_count = BATCH};
    assert_int_equal (scene->store->ops->commit (scene->store, &batch, stored, NULL), STATUS_OK);
    for (int i = 0; i < BATCH; i++)
        event_destroy (&events [i]);
}

//  Of the file, with all of the log at home.
static int64_t
file_bytes (scene_t *scene)
{
    scene_close (scene);
    struct stat file;
    assert_int_equal (stat (scene->path, &file), 0);
    scene_open (scene, 1);
    return file.st_size;
}

static int64_t
weigh_bytes (scene_t *scene)
{
    weight_t weight = {0};
    assert_int_equal (scene->store->ops->weigh (scene->store, 0, 0, 0, &weight, NULL), STATUS_OK);
    return weight.bytes;
}

static void
the_file_stays_as_large_as_what_is_kept (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (1);
    for (int i = 0; i < 5; i++)
        publish_batch (scene, i * BATCH);
    int64_t bytes = file_bytes (scene);
    for (int i = 5; i < ROUNDS; i++) {
        publish_batch (scene, i * BATCH);
        scene_trim (scene, 0, (i - 4) * BATCH);
    }
    assert_true (file_bytes (scene) < bytes * 3 / 2);
    OWNED (page) page_t *page = scene_read (scene, 0, 0);
    assert_int_equal (page->count, 5 * BATCH);
}

static void
a_log_that_was_cut_short_gives_its_space_back (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (1);
    for (int i = 0; i < ROUNDS; i++)
        publish_batch (scene, i * BATCH);
    int64_t bytes = file_bytes (scene), weight = weigh_bytes (scene);
    scene_trim (scene, 0, (ROUNDS - 1) * BATCH);
    assert_true (weigh_bytes (scene) < weight / 5);  //  at once
    int commits = 0;
    while (file_bytes (scene) > bytes / 5 && commits++ < COMMITS_MOST)
        scene_change (scene, NULL, 0);
    assert_true (commits < COMMITS_MOST);
    assert_true (file_bytes (scene) > bytes / 50);  //  a little is kept for what comes next
    OWNED (page) page_t *page = scene_read (scene, 0, 0);
    assert_int_equal (page->count, BATCH);
}

int
main (void)
{
    static const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_file_stays_as_large_as_what_is_kept),
        cmocka_unit_test (a_log_that_was_cut_short_gives_its_space_back),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
