/*  Two stores of different making are told the same, at random, and must answer the same: memory is
 *  what the simulation believes a store to be, SQLite what is run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/store/store_scene.h"
#include "proto/model/owned.h"

enum {
    SEEDS = 16,
    COMMITS = 40,
    EVENTS_MOST = 8,
    CHANGES_MOST = 12,
    IDS = 60,
    NAMES = 5,
    ROOTS = 3,
    KEYS = 4
};

static const char *const names [NAMES] = {"ant", "bee", "cat", "dog", "elk"};
static const char *const keys [KEYS] = {"", "a", "a/b", "\xc3\xa9"};

typedef struct {
    scene_t *memory, *sqlite;
    uint64_t seed;
    int64_t last_seqs [SCENE_PARTITIONS];
    progress_t progresses [CHANGES_MOST];  //  of the batch being made
    subscription_t *made [CHANGES_MOST];
} twins_t;

static int
pick (twins_t *self, int below)
{
    return (int)(scene_random (&self->seed) % (uint64_t)below);
}

static progress_t *
make_progress (twins_t *self, progress_t *progress, int64_t last_seq)
{
    *progress = (progress_t){.floor = pick (self, (int)last_seq + 1)};
    for (int64_t seq = progress->floor + 2; seq <= last_seq; seq++)
        if (pick (self, 3) == 0)
            progress_end (progress, seq);
    return progress;
}

//  Of any kind; about events there are.
static change_t
make_change (twins_t *self, int index)
{
    static const change_t kinds [] = {
        {.kind = CHANGE_SUBSCRIPTION}, {.kind = CHANGE_PROGRESS},
        {.kind = CHANGE_PROGRESS},     {.kind = CHANGE_EXCEPTION},
        {.kind = CHANGE_EXCEPTION},    {.kind = CHANGE_EXCEPTION_ENDED},
        {.kind = CHANGE_ATTEMPT},      {.kind = CHANGE_ATTEMPT},
        {.kind = CHANGE_LEVEL},        {.kind = CHANGE_HEALTH},
        {.kind = CHANGE_COUNT},        {.kind = CHANGE_COUNT},
        {.kind = CHANGE_TRIM},         {.kind = CHANGE_SUBSCRIPTION_GONE}};
    int32_t partition = pick (self, SCENE_PARTITIONS);
    int64_t last_seq = self->last_seqs [partition];
    change_t change = kinds [last_seq > 0 ? pick (self, 12 + 2 * (pick (self, 4) == 0)) : 0];
    change.partition = partition;
    change.subscription = names [pick (self, NAMES)];
    change.seq = last_seq > 0 ? 1 + pick (self, (int)last_seq) : 0;
    switch (change.kind) {
        case CHANGE_SUBSCRIPTION:
            self->made [index] = scene_subscription (change.subscription, pick (self, 1000));
            change.document = self->made [index];
            break;
        case CHANGE_PROGRESS:
            change.progress = make_progress (self, &self->progresses [index], last_seq);
            change.is_quiet = pick (self, 2) == 0;
            break;
        case CHANGE_EXCEPTION:
            change.exception = (exception_t){.state = (exception_state_t)pick (self, 4),
                                             .attempts = pick (self, 20),
                                             .forgiven = pick (self, 20),
                                             .crashes = pick (self, 3),
                                             .due_ms = pick (self, 100),
                                             .reason = (reason_t)pick (self, REASONS)};
            break;
        case CHANGE_ATTEMPT:
            change.attempt = (attempt_t){.number = 1 + pick (self, 3),
                                         .time_ms = pick (self, 100000),
                                         .outcome = (outcome_t)pick (self, 3),
                                         .error = pick (self, 2) ? "" : "refused",
                                         .worker = "worker-1",
                                         .result = pick (self, 2) ? "" : "{\"count\": 1}"};
            break;
        case CHANGE_HEALTH:
            change.health = (health_t){.failing_since_ms = pick (self, 9), .failures = index};
            break;
        case CHANGE_COUNT: change.counted = keys [pick (self, KEYS)]; break;
        case CHANGE_EXCEPTION_ENDED:
        case CHANGE_LEVEL:
        case CHANGE_TRIM:
        case CHANGE_SUBSCRIPTION_GONE: break;
    }
    return change;
}

//  From few ids, so that many are repeats, and some of them say something else.
static event_t *
make_event (twins_t *self)
{
    char id [16];
    snprintf (id, sizeof id, "%s%d", pick (self, 4) ? "id" : "k_", pick (self, IDS));
    bool is_caused = pick (self, 4) == 0;
    char root [16];
    snprintf (root, sizeof root, "root%d", pick (self, ROOTS));
    event_t *event =
        is_caused ? scene_caused_event (pick (self, SCENE_PARTITIONS), id, root)
                  : scene_event (pick (self, SCENE_PARTITIONS), id, pick (self, 5) ? "1" : "2");
    event->accepted_ms = pick (self, 100);
    return event;
}

static void
commit_both (twins_t *self)
{
    event_t *events [EVENTS_MOST];
    change_t changes [CHANGES_MOST];
    stored_t first [EVENTS_MOST], second [EVENTS_MOST];
    batch_t batch = {.events = events, .event_count = (size_t)pick (self, EVENTS_MOST + 1)};
    for (size_t i = 0; i < batch.event_count; i++)
        events [i] = make_event (self);
    batch.changes = changes;
    batch.change_count = (size_t)pick (self, CHANGES_MOST + 1);
    for (size_t i = 0; i < batch.change_count; i++)
        changes [i] = make_change (self, (int)i);

    store_t *memory = self->memory->store, *sqlite = self->sqlite->store;
    assert_int_equal (memory->ops->commit (memory, &batch, first, NULL), STATUS_OK);
    assert_int_equal (sqlite->ops->commit (sqlite, &batch, second, NULL), STATUS_OK);
    for (size_t i = 0; i < batch.event_count; i++) {
        assert_int_equal (first [i].kind, second [i].kind);
        assert_int_equal (first [i].seq, second [i].seq);
        if (first [i].kind == STORED_NEW)
            self->last_seqs [events [i]->partition] = first [i].seq;
        event_destroy (&events [i]);
    }
    for (int i = 0; i < CHANGES_MOST; i++)
        subscription_destroy (&self->made [i]);
}

static void
compare_rows (const struct progress_row *a, const struct progress_row *b)
{
    assert_string_equal (a->subscription, b->subscription);
    assert_int_equal (a->partition, b->partition);
    assert_memory_equal (&a->progress, &b->progress, sizeof a->progress);
    assert_int_equal (a->is_quiet, b->is_quiet);
    assert_int_equal (a->dead_count, b->dead_count);
    assert_int_equal (a->exception_count, b->exception_count);
    for (size_t i = 0; i < a->exception_count; i++) {
        assert_int_equal (a->exceptions [i].seq, b->exceptions [i].seq);
        assert_int_equal (a->exceptions [i].exception.state, b->exceptions [i].exception.state);
        assert_int_equal (a->exceptions [i].exception.due_ms, b->exceptions [i].exception.due_ms);
    }
}

static void
compare_inventories (const twins_t *self)
{
    OWNED (inventory) inventory_t *a = scene_load (self->memory);
    OWNED (inventory) inventory_t *b = scene_load (self->sqlite);
    for (int32_t i = 0; i < SCENE_PARTITIONS; i++) {
        assert_int_equal (a->partitions [i].first_seq, b->partitions [i].first_seq);
        assert_int_equal (a->partitions [i].last_seq, b->partitions [i].last_seq);
        assert_int_equal (a->partitions [i].level_seq, b->partitions [i].level_seq);
    }
    assert_int_equal (a->subscription_count, b->subscription_count);
    for (size_t i = 0; i < a->subscription_count; i++) {
        assert_string_equal (a->subscriptions [i]->id, b->subscriptions [i]->id);
        assert_int_equal (a->subscriptions [i]->version, b->subscriptions [i]->version);
    }
    assert_int_equal (a->progress_count, b->progress_count);
    for (size_t i = 0; i < a->progress_count; i++)
        compare_rows (&a->progresses [i], &b->progresses [i]);
    assert_int_equal (a->health_count, b->health_count);
    for (size_t i = 0; i < a->health_count; i++) {
        assert_string_equal (a->healths [i].subscription, b->healths [i].subscription);
        assert_memory_equal (&a->healths [i].health, &b->healths [i].health, sizeof (health_t));
    }
}

static void
compare_listings (const listing_t *a, const listing_t *b)
{
    assert_int_equal (a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct listed_row *left = &a->rows [i], *right = &b->rows [i];
        assert_string_equal (left->subscription, right->subscription);
        assert_int_equal (left->partition, right->partition);
        assert_int_equal (left->at.seq, right->at.seq);
        assert_int_equal (left->at.exception.state, right->at.exception.state);
        assert_int_equal (left->at.exception.forgiven, right->at.exception.forgiven);
        assert_int_equal (left->at.exception.reason, right->at.exception.reason);
        assert_int_equal (left->attempt.number, right->attempt.number);
        assert_int_equal (!left->event, !right->event);
        if (left->event)
            assert_string_equal (left->event->id, right->event->id);
    }
}

static void
compare_counts (twins_t *self, const char *subscription, size_t limit)
{
    store_t *memory = self->memory->store, *sqlite = self->sqlite->store;
    const char *from = keys [pick (self, KEYS)];
    OWNED (counts) counts_t *a = NULL;
    OWNED (counts) counts_t *b = NULL;
    memory->ops->list_counts (memory, subscription, from, limit, &a, NULL);
    assert_int_equal (sqlite->ops->list_counts (sqlite, subscription, from, limit, &b, NULL),
                      STATUS_OK);
    assert_int_equal (a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_string_equal (a->rows [i].key, b->rows [i].key);
        assert_int_equal (a->rows [i].count, b->rows [i].count);
    }
}

//  Of a subscription, a state, a place and a time that come up.
static void
compare_lists (twins_t *self)
{
    store_t *memory = self->memory->store, *sqlite = self->sqlite->store;
    const char *name = names [pick (self, NAMES)];
    exception_state_t state = (exception_state_t)pick (self, 4);
    list_place_t after = {pick (self, SCENE_PARTITIONS + 1) - 1, pick (self, 9)};
    size_t limit = (size_t)pick (self, 5);
    OWNED (listing) listing_t *a = NULL;
    OWNED (listing) listing_t *b = NULL;
    memory->ops->list_exceptions (memory, name, state, after, limit, 99999, &a, NULL);
    problem_t problem = {0};
    if (sqlite->ops->list_exceptions (sqlite, name, state, after, limit, 99999, &b, &problem) !=
        STATUS_OK)
        fail_msg ("%s", problem.text);
    compare_listings (a, b);

    OWNED (listing) listing_t *c = NULL;
    OWNED (listing) listing_t *d = NULL;
    int64_t time_ms = pick (self, 100);
    memory->ops->list_dead (memory, time_ms, 30, &c, NULL);
    assert_int_equal (sqlite->ops->list_dead (sqlite, time_ms, 30, &d, NULL), STATUS_OK);
    compare_listings (c, d);

    compare_counts (self, name, limit);
    int32_t partition = pick (self, SCENE_PARTITIONS);
    int64_t left = -1, right = -2;
    memory->ops->find_seq (memory, partition, time_ms, &left, NULL);
    assert_int_equal (sqlite->ops->find_seq (sqlite, partition, time_ms, &right, NULL), STATUS_OK);
    assert_int_equal (left, right);
}

static void
compare_histories (const twins_t *self, const char *id)
{
    OWNED (history) history_t *a = scene_look_up (self->memory, id);
    OWNED (history) history_t *b = scene_look_up (self->sqlite, id);
    assert_int_equal (a->event->partition, b->event->partition);
    assert_int_equal (a->event->seq, b->event->seq);
    assert_int_equal (a->exception_count, b->exception_count);
    for (size_t i = 0; i < a->exception_count; i++)
        assert_string_equal (a->exceptions [i].subscription, b->exceptions [i].subscription);
    assert_int_equal (a->attempt_count, b->attempt_count);
    for (size_t i = 0; i < a->attempt_count; i++) {
        assert_string_equal (a->attempts [i].subscription, b->attempts [i].subscription);
        assert_int_equal (a->attempts [i].attempt.number, b->attempts [i].attempt.number);
        assert_int_equal (a->attempts [i].attempt.outcome, b->attempts [i].attempt.outcome);
        assert_string_equal (a->attempts [i].attempt.result, b->attempts [i].attempt.result);
    }
}

static void
compare_logs (const twins_t *self)
{
    for (int32_t i = 0; i < SCENE_PARTITIONS; i++) {
        OWNED (page) page_t *a = scene_read (self->memory, i, 0);
        OWNED (page) page_t *b = scene_read (self->sqlite, i, 0);
        assert_int_equal (a->count, b->count);
        for (size_t k = 0; k < a->count; k++) {
            assert_string_equal (a->events [k]->id, b->events [k]->id);
            assert_memory_equal (a->events [k]->data, b->events [k]->data, 1);
            compare_histories (self, a->events [k]->id);
        }
    }
}

static void
compare_trees (const twins_t *self)
{
    for (int i = 0; i < ROOTS; i++) {
        char root [16];
        snprintf (root, sizeof root, "root%d", i);
        OWNED (page) page_t *a = scene_list_tree (self->memory, root, 1000);
        OWNED (page) page_t *b = scene_list_tree (self->sqlite, root, 1000);
        assert_int_equal (a->count, b->count);
        for (size_t k = 0; k < a->count; k++)
            assert_string_equal (a->events [k]->id, b->events [k]->id);
    }
}

static void
both_stores_answer_the_same (void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        print_message ("seed %u\n", (unsigned)seed);
        OWNED (scene) scene_t *memory = scene_memory (SCENE_PARTITIONS);
        OWNED (scene) scene_t *sqlite = scene_sqlite (SCENE_PARTITIONS);
        twins_t twins = {.memory = memory, .sqlite = sqlite, .seed = seed};
        for (int i = 0; i < COMMITS; i++) {
            commit_both (&twins);
            if (pick (&twins, 8) == 0)
                scene_kill (sqlite);
            compare_inventories (&twins);
            compare_lists (&twins);
            compare_trees (&twins);
            if (pick (&twins, 4) == 0)
                compare_logs (&twins);
        }
        compare_logs (&twins);
    }
}

int
main (void)
{
    static const struct CMUnitTest tests [] = {cmocka_unit_test (both_stores_answer_the_same)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
