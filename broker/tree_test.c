//  The tree of causes, as it is read from a store.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "broker/store/memory.h"
#include "broker/tree.h"
#include "proto/model/owned.h"

static int
set_up (void **state)
{
    *state = memory_store_new (2);
    return 0;
}

static int
tear_down (void **state)
{
    store_t *store = *state;
    store_destroy (&store);
    return 0;
}

static void
keep (store_t *store, int32_t partition, const char *id, const char *causation, const char *root)
{
    OWNED (event)
    event_t *event = event_new (&(event_t){.id = id,
                                           .type = "t",
                                           .subject = "/s",
                                           .causation = causation,
                                           .root = root,
                                           .partition = partition,
                                           .accepted_ms = 1});
    stored_t stored;
    batch_t batch = {.events = &event, .event_count = 1};
    assert_int_equal (store->ops->commit (store, &batch, &stored, NULL), STATUS_OK);
}

static tree_t *
read_tree (store_t *store, const char *id)
{
    tree_t *tree = NULL;
    problem_t problem = {0};
    if (tree_read (store, id, &tree, &problem) != STATUS_OK)
        fail_msg ("%s", problem.text);
    return tree;
}

static void
all_that_has_one_root_is_in_it_whomever_one_asks_about (void **state)
{
    keep (*state, 0, "root", "", "");
    keep (*state, 1, "a", "root", "root");
    keep (*state, 0, "b", "a", "root");
    keep (*state, 0, "other", "", "");
    static const char *const ids [] = {"root", "a", "b"};
    for (int i = 0; i < 3; i++) {
        OWNED (tree) tree_t *tree = read_tree (*state, ids [i]);
        assert_string_equal (tree->root, "root");
        assert_int_equal (tree->count, 3);
        assert_string_equal (tree->list [0]->event->id, "root");  //  accepted at one time: by place
        assert_string_equal (tree->list [1]->event->id, "b");
        assert_false (tree->has_more);
        assert_null (tree_find (tree, "other"));
    }
}

static void
what_is_alone_is_its_own_root (void **state)
{
    keep (*state, 0, "one", "", "");
    OWNED (tree) tree_t *tree = read_tree (*state, "one");
    assert_string_equal (tree->root, "one");
    assert_int_equal (tree->count, 1);
}

static void
what_is_not_there_has_no_tree (void **state)
{
    tree_t *tree = NULL;
    problem_t problem = {0};
    assert_int_equal (tree_read (*state, "nobody", &tree, &problem), STATUS_NOT_FOUND);
    assert_null (tree);
}

//  A client may say what it likes of the root; the way up is that of the causes.
static void
the_way_up_is_followed_beyond_a_root_that_is_none (void **state)
{
    keep (*state, 0, "first", "", "");
    keep (*state, 0, "second", "first", "first");
    keep (*state, 0, "third", "second", "second");
    OWNED (tree) tree_t *tree = read_tree (*state, "third");
    assert_string_equal (tree->root, "second");
    assert_non_null (tree_find (tree, "first"));
    assert_int_equal (tree->count, 3);
}

static void
who_claims_to_be_the_cause_of_its_own_cause_is_met_once (void **state)
{
    keep (*state, 0, "a", "b", "a");
    keep (*state, 0, "b", "a", "b");
    OWNED (tree) tree_t *tree = read_tree (*state, "a");
    assert_int_equal (tree->count, 2);
    OWNED (tree) tree_t *self = NULL;
    keep (*state, 0, "c", "c", "c");
    self = read_tree (*state, "c");
    assert_int_equal (self->count, 1);
}

static void
a_cause_that_has_left_the_log_is_where_it_begins (void **state)
{
    keep (*state, 0, "a", "gone", "gone");
    keep (*state, 0, "b", "a", "gone");
    OWNED (tree) tree_t *tree = read_tree (*state, "b");
    assert_string_equal (tree->root, "gone");
    assert_int_equal (tree->count, 2);
}

static void
a_tree_that_is_too_large_has_the_way_up_all_the_same (void **state)
{
    keep (*state, 0, "root", "", "");
    for (int i = 0; i < TREE_EVENTS_MOST; i++) {
        char id [16];
        snprintf (id, sizeof id, "e%d", i);
        keep (*state, 0, id, "root", "root");
    }
    keep (*state, 0, "cause", "e7", "root");
    keep (*state, 0, "last", "cause", "root");
    OWNED (tree) tree_t *tree = read_tree (*state, "last");
    assert_true (tree->has_more);
    assert_int_equal (tree->count, TREE_EVENTS_MOST);
    static const char *const up [] = {"last", "cause", "e7", "root"};
    for (int i = 0; i < 4; i++)
        assert_non_null (tree_find (tree, up [i]));
}

int
main (void)
{
#define PLAY(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)
    const struct CMUnitTest tests [] = {
        PLAY (all_that_has_one_root_is_in_it_whomever_one_asks_about),
        PLAY (what_is_alone_is_its_own_root),
        PLAY (what_is_not_there_has_no_tree),
        PLAY (the_way_up_is_followed_beyond_a_root_that_is_none),
        PLAY (who_claims_to_be_the_cause_of_its_own_cause_is_met_once),
        PLAY (a_cause_that_has_left_the_log_is_where_it_begins),
        PLAY (a_tree_that_is_too_large_has_the_way_up_all_the_same),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
