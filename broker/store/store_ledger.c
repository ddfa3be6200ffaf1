#include "broker/store/store_ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/model/owned.h"

enum { EVENTS_MOST = 7, EVENT_BYTES = 2000, TRIM_COMMITS = 50, TRIM_LEAVES = 10 };

static int32_t
partition_of (int n)
{
    return n % SCENE_PARTITIONS;
}

int
ledger_events (int n)
{
    return 1 + n % EVENTS_MOST;
}

//  The last seq of a partition after commit n.
static int64_t
last_seq_after (int n, int32_t partition)
{
    int64_t last_seq = 0;
    for (int i = 1; i <= n; i++)
        last_seq += partition_of (i) == partition ? ledger_events (i) : 0;
    return last_seq;
}

//  The last seq that is trimmed by commit n or was before; 0: none.
static int64_t
trimmed_after (int n, int32_t partition)
{
    int64_t seq = last_seq_after (n - n % TRIM_COMMITS, partition) - TRIM_LEAVES;
    return seq > 0 ? seq : 0;
}

static event_t *
make_event (int n, int index)
{
    char id [32];
    snprintf (id, sizeof id, "c%d-%d", n, index);
    return scene_big_event (partition_of (n), id, EVENT_BYTES);
}

scene_t *
ledger_scene (void)
{
    scene_t *scene = scene_sqlite (SCENE_PARTITIONS);
    scene_subscribe (scene, "S");
    scene_close (scene);
    return scene;
}

status_t
ledger_commit (store_t *store, int n, problem_t *problem)
{
    event_t *events [EVENTS_MOST];
    stored_t stored [EVENTS_MOST];
    for (int i = 0; i < ledger_events (n); i++)
        events [i] = make_event (n, i);
    progress_t progress = {.floor = last_seq_after (n, partition_of (n))};
    change_t changes [1 + SCENE_PARTITIONS] = {{.kind = CHANGE_PROGRESS,
                                                .subscription = "S",
                                                .partition = partition_of (n),
                                                .progress = &progress}};
    for (int32_t i = 0; i < SCENE_PARTITIONS; i++)
        changes [1 + i] =
            (change_t){.kind = CHANGE_TRIM, .partition = i, .seq = trimmed_after (n, i)};
    batch_t batch = {.events = events,
                     .event_count = (size_t)ledger_events (n),
                     .changes = changes,
                     .change_count = n % TRIM_COMMITS ? 1 : 1 + SCENE_PARTITIONS};
    status_t status = store->ops->commit (store, &batch, stored, problem);
    for (int i = 0; i < ledger_events (n); i++)
        event_destroy (&events [i]);
    return status;
}

static void
expect_log (scene_t *scene, int n)
{
    page_t *pages [SCENE_PARTITIONS];
    size_t at [SCENE_PARTITIONS] = {0};
    int64_t seqs [SCENE_PARTITIONS] = {0};
    for (int32_t i = 0; i < SCENE_PARTITIONS; i++)
        pages [i] = scene_read (scene, i, 0);
    for (int i = 1; i <= n; i++) {
        int32_t partition = partition_of (i);
        for (int k = 0; k < ledger_events (i); k++) {
            if (++seqs [partition] <= trimmed_after (n, partition))
                continue;
            OWNED (event) event_t *expected = make_event (i, k);
            assert_true (at [partition] < pages [partition]->count);
            const event_t *event = pages [partition]->events [at [partition]++];
            assert_int_equal (event->seq, seqs [partition]);
            assert_string_equal (event->id, expected->id);
            assert_true (event_says_same (event, expected));
        }
    }
    for (int32_t i = 0; i < SCENE_PARTITIONS; i++) {
        assert_int_equal (pages [i]->count, at [i]);
        page_destroy (&pages [i]);
    }
}

static void
expect_progress (const inventory_t *inventory, int n)
{
    assert_int_equal (inventory->subscription_count, 1);
    for (int32_t i = 0; i < SCENE_PARTITIONS; i++) {
        int64_t floor = 0;
        for (size_t k = 0; k < inventory->progress_count; k++)
            if (inventory->progresses [k].partition == i)
                floor = inventory->progresses [k].progress.floor;
        assert_int_equal (floor, last_seq_after (n, i));
    }
}

int
ledger_expect (scene_t *scene, int told)
{
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    int32_t next = partition_of (told + 1);
    bool has_one_more = inventory->partitions [next].last_seq > last_seq_after (told, next);
    int there = told + has_one_more;
    expect_log (scene, there);
    expect_progress (inventory, there);
    return there;
}
