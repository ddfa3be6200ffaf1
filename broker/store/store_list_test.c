/*  What store.h promises of lists of exceptions, and of what retention asks; played against each store
 *  (scene_play).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/store/store_scene.h"
#include "proto/model/owned.h"

static void
change (scene_t *scene, change_t one)
{
    scene_change (scene, &one, 1);
    scene_between (scene);
}

static listing_t *
list (scene_t *scene, exception_state_t state, list_place_t after, size_t limit, size_t limit_bytes)
{
    listing_t *listing = NULL;
    problem_t problem = {0};
    if (scene->store->ops->list_exceptions (scene->store, "S", state, after, limit, limit_bytes,
                                            &listing, &problem) != STATUS_OK)
        fail_msg ("%s", problem.text);
    return listing;
}

static void
fail_some (scene_t *scene)
{
    scene_publish_many (scene, 0, 1, 5);
    scene_publish_many (scene, 1, 21, 2);
    scene_subscribe (scene, "S");
    scene_subscribe (scene, "T");
    for (int64_t seq = 1; seq <= 5; seq++)
        scene_except (scene, "S", seq, seq == 3 ? EXCEPTION_RETRY : EXCEPTION_DEAD);
    scene_except (scene, "T", 2, EXCEPTION_DEAD);
    change (scene, (change_t){.kind = CHANGE_EXCEPTION,
                              .subscription = "S",
                              .partition = 1,
                              .seq = 2,
                              .exception = {.state = EXCEPTION_DEAD,
                                            .attempts = 7,
                                            .forgiven = 4,
                                            .crashes = 2,
                                            .due_ms = 1500,
                                            .reason = REASON_POISON}});
    scene_try_once (scene, "S", 4, 1);
    scene_try_once (scene, "S", 4, 2);
}

static void
exceptions_are_listed_by_place_after_a_place (void **state)
{
    scene_t *scene = *state;
    fail_some (scene);
    scene_trim (scene, 0, 3);
    OWNED (listing)
    listing_t *first = list (scene, EXCEPTION_DEAD, (list_place_t){-1, 0}, 3, 99999);
    assert_int_equal (first->count, 3);
    static const int64_t seqs [] = {1, 2, 4};
    for (int i = 0; i < 3; i++) {
        const struct listed_row *row = &first->rows [i];
        assert_string_equal (row->subscription, "S");
        assert_int_equal (row->at.seq, seqs [i]);
        assert_int_equal (row->event->seq, seqs [i]);
        assert_int_equal (row->at.exception.due_ms, 1000 * seqs [i]);
        assert_int_equal (row->attempt.number, i == 2 ? 2 : 0);
    }
    assert_string_equal (first->rows [2].attempt.error, "busy");
    OWNED (listing) listing_t *rest = list (scene, EXCEPTION_DEAD, (list_place_t){0, 4}, 9, 99999);
    assert_int_equal (rest->count, 2);
    assert_int_equal (rest->rows [0].at.seq, 5);
    const struct listed_row *last = &rest->rows [1];
    assert_int_equal (last->partition, 1);
    assert_int_equal (last->at.exception.attempts, 7);
    assert_int_equal (last->at.exception.forgiven, 4);
    assert_int_equal (last->at.exception.crashes, 2);
    assert_int_equal (last->at.exception.reason, REASON_POISON);
    assert_string_equal (last->event->id, "e22");
    OWNED (listing)
    listing_t *retries = list (scene, EXCEPTION_RETRY, (list_place_t){-1, 0}, 9, 99999);
    assert_int_equal (retries->count, 1);
    assert_int_equal (retries->rows [0].at.seq, 3);
}

static void
a_listing_stays_within_its_limits_but_has_one_if_there_is_one (void **state)
{
    scene_t *scene = *state;
    fail_some (scene);
    OWNED (listing) listing_t *one = list (scene, EXCEPTION_DEAD, (list_place_t){-1, 0}, 9, 1);
    assert_int_equal (one->count, 1);
    OWNED (listing) listing_t *none = list (scene, EXCEPTION_HELD, (list_place_t){-1, 0}, 9, 99999);
    assert_int_equal (none->count, 0);
    OWNED (listing) listing_t *stranger = NULL;
    assert_int_equal (scene->store->ops->list_exceptions (scene->store, "X", EXCEPTION_DEAD,
                                                          (list_place_t){-1, 0}, 9, 99999,
                                                          &stranger, NULL),
                      STATUS_OK);
    assert_int_equal (stranger->count, 0);
}

static void
the_dead_are_listed_by_the_time_they_died (void **state)
{
    scene_t *scene = *state;
    fail_some (scene);
    OWNED (listing) listing_t *dead = NULL;
    assert_int_equal (scene->store->ops->list_dead (scene->store, 4000, 9, &dead, NULL), STATUS_OK);
    static const struct {
        const char *subscription;
        int32_t partition;
        int64_t seq;
    } expected [] = {{"S", 0, 1}, {"S", 1, 2}, {"S", 0, 2}, {"T", 0, 2}};
    assert_int_equal (dead->count, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal (dead->rows [i].subscription, expected [i].subscription);
        assert_int_equal (dead->rows [i].partition, expected [i].partition);
        assert_int_equal (dead->rows [i].at.seq, expected [i].seq);
        assert_null (dead->rows [i].event);
        assert_int_equal (dead->rows [i].attempt.number, 0);
    }
    OWNED (listing) listing_t *oldest = NULL;
    assert_int_equal (scene->store->ops->list_dead (scene->store, 4000, 1, &oldest, NULL),
                      STATUS_OK);
    assert_int_equal (oldest->count, 1);
    change (scene, (change_t){.kind = CHANGE_SUBSCRIPTION_GONE, .subscription = "S"});
    OWNED (listing) listing_t *left = NULL;
    assert_int_equal (scene->store->ops->list_dead (scene->store, 4000, 9, &left, NULL), STATUS_OK);
    assert_int_equal (left->count, 1);
    assert_string_equal (left->rows [0].subscription, "T");
}

//  Accepted at 1000, 2000, 3000 …
static void
publish_in_time (scene_t *scene, int count)
{
    for (int i = 1; i <= count; i++) {
        char id [16];
        snprintf (id, sizeof id, "e%d", i);
        OWNED (event) event_t *event = scene_event (0, id, "1");
        event->accepted_ms = 1000 * i;
        batch_t batch = {.events = &event, .event_count = 1};
        stored_t stored;
        assert_int_equal (scene->store->ops->commit (scene->store, &batch, &stored, NULL),
                          STATUS_OK);
    }
    scene_between (scene);
}

static int64_t
seq_at (scene_t *scene, int64_t time_ms)
{
    int64_t seq = -1;
    assert_int_equal (scene->store->ops->find_seq (scene->store, 0, time_ms, &seq, NULL),
                      STATUS_OK);
    return seq;
}

static void
a_time_has_its_seq (void **state)
{
    scene_t *scene = *state;
    assert_int_equal (seq_at (scene, 5000), 0);
    publish_in_time (scene, 10);
    assert_int_equal (seq_at (scene, 1000), 0);
    assert_int_equal (seq_at (scene, 1001), 1);
    assert_int_equal (seq_at (scene, 7000), 6);
    assert_int_equal (seq_at (scene, 99999), 10);
    scene_trim (scene, 0, 4);
    assert_int_equal (seq_at (scene, 1001), 4);
    assert_int_equal (seq_at (scene, 7000), 6);
    scene_trim (scene, 0, 10);
    assert_int_equal (seq_at (scene, 7000), 10);
}

static weight_t
weigh (scene_t *scene, int64_t before_ms, int64_t bytes_most)
{
    weight_t weight = {0};
    assert_int_equal (
        scene->store->ops->weigh (scene->store, 0, before_ms, bytes_most, &weight, NULL),
        STATUS_OK);
    return weight;
}

static void
retention_is_told_what_is_old (void **state)
{
    scene_t *scene = *state;
    publish_in_time (scene, 10);
    weight_t weight = weigh (scene, 4500, 0);
    assert_int_equal (weight.first_seq, 1);
    assert_int_equal (weight.last_seq, 10);
    assert_int_equal (weight.age_seq, 4);
    assert_int_equal (weight.bytes_seq, 0);
    assert_true (weight.bytes > 0);
    scene_trim (scene, 0, 4);
    weight = weigh (scene, 4500, 0);
    assert_int_equal (weight.first_seq, 5);
    assert_int_equal (weight.age_seq, 0);
    assert_int_equal (weigh (scene, 0, 0).age_seq, 0);
}

static void
retention_is_told_what_is_too_much (void **state)
{
    scene_t *scene = *state;
    publish_in_time (scene, 10);
    int64_t bytes = weigh (scene, 0, 0).bytes;
    assert_int_equal (weigh (scene, 0, bytes).bytes_seq, 0);
    assert_int_equal (weigh (scene, 0, bytes - 1).bytes_seq, 1);
    assert_int_equal (weigh (scene, 0, bytes * 6 / 10 + 1).bytes_seq, 4);
    assert_int_equal (weigh (scene, 0, 1).bytes_seq, 10);
    scene_trim (scene, 0, 10);
    assert_int_equal (weigh (scene, 0, 1).bytes_seq, 0);
}

int
main (void)
{
    static const struct CMUnitTest scenes [] = {
        cmocka_unit_test (exceptions_are_listed_by_place_after_a_place),
        cmocka_unit_test (a_listing_stays_within_its_limits_but_has_one_if_there_is_one),
        cmocka_unit_test (the_dead_are_listed_by_the_time_they_died),
        cmocka_unit_test (a_time_has_its_seq),
        cmocka_unit_test (retention_is_told_what_is_old),
        cmocka_unit_test (retention_is_told_what_is_too_much),
    };
    return scene_play (scenes, sizeof scenes / sizeof scenes [0]);
}
