//  What the memory store does beyond store.h: it fails when it is told to.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/store/memory.h"
#include "broker/store/store_scene.h"
#include "proto/model/owned.h"

static status_t
publish (scene_t *scene, const char *id, stored_t *stored, problem_t *problem)
{
    OWNED (event) event_t *event = scene_event (0, id, "1");
    batch_t batch = {.events = &event, .event_count = 1};
    return scene->store->ops->commit (scene->store, &batch, stored, problem);
}

static void
the_nth_commit_fails_and_no_other (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_memory (1);
    memory_store_fail (scene->store, 2, STATUS_FULL, false);
    stored_t stored = {.seq = -1};
    problem_t problem;
    assert_int_equal (publish (scene, "a", &stored, &problem), STATUS_OK);
    assert_int_equal (stored.seq, 1);
    assert_int_equal (publish (scene, "b", &stored, &problem), STATUS_FULL);
    assert_int_equal (stored.seq, 1);  //  untouched
    assert_string_equal (problem.text, "store: memory: told to fail");
    assert_int_equal (publish (scene, "c", &stored, &problem), STATUS_OK);
    assert_int_equal (stored.seq, 2);  //  nothing of b is there
}

static void
a_commit_may_happen_and_yet_fail (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_memory (1);
    memory_store_fail (scene->store, 1, STATUS_OUTCOME_UNKNOWN, true);
    stored_t stored = {.seq = -1};
    problem_t problem;
    assert_int_equal (publish (scene, "a", &stored, &problem), STATUS_OUTCOME_UNKNOWN);
    assert_int_equal (stored.seq, -1);

    OWNED (event) event_t *event = scene_event (0, "a", "1");
    batch_t batch = {.events = &event, .event_count = 1};
    assert_int_equal (scene->store->ops->find (scene->store, &batch, &stored, &problem), STATUS_OK);
    assert_int_equal (stored.seq, 1);
}

//  What the caller changes or frees afterwards changes nothing here.
static void
it_keeps_copies (void **state)
{
    (void)state;
    OWNED (scene) scene_t *scene = scene_memory (1);
    OWNED (event) event_t *event = scene_event (0, "a", "1");
    batch_t batch = {.events = &event, .event_count = 1};
    stored_t stored;
    assert_int_equal (scene->store->ops->commit (scene->store, &batch, &stored, NULL), STATUS_OK);
    OWNED (page) page_t *page = scene_read (scene, 0, 0);
    assert_ptr_not_equal (page->events [0], event);
    assert_int_equal (page->events [0]->seq, 1);
    assert_int_equal (event->seq, 0);

    scene_subscribe (scene, "S");
    char error [] = "refused";
    change_t change = {.kind = CHANGE_ATTEMPT,
                       .subscription = "S",
                       .seq = 1,
                       .attempt = {.number = 1, .error = error, .worker = "", .result = ""}};
    scene_change (scene, &change, 1);
    memset (error, 'x', sizeof error - 1);
    OWNED (history) history_t *history = scene_look_up (scene, "a");
    assert_string_equal (history->attempts [0].attempt.error, "refused");
}

int
main (void)
{
    static const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_nth_commit_fails_and_no_other),
        cmocka_unit_test (a_commit_may_happen_and_yet_fail),
        cmocka_unit_test (it_keeps_copies),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
