//  Which files are opened as a store, which are refused, and what the sentence says.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "broker/store/store_scene.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

static void
expect_words (const problem_t *problem, const char *words)
{
    if (!strstr (problem->text, words))
        fail_msg ("\"%s\" does not say \"%s\"", problem->text, words);
}

//  What somebody does to the file with sqlite3 while no broker has it.
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

static void
write_file (const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen (path, "wb");
    assert_non_null (file);
    assert_int_equal (fwrite (bytes, 1, size, file), size);
    fclose (file);
}

static status_t
open_url (const char *url, problem_t *problem)
{
    *problem = (problem_t){0};
    limits_t limits = limits_default ();
    store_t *store = store_open (url, 1, &limits, problem);
    store_destroy (&store);
    return problem->status;
}

static void
a_url_says_which_store (void **state)
{
    (void)state;
    problem_t problem;
    assert_int_equal (open_url ("memory:", &problem), STATUS_OK);
    static const char *const others [] = {"postgresql://host/tocsin", "/var/lib/tocsin.db",
                                          "sqlite://", "sqlite:x", ""};
    for (size_t i = 0; i < sizeof others / sizeof others [0]; i++) {
        assert_int_equal (open_url (others [i], &problem), STATUS_BAD_SETTING);
        expect_words (&problem, "is no store; write sqlite:///path/to/file.db, or memory:");
        assert_string_equal (problem.name, "store/url");
    }
}

static void
a_store_keeps_its_number_of_partitions (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (5);
    scene_close (scene);
    scene_open (scene, 16);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->partition_count, 5);

    limits_t limits = limits_default ();
    problem_t problem = {0};
    assert_null (store_open ("memory:", 0, &limits, &problem));
    assert_int_equal (problem.status, STATUS_BAD_SETTING);
}

//  Subscriptions have secrets in them.
static void
nobody_else_may_read_it_whatever_the_umask (void **state)
{
    (void)state;
    mode_t before = umask (0);
    OWNED (scene) scene_t *scene = scene_sqlite (1);
    umask (before);
    scene_publish_many (scene, 0, 1, 1);
    static const char *const endings [] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < sizeof endings / sizeof endings [0]; i++) {
        char path [128];
        snprintf (path, sizeof path, "%s%s", scene->path, endings [i]);
        struct stat file;
        assert_int_equal (stat (path, &file), 0);
        assert_int_equal (file.st_mode & 0777, 0600);
    }
}

static void
a_second_one_is_told_who_has_it (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (1);
    store_t *first = scene->store;
    problem_t problem;
    assert_int_equal (scene_try (scene, &problem), STATUS_STORE_LOCKED);
    char holder [80];
    snprintf (holder, sizeof holder, "is locked by process %d (%s): stop it", getpid (),
              program_invocation_short_name);
    expect_words (&problem, holder);
    scene->store = first;
    scene_publish_many (scene, 0, 1, 1);  //  the first is not disturbed
    scene_close (scene);
    assert_int_equal (scene_try (scene, &problem), STATUS_OK);
}

static void
a_lock_ends_with_its_process (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (1);
    scene_close (scene);
    int pipes [2];
    assert_int_equal (pipe (pipes), 0);
    pid_t child = fork ();
    if (child == 0) {
        problem_t problem;
        char opened = scene_try (scene, &problem) == STATUS_OK;
        (void)!write (pipes [1], &opened, 1);
        for (;;)
            pause ();
    }
    char opened = 0;
    assert_int_equal (read (pipes [0], &opened, 1), 1);
    assert_true (opened);
    problem_t problem;
    assert_int_equal (scene_try (scene, &problem), STATUS_STORE_LOCKED);
    char holder [40];
    snprintf (holder, sizeof holder, "locked by process %d ", child);
    expect_words (&problem, holder);
    kill (child, SIGKILL);
    waitpid (child, NULL, 0);
    close (pipes [0]);
    close (pipes [1]);
    assert_int_equal (scene_try (scene, &problem), STATUS_OK);
}

