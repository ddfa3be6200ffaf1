/*  Promise 1, with a real SIGKILL: a child commits and tells of each commit that has returned; it is
 *  killed at some moment, in the middle of opening, of a commit or of a checkpoint.
 */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/store/store_ledger.h"
#include "proto/model/owned.h"

enum { ROUNDS = 20, COMMITS_MOST = 120 };

static sem_t was_committed;

//  As in the broker: in a thread of its own, told of each commit.
static void *
tidy_on (void *store_p)
{
    store_t *store = store_p;
    while (sem_wait (&was_committed) == 0)
        store->ops->tidy (store);
    return NULL;
}

//  The child: from commit `first` on, until it is killed.
static _Noreturn void
commit_on (scene_t *scene, int first, int report)
{
    problem_t problem;
    if (scene_try (scene, &problem) != STATUS_OK)
        _exit (1);
    pthread_t tidier;
    sem_init (&was_committed, 0, 0);
    pthread_create (&tidier, NULL, tidy_on, scene->store);
    for (int n = first; ledger_commit (scene->store, n, &problem) == STATUS_OK; n++) {
        if (write (report, &n, sizeof n) != sizeof n)
            break;
        sem_post (&was_committed);
    }
    _exit (2);
}

//  The last commit that was told of, 0 if none. After `most` of them the child is killed.
static int
kill_after (pid_t child, int report, int most)
{
    int n = 0, last = 0;
    for (int i = 0; i < most && read (report, &n, sizeof n) == sizeof n; i++)
        last = n;
    kill (child, SIGKILL);
    while (read (report, &n, sizeof n) == sizeof n)  //  told before it died
        last = n;
    int status = 0;
    waitpid (child, &status, 0);
    assert_true (WIFSIGNALED (status));
    return last;
}

//  A child's life, from where the last one ended. Answers how far it came.
static int
live (scene_t *scene, int there, int most)
{
    int pipes [2];
    assert_int_equal (pipe (pipes), 0);
    pid_t child = fork ();
    if (child == 0)
        commit_on (scene, there + 1, pipes [1]);
    close (pipes [1]);
    int told = kill_after (child, pipes [0], most);
    close (pipes [0]);
    return told ? told : there;
}

static void
nothing_that_was_answered_is_lost (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = ledger_scene ();
    uint64_t seed = 20260101;
    int there = 0;
    for (int round = 0; round < ROUNDS; round++) {
        there = live (scene, there, (int)(scene_random (&seed) % COMMITS_MOST));
        scene_open (scene, 1);
        there = ledger_expect (scene, there);
        scene_close (scene);
    }
    assert_true (there > ROUNDS);
}

int
main (void)
{
    static const struct CMUnitTest tests [] = {
        cmocka_unit_test (nothing_that_was_answered_is_lost)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
