/*  One writer, one who tidies and several readers at once, as in a broker. Build with TSan.
 *
 *  Readers follow the log while it grows: what they see is in order, without gaps, and never falls
 *  behind what the writer was answered before they asked.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/store/store_ledger.h"
#include "proto/model/owned.h"

enum { COMMITS = 400, READERS = 6 };  //  more than the pool has

typedef struct {
    store_t *store;
    atomic_llong answered;  //  events of partition 0 whose commit has returned
    atomic_bool has_ended;
    atomic_int failures;
} hall_t;

static void
expect (hall_t *hall, bool is_so)
{
    if (!is_so)
        atomic_fetch_add (&hall->failures, 1);
}

static void
follow_once (hall_t *hall, int64_t *seq)
{
    int64_t answered = atomic_load (&hall->answered);
    OWNED (page) page_t *page = NULL;
    status_t status = hall->store->ops->read (hall->store, 0, *seq, 64 * 1024, 1000, &page, NULL);
    expect (hall, status == STATUS_OK);
    if (status != STATUS_OK)
        return;
    expect (hall, page->count > 0 || *seq >= answered);
    if (page->count == 0)
        return;
    //  Who is late finds the log begin later, and what he has just read may be gone.
    expect (hall, page->events [0]->seq > *seq);
    *seq = page->events [0]->seq - 1;
    for (size_t i = 0; i < page->count; i++)
        expect (hall, page->events [i]->seq == ++*seq);
    OWNED (history) history_t *history = NULL;
    status = hall->store->ops->look_up (hall->store, page->events [0]->id, &history, NULL);
    if (status != STATUS_NOT_FOUND)
        expect (hall, status == STATUS_OK && history->event->seq == page->events [0]->seq);
}

static void *
follow (void *hall_p)
{
    hall_t *hall = hall_p;
    int64_t seq = 0;
    while (!atomic_load (&hall->has_ended) || seq < atomic_load (&hall->answered))
        follow_once (hall, &seq);
    return NULL;
}

static void *
tidy_on (void *hall_p)
{
    hall_t *hall = hall_p;
    while (!atomic_load (&hall->has_ended))
        hall->store->ops->tidy (hall->store);
    return NULL;
}

static void
readers_follow_a_writer (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = ledger_scene ();
    scene_open (scene, 1);
    hall_t hall = {.store = scene->store};
    pthread_t threads [READERS + 1];
    for (int i = 0; i < READERS; i++)
        pthread_create (&threads [i], NULL, follow, &hall);
    pthread_create (&threads [READERS], NULL, tidy_on, &hall);
    int64_t answered = 0;
    for (int n = 1; n <= COMMITS; n++) {
        assert_int_equal (ledger_commit (scene->store, n, NULL), STATUS_OK);
        answered += n % SCENE_PARTITIONS == 0 ? ledger_events (n) : 0;
        atomic_store (&hall.answered, answered);
    }
    atomic_store (&hall.has_ended, true);
    for (int i = 0; i <= READERS; i++)
        pthread_join (threads [i], NULL);
    assert_int_equal (atomic_load (&hall.failures), 0);
    assert_int_equal (ledger_expect (scene, COMMITS), COMMITS);
}

int
main (void)
{
    static const struct CMUnitTest tests [] = {cmocka_unit_test (readers_follow_a_writer)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