static void
sqlite3_may_look_in_meanwhile (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (1);
    scene_publish_many (scene, 0, 1, 3);
    sqlite3 *looker;
    assert_int_equal (sqlite3_open_v2 (scene->path, &looker, SQLITE_OPEN_READONLY, NULL),
                      SQLITE_OK);
    sqlite3_stmt *statement;
    assert_int_equal (
        sqlite3_prepare_v2 (looker, "SELECT count (*) FROM event", -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal (sqlite3_step (statement), SQLITE_ROW);
    assert_int_equal (sqlite3_column_int (statement, 0), 3);
    scene_publish_many (scene, 0, 4, 3);  //  while the looker holds on to its moment
    sqlite3_finalize (statement);
    sqlite3_close (looker);
}

static void
a_newer_one_is_refused_and_left_alone (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (1);
    scene_publish_many (scene, 0, 1, 1);
    scene_close (scene);
    do_with_sqlite3 (scene->path, "PRAGMA user_version = 7");
    problem_t problem;
    assert_int_equal (scene_try (scene, &problem), STATUS_STORE_NEWER);
    expect_words (&problem, "has version 7, this Tocsin knows 2; install the newer one");
    do_with_sqlite3 (scene->path, "PRAGMA user_version = 2");
    assert_int_equal (scene_try (scene, &problem), STATUS_OK);
}

static void
an_empty_file_becomes_a_store (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (0);
    write_file (scene->path, "", 0);
    problem_t problem;
    assert_int_equal (scene_try (scene, &problem), STATUS_OK);
    scene_publish_many (scene, 0, 1, 1);
}

static void
anothers_database_is_refused (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (0);
    do_with_sqlite3 (scene->path, "CREATE TABLE recipe (name, text)");
    problem_t problem;
    assert_int_equal (scene_try (scene, &problem), STATUS_STORE_DAMAGED);
    expect_words (&problem, "is another program's database; give the broker another store/url");
}

static void
what_is_no_database_is_refused (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (0);
    char bytes [8192];
    memset (bytes, 'x', sizeof bytes);
    write_file (scene->path, bytes, sizeof bytes);
    problem_t problem;
    assert_int_equal (scene_try (scene, &problem), STATUS_STORE_DAMAGED);
    expect_words (&problem, "file is not a database; restore it from a backup");
}

static void
a_table_that_was_changed_is_refused (void **state)
{
    (void)state;
    static const char *const changes [] = {"DROP TABLE token", "DROP INDEX event_id",
                                           "ALTER TABLE attempt RENAME COLUMN worker TO who"};
    static const char *const names [] = {"`token`", "`event_id`", "`attempt`"};
    for (int i = 0; i < 3; i++) {
        OWNED (scene) scene_t *scene = scene_sqlite (1);
        scene_close (scene);
        do_with_sqlite3 (scene->path, changes [i]);
        problem_t problem;
        assert_int_equal (scene_try (scene, &problem), STATUS_STORE_DAMAGED);
        expect_words (&problem, names [i]);
    }
}

//  What can be read, but is not what was written, or cannot be true.
static void
rows_that_are_not_ours_are_refused (void **state)
{
    (void)state;
    static const char *const changes [][2] = {
        {"UPDATE event SET data = X'31' WHERE place = 2", "event 2 of partition 0"},
        {"DELETE FROM event WHERE place = 2", "event 2 of partition 0"},
        {"UPDATE event SET place = 9 WHERE place = 3", "partition 0"},
        {"DELETE FROM partition", "partition"},
        {"UPDATE subscription SET document = replace (document, 'consumer', 'attacker')",
         "subscription S is damaged"},
        {"UPDATE progress SET floor = 1", "table progress"},
        {"DELETE FROM event WHERE place = 3", "event 3 of partition 0"},
        {"DELETE FROM subscription", "subscription number 1"}};
    for (size_t i = 0; i < sizeof changes / sizeof changes [0]; i++) {
        OWNED (scene) scene_t *scene = scene_sqlite (1);
        scene_publish_many (scene, 0, 1, 3);
        scene_subscribe (scene, "S");
        progress_t progress = {.floor = 3};
        change_t change = {.kind = CHANGE_PROGRESS, .subscription = "S", .progress = &progress};
        scene_change (scene, &change, 1);
        scene_close (scene);
        do_with_sqlite3 (scene->path, changes [i][0]);
        problem_t problem;
        inventory_t *inventory = NULL;
        status_t status = scene_try (scene, &problem);
        if (status == STATUS_OK)
            status = scene->store->ops->load (scene->store, &inventory, &problem);
        assert_int_equal (status, STATUS_STORE_DAMAGED);
        expect_words (&problem, changes [i][1]);
    }
}

static void
a_directory_that_is_not_there_is_named (void **state)
{
    (void)state;
    problem_t problem;
    assert_int_equal (open_url ("sqlite:///no/such/place/tocsin.db", &problem), STATUS_SYSTEM);
    expect_words (&problem, "the directory of /no/such/place/tocsin.db cannot be used: No such "
                            "file or directory; make it (mkdir -p)");
    assert_int_equal (open_url ("sqlite:///tmp", &problem), STATUS_SYSTEM);
    expect_words (&problem, "/tmp is no file");
    unlink ("/tmp.lock");
}

//  In a child that is nobody, since root may write anywhere.
static void
a_directory_that_may_not_be_written_is_named (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (1);
    scene_close (scene);
    if (geteuid () == 0)
        assert_int_equal (chmod (scene->directory, 0555), 0);
    pid_t child = fork ();
    if (child == 0) {
        problem_t problem;
        bool is_nobody = geteuid () != 0 || setuid (65534) == 0;
        if (geteuid () != 65534)
            chmod (scene->directory, 0555);
        bool is_refused = scene_try (scene, &problem) == STATUS_SYSTEM &&
                          strstr (problem.text, "Permission denied; let this user write there");
        _exit (is_nobody && is_refused ? 0 : 1);
    }
    int status = 0;
    waitpid (child, &status, 0);
    chmod (scene->directory, 0700);
    assert_int_equal (status, 0);
}

//  What is asked of the disk in one call is more than any has.
static void
a_disk_with_little_room_takes_no_events_but_what_became_of_them (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_sqlite (1);
    store_t *store = scene->store;
    scene_subscribe (scene, "S");
    store->ops->keep_free (store, 1);
    scene_publish_many (scene, 0, 1, 3);
    store->ops->keep_free (store, INT64_MAX);
    OWNED (event) event_t *event = scene_event (0, "e4", "1");
    progress_t progress = {.floor = 3};
    change_t change = {.kind = CHANGE_PROGRESS, .subscription = "S", .progress = &progress};
    batch_t batch = {.events = &event, .event_count = 1, .changes = &change, .change_count = 1};
    stored_t stored = {.seq = -1};
    problem_t problem = {0};
    assert_int_equal (store->ops->commit (store, &batch, &stored, &problem), STATUS_FULL);
    expect_words (&problem, "MiB free, less than store/min_free_bytes; make room, nothing is lost");
    assert_int_equal (stored.seq, -1);
    {
        OWNED (inventory) inventory_t *before = scene_load (scene);
        assert_int_equal (before->progress_count, 0);
    }
    scene_change (scene, &change, 1);
    scene_trim (scene, 0, 2);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->progresses [0].progress.floor, 3);
    assert_int_equal (inventory->partitions [0].first_seq, 3);
    store->ops->keep_free (store, 1);
    assert_int_equal (store->ops->commit (store, &batch, &stored, &problem), STATUS_OK);
    assert_int_equal (stored.seq, 4);
}

int
main (void)
{
    static const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_url_says_which_store),
        cmocka_unit_test (a_store_keeps_its_number_of_partitions),
        cmocka_unit_test (nobody_else_may_read_it_whatever_the_umask),
        cmocka_unit_test (a_second_one_is_told_who_has_it),
        cmocka_unit_test (a_lock_ends_with_its_process),
        cmocka_unit_test (sqlite3_may_look_in_meanwhile),
        cmocka_unit_test (a_newer_one_is_refused_and_left_alone),
        cmocka_unit_test (an_empty_file_becomes_a_store),
        cmocka_unit_test (anothers_database_is_refused),
        cmocka_unit_test (what_is_no_database_is_refused),
        cmocka_unit_test (a_table_that_was_changed_is_refused),
        cmocka_unit_test (rows_that_are_not_ours_are_refused),
        cmocka_unit_test (a_directory_that_is_not_there_is_named),
        cmocka_unit_test (a_directory_that_may_not_be_written_is_named),
        cmocka_unit_test (a_disk_with_little_room_takes_no_events_but_what_became_of_them),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
