/*  What store.h promises of the log and of tokens, played against each store (scene_play). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/store/store_scene.h"
#include "proto/model/owned.h"

static void
a_new_store_has_its_partitions_and_nothing_else (void **state)
{
    scene_t *scene = *state;
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->partition_count, SCENE_PARTITIONS);
    for (int i = 0; i < SCENE_PARTITIONS; i++) {
        assert_int_equal (inventory->partitions [i].last_seq, 0);
        assert_int_equal (inventory->partitions [i].level_seq, 0);
        OWNED (page) page_t *page = scene_read (scene, i, 0);
        assert_int_equal (page->count, 0);
    }
    assert_int_equal (inventory->subscription_count, 0);
    assert_int_equal (inventory->progress_count, 0);
}

static void
seqs_rise_by_one_in_each_partition (void **state)
{
    scene_t *scene = *state;
    for (int i = 0; i < 12; i++) {
        char id [16];
        snprintf (id, sizeof id, "e%d", i);
        stored_t stored = scene_publish (scene, i % SCENE_PARTITIONS, id, "1");
        assert_int_equal (stored.kind, STORED_NEW);
        assert_int_equal (stored.seq, i / SCENE_PARTITIONS + 1);
        scene_between (scene);
    }
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    for (int i = 0; i < SCENE_PARTITIONS; i++)
        assert_int_equal (inventory->partitions [i].last_seq, 4);
}

static void
assert_same_event (const event_t *a, const event_t *b)
{
    assert_string_equal (a->id, b->id);
    assert_string_equal (a->given_id, b->given_id);
    assert_string_equal (a->source, b->source);
    assert_string_equal (a->type, b->type);
    assert_string_equal (a->subject, b->subject);
    assert_string_equal (a->key, b->key);
    assert_string_equal (a->time, b->time);
    assert_string_equal (a->content_type, b->content_type);
    assert_string_equal (a->causation, b->causation);
    assert_string_equal (a->root, b->root);
    assert_string_equal (a->via, b->via);
    assert_int_equal (a->hops, b->hops);
    assert_int_equal (a->phase, b->phase);
    assert_int_equal (a->partition, b->partition);
    assert_int_equal (a->accepted_ms, b->accepted_ms);
    assert_int_equal (a->data_size, b->data_size);
    if (a->data_size)
        assert_memory_equal (a->data, b->data, a->data_size);
}

static void
keeps_as_it_is (scene_t *scene, const event_t *fields)
{
    OWNED (event) event_t *event = event_new (fields);
    batch_t batch = {.events = &event, .event_count = 1};
    stored_t stored;
    problem_t problem;
    assert_int_equal (scene->store->ops->commit (scene->store, &batch, &stored, &problem),
                      STATUS_OK);
    assert_int_equal (stored.kind, STORED_NEW);
    assert_int_equal (event->seq, 0);  //  the seq is told, not written into the event
    scene_between (scene);
    OWNED (page) page_t *page = scene_read (scene, event->partition, stored.seq - 1);
    assert_int_equal (page->count, 1);
    assert_same_event (page->events [0], event);
    assert_int_equal (page->events [0]->seq, stored.seq);
    OWNED (history) history_t *history = scene_look_up (scene, event->id);
    assert_same_event (history->event, event);
}

static void
what_is_read_is_what_was_written (void **state)
{
    static const uint8_t bytes [] = {0, 255, 0, 10, 13, 128};
    event_t fields = {.id = "e_derived",
                      .given_id = "their.id/7 ü",
                      .source = "https://kinto.example/v1",
                      .type = "kinto.record.update",
                      .subject = "/buckets/blog/collections/articles/records/42",
                      .key = "a key",
                      .time = "2026-01-01T00:00:00.123+02:00",
                      .content_type = "application/octet-stream",
                      .data = bytes,
                      .data_size = sizeof bytes,
                      .phase = PHASE_PRE,
                      .partition = 2,
                      .accepted_ms = INT64_C (1700000000123)};
    keeps_as_it_is (*state, &fields);
    fields.id = "nothing-in-it";
    fields.data_size = 0;
    keeps_as_it_is (*state, &fields);

    fields.id = "r_caused";
    fields.causation = "cause";
    fields.root = "root";
    fields.via = "S~x";
    fields.hops = EVENT_HOPS_MOST;
    keeps_as_it_is (*state, &fields);
    fields.id = "large";
    fields.data_size = 3 * 1024 * 1024;
    uint8_t *large = malloc (fields.data_size);
    memset (large, 'x', fields.data_size);
    fields.data = large;
    keeps_as_it_is (*state, &fields);
    free (large);
}

static void
a_repeated_id_has_the_seq_of_the_first (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 3);
    scene_between (scene);
    stored_t stored = scene_publish (scene, 0, "e2", "{\"n\": 1}");
    assert_int_equal (stored.kind, STORED_DUPLICATE);
    assert_int_equal (stored.seq, 2);
    scene_between (scene);
    stored = scene_publish (scene, 0, "e4", "{\"n\": 1}");
    assert_int_equal (stored.kind, STORED_NEW);
    assert_int_equal (stored.seq, 4);  //  the repeat has left no gap
}

static void
an_id_with_other_contents_is_taken (void **state)
{
    scene_t *scene = *state;
    scene_publish (scene, 1, "one", "first");
    scene_between (scene);
    stored_t stored = scene_publish (scene, 1, "one", "second");
    assert_int_equal (stored.kind, STORED_ID_TAKEN);
    assert_int_equal (stored.seq, 1);
    scene_between (scene);
    OWNED (history) history_t *history = scene_look_up (scene, "one");
    assert_memory_equal (history->event->data, "first", 5);
}

static void
a_derived_id_is_a_repeat_whatever_else_it_says (void **state)
{
    scene_t *scene = *state;
    scene_publish (scene, 1, "k_00abcdefgh0123456789abcdef", "all of it");
    scene_between (scene);
    stored_t stored = scene_publish (scene, 1, "k_00abcdefgh0123456789abcdef", "less");
    assert_int_equal (stored.kind, STORED_DUPLICATE);
    assert_int_equal (stored.seq, 1);
}

static void
an_id_is_one_in_its_partition_only (void **state)
{
    scene_t *scene = *state;
    assert_int_equal (scene_publish (scene, 2, "same", "a").kind, STORED_NEW);
    assert_int_equal (scene_publish (scene, 1, "same", "b").kind, STORED_NEW);
    scene_between (scene);
    OWNED (history) history_t *history = scene_look_up (scene, "same");
    assert_int_equal (history->event->partition, 1);  //  the lowest, always the same one
}

static void
repeats_within_a_batch_count (void **state)
{
    scene_t *scene = *state;
    scene_publish (scene, 0, "a", "1");
    static const char *const plays [][2] = {{"b", "1"}, {"a", "1"}, {"b", "1"},
                                            {"c", "1"}, {"b", "2"}, {"c", "1"}};
    event_t *events [6];
    stored_t stored [6];
    for (int i = 0; i < 6; i++)
        events [i] = scene_event (0, plays [i][0], plays [i][1]);
    batch_t batch = {.events = events, .event_count = 6};
    assert_int_equal (scene->store->ops->commit (scene->store, &batch, stored, NULL), STATUS_OK);
    scene_between (scene);
    static const stored_t expected [] = {{STORED_NEW, 2},       {STORED_DUPLICATE, 1},
                                         {STORED_DUPLICATE, 2}, {STORED_NEW, 3},
                                         {STORED_ID_TAKEN, 2},  {STORED_DUPLICATE, 3}};
    for (int i = 0; i < 6; i++) {
        assert_int_equal (stored [i].kind, expected [i].kind);
        assert_int_equal (stored [i].seq, expected [i].seq);
        event_destroy (&events [i]);
    }
}

static void
a_batch_of_nothing_is_nothing (void **state)
{
    scene_t *scene = *state;
    scene_change (scene, NULL, 0);
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->partitions [0].last_seq, 0);
}

static size_t
count_read (scene_t *scene, int64_t above_seq, size_t limit_bytes, size_t limit_events)
{
    OWNED (page) page_t *page = NULL;
    problem_t problem;
    assert_int_equal (scene->store->ops->read (scene->store, 0, above_seq, limit_bytes,
                                               limit_events, &page, &problem),
                      STATUS_OK);
    for (size_t i = 0; i < page->count; i++)
        assert_int_equal (page->events [i]->seq, above_seq + 1 + (int64_t)i);
    return page->count;
}

static void
a_page_stays_within_its_limits_but_has_one_if_there_is_one (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 10);
    scene_publish_many (scene, 1, 1, 10);  //  a neighbour that is not to be read
    scene_between (scene);
    OWNED (page) page_t *page = scene_read (scene, 0, 0);
    size_t bytes = event_size_bytes (page->events [0]);
    assert_int_equal (page->count, 10);
    assert_int_equal (count_read (scene, 0, SIZE_MAX, 4), 4);
    assert_int_equal (count_read (scene, 8, SIZE_MAX, 4), 2);
    assert_int_equal (count_read (scene, 0, 3 * bytes, 100), 3);
    assert_int_equal (count_read (scene, 0, 3 * bytes - 1, 100), 2);
    assert_int_equal (count_read (scene, 0, 0, 100), 1);
    assert_int_equal (count_read (scene, 9, 0, 100), 1);
    assert_int_equal (count_read (scene, 10, SIZE_MAX, 100), 0);
    assert_int_equal (count_read (scene, 11, SIZE_MAX, 100), 0);
}

static void
find_tells_what_is_there (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 2);
    scene_between (scene);
    event_t *events [] = {scene_event (0, "e3", "{\"n\": 1}"), scene_event (0, "e2", "{\"n\": 1}"),
                          scene_event (1, "e2", "{\"n\": 1}"), scene_event (0, "e1", "other")};
    stored_t found [4];
    batch_t batch = {.events = events, .event_count = 4};
    assert_int_equal (scene->store->ops->find (scene->store, &batch, found, NULL), STATUS_OK);
    static const stored_t expected [] = {
        {STORED_NEW, 0}, {STORED_DUPLICATE, 2}, {STORED_NEW, 0}, {STORED_ID_TAKEN, 1}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal (found [i].kind, expected [i].kind);
        assert_int_equal (found [i].seq, expected [i].seq);
        event_destroy (&events [i]);
    }
}

static void
an_unknown_id_is_not_found (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 2);
    history_t *history = NULL;
    problem_t problem;
    assert_int_equal (scene->store->ops->look_up (scene->store, "e3", &history, &problem),
                      STATUS_NOT_FOUND);
    assert_null (history);
    assert_string_equal (problem.text, "there is no event e3");
}

static void
what_came_of_an_event_is_listed_by_its_root (void **state)
{
    scene_t *scene = *state;
    scene_publish (scene, 0, "root", "1");
    scene_publish_event (scene, scene_caused_event (1, "a", "root"));
    scene_publish_event (scene, scene_caused_event (0, "b", "other"));
    scene_publish_event (scene, scene_caused_event (0, "c", "root"));
    scene_between (scene);
    OWNED (page) page_t *page = scene_list_tree (scene, "root", 9);
    assert_int_equal (page->count, 2);
    assert_string_equal (page->events [0]->id, "c");  //  by partition, then seq
    assert_string_equal (page->events [1]->id, "a");
    assert_int_equal (page->events [1]->hops, 2);
    OWNED (page) page_t *first = scene_list_tree (scene, "root", 1);
    assert_int_equal (first->count, 1);
    OWNED (page) page_t *least = NULL;  //  one, however small the limit
    assert_int_equal (scene->store->ops->list_tree (scene->store, "root", 9, 1, &least, NULL),
                      STATUS_OK);
    assert_int_equal (least->count, 1);
    OWNED (page) page_t *none = scene_list_tree (scene, "", 9);
    assert_int_equal (none->count, 0);  //  those that have no root are no tree
}

static void
what_has_left_the_log_has_left_its_tree (void **state)
{
    scene_t *scene = *state;
    scene_publish_event (scene, scene_caused_event (0, "a", "root"));
    scene_publish_event (scene, scene_caused_event (0, "b", "root"));
    scene_publish_event (scene, scene_caused_event (0, "c", "root"));
    scene_subscribe (scene, "S");
    scene_except (scene, "S", 1, EXCEPTION_DEAD);
    scene_trim (scene, 0, 2);
    OWNED (page) page_t *page = scene_list_tree (scene, "root", 9);
    assert_int_equal (page->count, 2);
    assert_string_equal (page->events [0]->id, "a");  //  held by its dead letter
    assert_string_equal (page->events [1]->id, "c");
}

static void
tokens_are_found_by_hash_until_revoked (void **state)
{
    scene_t *scene = *state;
    token_t made [] = {{"t_1", "aa", "gateway", "events:write events:read", 200},
                       {"t_2", "bb", "Anna's laptop", "admin", 100}};
    batch_t batch = {.tokens = made, .token_count = 2};
    assert_int_equal (scene->store->ops->commit (scene->store, &batch, NULL, NULL), STATUS_OK);
    scene_between (scene);
    token_t token;
    bool found = false;
    assert_int_equal (scene->store->ops->find_token (scene->store, "aa", &token, &found, NULL),
                      STATUS_OK);
    assert_true (found);
    assert_string_equal (token.id, "t_1");
    assert_string_equal (token.name, "gateway");
    assert_string_equal (token.scopes, "events:write events:read");
    assert_int_equal (token.created_ms, 200);
    token_clear (&token);

    batch = (batch_t){.tokens = &(token_t){.id = "t_1"}, .token_count = 1};
    assert_int_equal (scene->store->ops->commit (scene->store, &batch, NULL, NULL), STATUS_OK);
    scene_between (scene);
    assert_int_equal (scene->store->ops->find_token (scene->store, "aa", &token, &found, NULL),
                      STATUS_OK);
    assert_false (found);
}

static void
tokens_are_listed_by_age (void **state)
{
    scene_t *scene = *state;
    token_t made [] = {{"t_1", "aa", "", "admin", 300},
                       {"t_2", "bb", "", "admin", 100},
                       {"t_3", "cc", "", "admin", 200}};
    batch_t batch = {.tokens = made, .token_count = 3};
    assert_int_equal (scene->store->ops->commit (scene->store, &batch, NULL, NULL), STATUS_OK);
    scene_between (scene);
    token_t *tokens = NULL;
    size_t count = 0;
    assert_int_equal (scene->store->ops->list_tokens (scene->store, &tokens, &count, NULL),
                      STATUS_OK);
    assert_int_equal (count, 3);
    assert_string_equal (tokens [0].id, "t_2");
    assert_string_equal (tokens [1].id, "t_3");
    assert_string_equal (tokens [2].hash, "aa");
    token_array_free (tokens, count);
}

int
main (void)
{
    static const struct CMUnitTest scenes [] = {
        cmocka_unit_test (a_new_store_has_its_partitions_and_nothing_else),
        cmocka_unit_test (seqs_rise_by_one_in_each_partition),
        cmocka_unit_test (what_is_read_is_what_was_written),
        cmocka_unit_test (a_repeated_id_has_the_seq_of_the_first),
        cmocka_unit_test (an_id_with_other_contents_is_taken),
        cmocka_unit_test (a_derived_id_is_a_repeat_whatever_else_it_says),
        cmocka_unit_test (an_id_is_one_in_its_partition_only),
        cmocka_unit_test (repeats_within_a_batch_count),
        cmocka_unit_test (a_batch_of_nothing_is_nothing),
        cmocka_unit_test (a_page_stays_within_its_limits_but_has_one_if_there_is_one),
        cmocka_unit_test (find_tells_what_is_there),
        cmocka_unit_test (an_unknown_id_is_not_found),
        cmocka_unit_test (what_came_of_an_event_is_listed_by_its_root),
        cmocka_unit_test (what_has_left_the_log_has_left_its_tree),
        cmocka_unit_test (tokens_are_found_by_hash_until_revoked),
        cmocka_unit_test (tokens_are_listed_by_age),
    };
    return scene_play (scenes, sizeof scenes / sizeof scenes [0]);
}
