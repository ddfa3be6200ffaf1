/*  What store.h promises of what is counted; played against each store (scene_play). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/store/store_scene.h"
#include "proto/model/owned.h"

static void
count (scene_t *scene, const char *subscription, const char *key)
{
    change_t change = {.kind = CHANGE_COUNT, .subscription = subscription, .counted = key};
    scene_change (scene, &change, 1);
}

//  As in "a 2, b 1", from a key on.
static const char *
counts_from (scene_t *scene, const char *subscription, const char *from, size_t limit)
{
    static char text [200];
    OWNED (counts) counts_t *counts = NULL;
    problem_t problem = {0};
    if (scene->store->ops->list_counts (scene->store, subscription, from, limit, &counts,
                                        &problem) != STATUS_OK)
        fail_msg ("%s", problem.text);
    text [0] = 0;
    for (size_t i = 0, size = 0; i < counts->count; i++)
        size += (size_t)snprintf (text + size, sizeof text - size, "%s%s %d", i ? ", " : "",
                                  counts->rows [i].key, (int)counts->rows [i].count);
    return text;
}

static void
each_key_of_each_subscription_is_counted_for_itself (void **state)
{
    scene_t *scene = *state;
    scene_subscribe (scene, "S");
    scene_subscribe (scene, "T");
    count (scene, "S", "b");
    count (scene, "S", "a");
    scene_between (scene);
    count (scene, "S", "b");
    count (scene, "S", "");
    count (scene, "T", "b");
    count (scene, "never was", "b");
    scene_between (scene);
    assert_string_equal (counts_from (scene, "S", "", 9), " 1, a 1, b 2");
    assert_string_equal (counts_from (scene, "S", "a", 1), "a 1");
    assert_string_equal (counts_from (scene, "S", "aa", 9), "b 2");
    assert_string_equal (counts_from (scene, "S", "c", 9), "");
    assert_string_equal (counts_from (scene, "T", "", 9), "b 1");
    assert_string_equal (counts_from (scene, "never was", "", 9), "");
}

static void
one_commit_may_count_a_key_often (void **state)
{
    scene_t *scene = *state;
    scene_subscribe (scene, "S");
    change_t changes [] = {{.kind = CHANGE_COUNT, .subscription = "S", .counted = "k"},
                           {.kind = CHANGE_COUNT, .subscription = "S", .counted = "l"},
                           {.kind = CHANGE_COUNT, .subscription = "S", .counted = "k"}};
    scene_change (scene, changes, 3);
    scene_between (scene);
    assert_string_equal (counts_from (scene, "S", "", 9), "k 2, l 1");
}

static void
what_was_counted_goes_with_its_subscription (void **state)
{
    enum { MANY = 1500 };  //  more than a step of the sweep
    scene_t *scene = *state;
    scene_subscribe (scene, "S");
    scene_subscribe (scene, "T");
    for (int i = 0; i < MANY; i++) {
        char key [16];
        snprintf (key, sizeof key, "k%d", i);
        count (scene, "S", key);
    }
    count (scene, "T", "k");
    change_t gone = {.kind = CHANGE_SUBSCRIPTION_GONE, .subscription = "S"};
    scene_change (scene, &gone, 1);
    assert_string_equal (counts_from (scene, "S", "", 9), "");
    scene_subscribe (scene, "S");
    for (int i = 0; i < 6; i++)
        scene_change (scene, NULL, 0);
    scene_between (scene);
    assert_string_equal (counts_from (scene, "S", "", 9), "");
    count (scene, "S", "k1");
    assert_string_equal (counts_from (scene, "S", "", 9), "k1 1");
    assert_string_equal (counts_from (scene, "T", "", 9), "k 1");
}

int
main (void)
{
    static const struct CMUnitTest tests [] = {
        cmocka_unit_test (each_key_of_each_subscription_is_counted_for_itself),
        cmocka_unit_test (one_commit_may_count_a_key_often),
        cmocka_unit_test (what_was_counted_goes_with_its_subscription)};
    return scene_play (tests, sizeof tests / sizeof tests [0]);
}
