/*  A disk that is full, that fails, or that loses its power, at the 1st, 2nd, 3rd … call that SQLite
 *  makes of it, until what is played passes without. Whatever is answered must be true.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/store/sqlite_fault.h"
#include "broker/store/store_ledger.h"
#include "proto/model/owned.h"

enum { BEFORE = 5, TIDY_COMMITS = 150, POWER_ROUNDS = 40, POWER_CALLS = 2500 };

//  With commits 1 … n, open.
static scene_t *
scene_with (int n)
{
    fault_forget ();
    scene_t *scene = ledger_scene ();
    scene_open (scene, 1);
    for (int i = 1; i <= n; i++)
        assert_int_equal (ledger_commit (scene->store, i, NULL), STATUS_OK);
    return scene;
}

static void
reopen (scene_t *scene)
{
    scene_close (scene);
    scene_open (scene, 1);
}

static void
expect_words (const problem_t *problem, const char *words)
{
    if (!strstr (problem->text, words))
        fail_msg ("\"%s\" does not say \"%s\"", problem->text, words);
}

//  One commit on a disk that is full at its nth call. Answers whether it came so far.
static bool
commit_on_full_disk (int nth)
{
    OWNED (scene) scene_t *scene = scene_with (BEFORE);
    problem_t problem = {0};
    fault_arm (FAULT_FULL, nth);
    status_t status = ledger_commit (scene->store, BEFORE + 1, &problem);
    if (!fault_has_struck ()) {
        assert_int_equal (status, STATUS_OK);
        return false;
    }
    if (status != STATUS_OK) {
        assert_int_equal (status, STATUS_FULL);
        expect_words (&problem, "no room on the disk; make some, nothing is lost");
        assert_int_equal (ledger_expect (scene, BEFORE), BEFORE);
        assert_int_equal (ledger_commit (scene->store, BEFORE + 1, &problem), STATUS_OK);
    }
    assert_int_equal (ledger_expect (scene, BEFORE + 1), BEFORE + 1);
    reopen (scene);
    assert_int_equal (ledger_expect (scene, BEFORE + 1), BEFORE + 1);
    return true;
}

static void
a_full_disk_keeps_nothing_and_may_be_tried_again (void **state)
{
    (void)state;
    int nth = 1;
    while (commit_on_full_disk (nth))
        nth++;
    assert_true (nth > 3);
}

static bool
commit_on_failing_disk (int nth)
{
    OWNED (scene) scene_t *scene = scene_with (BEFORE);
    problem_t problem = {0};
    fault_arm (FAULT_FAILS, nth);
    status_t status = ledger_commit (scene->store, BEFORE + 1, &problem);
    if (!fault_has_struck ()) {
        assert_int_equal (status, STATUS_OK);
        return false;
    }
    assert_int_equal (status, STATUS_STORE_FAILED);
    expect_words (&problem, "look at the disk, then start again");
    assert_int_equal (ledger_expect (scene, BEFORE), BEFORE);  //  reading goes on

    status = ledger_commit (scene->store, BEFORE + 1, &problem);
    assert_int_equal (status, STATUS_STORE_FAILED);  //  though the disk would take it
    expect_words (&problem, "its disk has failed before");
    reopen (scene);
    int there = ledger_expect (scene, BEFORE);  //  what was in its way may have arrived, whole
    assert_int_equal (ledger_commit (scene->store, there + 1, &problem), STATUS_OK);
    assert_int_equal (ledger_expect (scene, there + 1), there + 1);
    return true;
}

static void
a_disk_that_failed_is_not_trusted_until_opened_anew (void **state)
{
    (void)state;
    int nth = 1;
    while (commit_on_failing_disk (nth))
        nth++;
    assert_true (nth > 3);
}

static bool
open_on_bad_disk (fault_t fault, int nth, int commits)
{
    OWNED (scene) scene_t *scene = commits ? scene_with (commits) : scene_sqlite (0);
    scene_close (scene);
    problem_t problem;
    fault_arm (fault, nth);
    status_t status = scene_try (scene, &problem);
    if (!fault_has_struck ()) {
        assert_int_equal (status, STATUS_OK);
        fault_forget ();
        return false;
    }
    if (status != STATUS_OK) {
        assert_null (scene->store);
        assert_true (strlen (problem.text) > 0);
        scene_open (scene, SCENE_PARTITIONS);
    }
    if (commits)
        assert_int_equal (ledger_expect (scene, commits), commits);
    scene_close (scene);
    fault_forget ();
    return true;
}

static void
opening_on_a_bad_disk_harms_nothing (void **state)
{
    (void)state;
    static const int commits [] = {0, BEFORE};
    for (int i = 0; i < 2; i++) {
        int full = 1, failing = 1;
        while (open_on_bad_disk (FAULT_FULL, full, commits [i]))
            full++;
        while (open_on_bad_disk (FAULT_FAILS, failing, commits [i]))
            failing++;
        assert_true (commits [i] || (full > 5 && failing > 5));
    }
}

//  A checkpoint whose nth call fails. The commits before are in the WAL and stay there.
static bool
tidy_on_bad_disk (fault_t fault, int nth)
{
    OWNED (scene) scene_t *scene = scene_with (TIDY_COMMITS);
    problem_t problem;
    fault_arm (fault, nth);
    scene->store->ops->tidy (scene->store);
    bool has_struck = fault_has_struck ();
    status_t expected = has_struck && fault == FAULT_FAILS ? STATUS_STORE_FAILED : STATUS_OK;
    assert_int_equal (ledger_commit (scene->store, TIDY_COMMITS + 1, &problem), expected);
    int told = TIDY_COMMITS + (expected == STATUS_OK);
    assert_int_equal (ledger_expect (scene, told), told);
    reopen (scene);
    assert_int_equal (ledger_expect (scene, told), told);
    return has_struck;
}

//  A checkpoint makes hundreds of calls, much alike: the first ones, and then every so many.
static void
a_checkpoint_on_a_bad_disk_loses_nothing (void **state)
{
    (void)state;
    static const fault_t faults [] = {FAULT_FULL, FAULT_FAILS};
    for (int i = 0; i < 2; i++) {
        int nth = 1;
        while (tidy_on_bad_disk (faults [i], nth))
            nth += nth < 4 ? 1 : nth * 2 / 3;
        assert_true (nth > 100);
    }
}

//  Commits until the power goes; what the disk then has is opened. Answers what was answered for.
static void
play_until_power_cut (uint64_t seed)
{
    OWNED (scene) scene_t *scene = scene_with (0);
    fault_arm (FAULT_POWER, 1 + (int)(scene_random (&seed) % POWER_CALLS));
    int n = 0;
    bool is_cut = false;
    while (!is_cut) {
        assert_int_equal (ledger_commit (scene->store, ++n, NULL), STATUS_OK);
        is_cut = fault_is_past ();
        if (is_cut)
            n--;  //  it went before that one was answered
        else if (scene_random (&seed) % 8 == 0) {
            scene->store->ops->tidy (scene->store);
            is_cut = fault_is_past ();
        }
    }
    OWNED (scene) scene_t *after = scene_sqlite (0);
    static const char *const endings [] = {"", "-wal"};
    for (int i = 0; i < 2; i++) {
        char from [128], to [128];
        snprintf (from, sizeof from, "%s%s", scene->path, endings [i]);
        snprintf (to, sizeof to, "%s%s", after->path, endings [i]);
        fault_remains (from, to, &seed);
    }
    scene_open (after, 1);
    ledger_expect (after, n);
}

static void
a_power_cut_takes_nothing_that_was_answered (void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= POWER_ROUNDS; seed++) {
        print_message ("seed %u\n", (unsigned)seed);
        play_until_power_cut (seed);
    }
}

int
main (void)
{
    static const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_full_disk_keeps_nothing_and_may_be_tried_again),
        cmocka_unit_test (a_disk_that_failed_is_not_trusted_until_opened_anew),
        cmocka_unit_test (opening_on_a_bad_disk_harms_nothing),
        cmocka_unit_test (a_checkpoint_on_a_bad_disk_loses_nothing),
        cmocka_unit_test (a_power_cut_takes_nothing_that_was_answered),
    };
    fault_install ();
    int failed = cmocka_run_group_tests (tests, NULL, NULL);
    fault_forget ();
    return failed;
}
