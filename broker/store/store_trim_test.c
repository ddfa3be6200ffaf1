/*  What store.h promises of a log that is cut at its beginning, played against each store
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

static void
end_exception (scene_t *scene, const char *subscription, int64_t seq)
{
    change (scene,
            (change_t){.kind = CHANGE_EXCEPTION_ENDED, .subscription = subscription, .seq = seq});
}

static bool
has_event (scene_t *scene, const char *id)
{
    OWNED (history) history_t *history = NULL;
    problem_t problem = {0};
    status_t status = scene->store->ops->look_up (scene->store, id, &history, &problem);
    assert_true (status == STATUS_OK || status == STATUS_NOT_FOUND);
    return status == STATUS_OK;
}

//  Of partition 0, from above 0.
static void
expect_seqs (scene_t *scene, const int64_t *seqs, size_t count)
{
    OWNED (page) page_t *page = scene_read (scene, 0, 0);
    assert_int_equal (page->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal (page->events [i]->seq, seqs [i]);
}

static int64_t
first_seq (scene_t *scene, int32_t partition)
{
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    return inventory->partitions [partition].first_seq;
}

static void
what_is_trimmed_is_gone_with_its_attempts (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 9);
    scene_publish_many (scene, 1, 21, 3);
    scene_subscribe (scene, "S");
    scene_try_once (scene, "S", 2, 1);
    scene_try_once (scene, "S", 7, 1);
    assert_int_equal (first_seq (scene, 0), 1);
    scene_trim (scene, 0, 4);
    assert_int_equal (first_seq (scene, 0), 5);
    assert_int_equal (first_seq (scene, 1), 1);
    expect_seqs (scene, (int64_t []){5, 6, 7, 8, 9}, 5);
    assert_false (has_event (scene, "e2"));
    assert_true (has_event (scene, "e21"));
    OWNED (history) history_t *history = scene_look_up (scene, "e7");
    assert_int_equal (history->attempt_count, 1);
}

static void
the_log_goes_on_where_it_was_when_all_of_it_is_trimmed (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 5);
    scene_trim (scene, 0, 5);
    assert_int_equal (first_seq (scene, 0), 6);
    expect_seqs (scene, NULL, 0);
    stored_t stored = scene_publish (scene, 0, "next", "1");
    scene_between (scene);
    assert_int_equal (stored.kind, STORED_NEW);
    assert_int_equal (stored.seq, 6);
    expect_seqs (scene, (int64_t []){6}, 1);
}

static void
a_trim_below_the_first_seq_is_nothing (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 5);
    scene_trim (scene, 0, 3);
    scene_trim (scene, 0, 3);
    scene_trim (scene, 0, 1);
    scene_trim (scene, 0, 0);
    assert_int_equal (first_seq (scene, 0), 4);
    expect_seqs (scene, (int64_t []){4, 5}, 2);
}

static void
the_id_of_what_was_trimmed_is_new_again (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 3);
    scene_trim (scene, 0, 2);
    OWNED (event) event_t *event = scene_event (0, "e1", "something else");
    batch_t batch = {.events = &event, .event_count = 1};
    stored_t found = {.seq = -1};
    assert_int_equal (scene->store->ops->find (scene->store, &batch, &found, NULL), STATUS_OK);
    assert_int_equal (found.kind, STORED_NEW);
    stored_t stored = scene_publish (scene, 0, "e1", "something else");
    scene_between (scene);
    assert_int_equal (stored.kind, STORED_NEW);
    assert_int_equal (stored.seq, 4);
    assert_int_equal (scene_publish (scene, 0, "e3", "{\"n\": 1}").kind, STORED_DUPLICATE);
}

static void
an_event_stays_while_an_exception_holds_it (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 9);
    scene_subscribe (scene, "S");
    scene_subscribe (scene, "T");
    scene_except (scene, "S", 2, EXCEPTION_DEAD);
    scene_except (scene, "T", 2, EXCEPTION_RETRY);
    scene_except (scene, "S", 4, EXCEPTION_RETRY);
    scene_try_once (scene, "S", 2, 1);
    scene_try_once (scene, "S", 3, 1);
    scene_trim (scene, 0, 7);
    expect_seqs (scene, (int64_t []){2, 4, 8, 9}, 4);
    assert_false (has_event (scene, "e3"));
    {
        OWNED (history) history_t *history = scene_look_up (scene, "e2");
        assert_int_equal (history->exception_count, 2);
        assert_int_equal (history->attempt_count, 1);
    }
    assert_int_equal (scene_publish (scene, 0, "e2", "{\"n\": 1}").kind, STORED_DUPLICATE);
    scene_try_once (scene, "T", 2, 1);  //  what is held may still be tried
    end_exception (scene, "S", 2);
    OWNED (history) history_t *history = scene_look_up (scene, "e2");
    assert_int_equal (history->exception_count, 1);
    assert_int_equal (history->attempt_count, 2);
    end_exception (scene, "T", 2);
    assert_false (has_event (scene, "e2"));
    expect_seqs (scene, (int64_t []){4, 8, 9}, 3);
    assert_int_equal (scene_publish (scene, 0, "e2", "{\"n\": 1}").kind, STORED_NEW);
}

static void
a_page_may_begin_or_end_among_what_is_held (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 9);
    scene_subscribe (scene, "S");
    for (int64_t seq = 2; seq <= 6; seq += 2)
        scene_except (scene, "S", seq, EXCEPTION_RETRY);
    scene_trim (scene, 0, 7);
    static const int64_t expected [] = {2, 4, 6, 8, 9};
    int64_t above = 0;
    for (int i = 0; i < 5; i++) {  //  one at a time
        OWNED (page) page_t *page = NULL;
        assert_int_equal (
            scene->store->ops->read (scene->store, 0, above, SIZE_MAX, 1, &page, NULL), STATUS_OK);
        assert_int_equal (page->count, 1);
        above = page->events [0]->seq;
        assert_int_equal (above, expected [i]);
    }
    OWNED (page) page_t *page = scene_read (scene, 0, 5);
    assert_int_equal (page->count, 3);
    assert_int_equal (page->events [0]->seq, 6);
}

//  In the same commit, or out of sight at least.
static void
an_event_goes_with_the_subscription_that_held_it (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 5);
    scene_subscribe (scene, "S");
    scene_subscribe (scene, "T");
    for (int64_t seq = 1; seq <= 3; seq++)
        scene_except (scene, "S", seq, EXCEPTION_DEAD);
    scene_except (scene, "T", 3, EXCEPTION_RETRY);
    scene_try_once (scene, "S", 1, 1);
    scene_trim (scene, 0, 4);
    expect_seqs (scene, (int64_t []){1, 2, 3, 5}, 4);
    OWNED (event) event_t *event = scene_event (0, "e1", "{\"n\": 1}");
    stored_t stored = {.seq = -1};
    change_t gone = {.kind = CHANGE_SUBSCRIPTION_GONE, .subscription = "S"};
    scene_change (scene, &gone, 1);
    scene_between (scene);
    expect_seqs (scene, (int64_t []){3, 5}, 2);
    assert_false (has_event (scene, "e1"));
    scene_except (scene, "T", 2, EXCEPTION_DEAD);  //  it has left: nobody gets it back
    expect_seqs (scene, (int64_t []){3, 5}, 2);
    batch_t batch = {.events = &event, .event_count = 1};
    assert_int_equal (scene->store->ops->find (scene->store, &batch, &stored, NULL), STATUS_OK);
    assert_int_equal (stored.kind, STORED_NEW);
    assert_int_equal (scene_publish (scene, 0, "e1", "{\"n\": 1}").seq, 6);
}

//  The commit that takes it away may bring its id anew.
static void
an_id_is_new_in_the_commit_after_its_holder_went (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 3);
    scene_subscribe (scene, "S");
    scene_except (scene, "S", 1, EXCEPTION_DEAD);
    scene_trim (scene, 0, 3);
    assert_int_equal (scene_publish (scene, 0, "e1", "{\"n\": 1}").kind, STORED_DUPLICATE);
    change (scene, (change_t){.kind = CHANGE_SUBSCRIPTION_GONE, .subscription = "S"});
    assert_int_equal (scene_publish (scene, 0, "e1", "{\"n\": 1}").kind, STORED_NEW);
    scene_between (scene);
    expect_seqs (scene, (int64_t []){4}, 1);
}

static void
what_is_said_of_an_event_that_has_left_is_nothing (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 5);
    scene_subscribe (scene, "S");
    scene_trim (scene, 0, 3);
    scene_except (scene, "S", 2, EXCEPTION_DEAD);
    scene_try_once (scene, "S", 2, 1);
    end_exception (scene, "S", 1);
    expect_seqs (scene, (int64_t []){4, 5}, 2);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->progress_count, 0);
    OWNED (listing) listing_t *dead = NULL;
    assert_int_equal (scene->store->ops->list_dead (scene->store, INT64_MAX, 9, &dead, NULL),
                      STATUS_OK);
    assert_int_equal (dead->count, 0);
}

static void
the_order_in_a_commit_decides (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 3);
    scene_subscribe (scene, "S");
    change_t changes [] = {
        {.kind = CHANGE_EXCEPTION, .subscription = "S", .seq = 1, .exception = {.attempts = 1}},
        {.kind = CHANGE_TRIM, .seq = 2},
        {.kind = CHANGE_EXCEPTION, .subscription = "S", .seq = 2, .exception = {.attempts = 1}}};
    scene_change (scene, changes, 3);
    scene_between (scene);
    expect_seqs (scene, (int64_t []){1, 3}, 2);
}

int
main (void)
{
    static const struct CMUnitTest scenes [] = {
        cmocka_unit_test (what_is_trimmed_is_gone_with_its_attempts),
        cmocka_unit_test (the_log_goes_on_where_it_was_when_all_of_it_is_trimmed),
        cmocka_unit_test (a_trim_below_the_first_seq_is_nothing),
        cmocka_unit_test (the_id_of_what_was_trimmed_is_new_again),
        cmocka_unit_test (an_event_stays_while_an_exception_holds_it),
        cmocka_unit_test (a_page_may_begin_or_end_among_what_is_held),
        cmocka_unit_test (an_event_goes_with_the_subscription_that_held_it),
        cmocka_unit_test (an_id_is_new_in_the_commit_after_its_holder_went),
        cmocka_unit_test (what_is_said_of_an_event_that_has_left_is_nothing),
        cmocka_unit_test (the_order_in_a_commit_decides),
    };
    return scene_play (scenes, sizeof scenes / sizeof scenes [0]);
}
