/*  What store.h promises of subscriptions and what has become of their deliveries, played against
 *  each store (scene_play).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/store/store_scene.h"
#include "proto/model/owned.h"

//  What a test says of one row, in a commit of its own.
static void
change (scene_t *scene, change_t one)
{
    scene_change (scene, &one, 1);
}

static void
end_up_to (scene_t *scene, const char *subscription, int32_t partition, int64_t floor,
           bool is_quiet)
{
    progress_t progress = {.floor = floor};
    change (scene, (change_t){.kind = CHANGE_PROGRESS,
                              .subscription = subscription,
                              .partition = partition,
                              .progress = &progress,
                              .is_quiet = is_quiet});
}

static change_t
exception_of (const char *subscription, int64_t seq, exception_state_t state, int32_t attempts)
{
    return (change_t){
        .kind = CHANGE_EXCEPTION,
        .subscription = subscription,
        .seq = seq,
        .exception = {.state = state,
                      .attempts = attempts,
                      .forgiven = attempts / 2,
                      .crashes = attempts / 3,
                      .due_ms = 1000 * seq,
                      .reason = state == EXCEPTION_DEAD ? REASON_USED_UP : REASON_NONE}};
}

static change_t
attempt_of (const char *subscription, int64_t seq, int32_t number, const char *error)
{
    return (change_t){.kind = CHANGE_ATTEMPT,
                      .subscription = subscription,
                      .seq = seq,
                      .attempt = {.number = number,
                                  .time_ms = 1700000000000,
                                  .duration_ms = 12,
                                  .connect_us = 300,
                                  .tls_us = 900,
                                  .first_byte_us = 11000,
                                  .outcome = OUTCOME_RETRY,
                                  .http_status = 503,
                                  .error = error,
                                  .worker = "worker-1",
                                  .result = "busy"}};
}

static const struct progress_row *
row_of (const inventory_t *inventory, const char *subscription, int32_t partition)
{
    for (size_t i = 0; i < inventory->progress_count; i++)
        if (strcmp (inventory->progresses [i].subscription, subscription) == 0 &&
            inventory->progresses [i].partition == partition)
            return &inventory->progresses [i];
    return NULL;
}

static void
subscriptions_come_back_in_the_order_they_were_made (void **state)
{
    scene_t *scene = *state;
    static const char *const ids [] = {"zebra", "ant", "mole"};
    for (int i = 0; i < 3; i++) {
        scene_subscribe (scene, ids [i]);
        scene_between (scene);
    }
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->subscription_count, 3);
    for (int i = 0; i < 3; i++)
        assert_string_equal (inventory->subscriptions [i]->id, ids [i]);
}

static void
a_subscription_comes_back_with_its_secret_and_version (void **state)
{
    scene_t *scene = *state;
    OWNED (subscription) subscription_t *made = scene_subscription ("S", 1234567);
    change (scene, (change_t){.kind = CHANGE_SUBSCRIPTION, .subscription = "S", .document = made});
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->subscriptions [0]->version, 1234567);
    assert_string_equal (inventory->subscriptions [0]->deliver_json, made->deliver_json);
    assert_true (json_equal (inventory->subscriptions [0]->document, made->document));
}

static void
a_subscription_that_is_replaced_keeps_its_progress (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 5);
    scene_subscribe (scene, "S");
    end_up_to (scene, "S", 0, 4, false);
    scene_between (scene);
    OWNED (subscription) subscription_t *second = scene_subscription ("S", 2);
    change (scene,
            (change_t){.kind = CHANGE_SUBSCRIPTION, .subscription = "S", .document = second});
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->subscription_count, 1);
    assert_int_equal (inventory->subscriptions [0]->version, 2);
    assert_int_equal (row_of (inventory, "S", 0)->progress.floor, 4);
}

static void
what_ended_above_the_floor_is_kept (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 9);
    scene_subscribe (scene, "S");
    progress_t progress = {0};
    progress_raise (&progress, 3);
    progress_end (&progress, 5);
    progress_end (&progress, 9);
    change (scene, (change_t){.kind = CHANGE_PROGRESS, .subscription = "S", .progress = &progress});
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    const struct progress_row *row = row_of (inventory, "S", 0);
    assert_memory_equal (&row->progress, &progress, sizeof progress);
    assert_false (row->is_quiet);
    assert_null (row_of (inventory, "S", 1));
}

static void
the_level_raises_the_quiet_and_nobody_else (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 9);
    scene_publish_many (scene, 1, 1, 9);
    static const char *const ids [] = {"quiet", "busy", "ahead"};
    for (int i = 0; i < 3; i++)
        scene_subscribe (scene, ids [i]);
    end_up_to (scene, "quiet", 0, 2, true);
    end_up_to (scene, "busy", 0, 2, false);
    end_up_to (scene, "ahead", 0, 8, true);
    end_up_to (scene, "quiet", 1, 3, true);
    change (scene, (change_t){.kind = CHANGE_LEVEL, .partition = 0, .seq = 7});
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->partitions [0].level_seq, 7);
    assert_int_equal (inventory->partitions [1].level_seq, 0);
    assert_int_equal (row_of (inventory, "quiet", 0)->progress.floor, 7);
    assert_int_equal (row_of (inventory, "busy", 0)->progress.floor, 2);
    assert_int_equal (row_of (inventory, "ahead", 0)->progress.floor, 8);
    assert_int_equal (row_of (inventory, "quiet", 1)->progress.floor, 3);
}

static void
exceptions_come_by_seq_and_the_dead_are_counted (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 9);
    scene_subscribe (scene, "S");
    scene_subscribe (scene, "T");
    end_up_to (scene, "S", 0, 9, false);
    end_up_to (scene, "T", 0, 9, false);
    change_t changes [] = {
        exception_of ("S", 7, EXCEPTION_RETRY, 1), exception_of ("S", 2, EXCEPTION_HELD, 0),
        exception_of ("T", 3, EXCEPTION_DEAD, 12), exception_of ("S", 5, EXCEPTION_DEAD, 12),
        exception_of ("S", 4, EXCEPTION_SLOW, 3)};
    scene_change (scene, changes, 5);
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    const struct progress_row *row = row_of (inventory, "S", 0);
    assert_int_equal (row->dead_count, 1);
    assert_int_equal (row->exception_count, 3);
    static const int64_t seqs [] = {2, 4, 7};
    static const exception_state_t states [] = {EXCEPTION_HELD, EXCEPTION_SLOW, EXCEPTION_RETRY};
    for (int i = 0; i < 3; i++) {
        assert_int_equal (row->exceptions [i].seq, seqs [i]);
        assert_int_equal (row->exceptions [i].exception.state, states [i]);
        assert_int_equal (row->exceptions [i].exception.due_ms, 1000 * seqs [i]);
    }
    assert_int_equal (row->exceptions [1].exception.attempts, 3);
    assert_int_equal (row->exceptions [1].exception.forgiven, 1);
    assert_int_equal (row->exceptions [1].exception.crashes, 1);
    assert_int_equal (row_of (inventory, "T", 0)->dead_count, 1);
    assert_int_equal (row_of (inventory, "T", 0)->exception_count, 0);
}

static void
an_exception_is_replaced_and_ended (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 3);
    scene_subscribe (scene, "S");
    end_up_to (scene, "S", 0, 3, false);
    change (scene, exception_of ("S", 1, EXCEPTION_RETRY, 1));
    change (scene, exception_of ("S", 2, EXCEPTION_RETRY, 1));
    scene_between (scene);
    change (scene, exception_of ("S", 1, EXCEPTION_DEAD, 2));
    change (scene, (change_t){.kind = CHANGE_EXCEPTION_ENDED, .subscription = "S", .seq = 2});
    change (scene, (change_t){.kind = CHANGE_EXCEPTION_ENDED, .subscription = "S", .seq = 3});
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (row_of (inventory, "S", 0)->exception_count, 0);
    assert_int_equal (row_of (inventory, "S", 0)->dead_count, 1);
}

static void
an_exception_without_progress_stands_at_floor_0 (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 3);
    scene_subscribe (scene, "S");
    change (scene, exception_of ("S", 2, EXCEPTION_RETRY, 1));
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->progress_count, 1);
    assert_int_equal (row_of (inventory, "S", 0)->progress.floor, 0);
    assert_int_equal (row_of (inventory, "S", 0)->exception_count, 1);
}

static void
a_later_change_of_a_row_wins (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 9);
    scene_subscribe (scene, "S");
    progress_t first = {.floor = 2}, second = {.floor = 6};
    change_t changes [] = {
        {.kind = CHANGE_PROGRESS, .subscription = "S", .progress = &first, .is_quiet = true},
        exception_of ("S", 1, EXCEPTION_RETRY, 1),
        exception_of ("S", 1, EXCEPTION_RETRY, 2),
        {.kind = CHANGE_PROGRESS, .subscription = "S", .progress = &second},
        exception_of ("S", 2, EXCEPTION_HELD, 0),
        {.kind = CHANGE_EXCEPTION_ENDED, .subscription = "S", .seq = 2}};
    scene_change (scene, changes, 6);
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    const struct progress_row *row = row_of (inventory, "S", 0);
    assert_int_equal (row->progress.floor, 6);
    assert_false (row->is_quiet);
    assert_int_equal (row->exception_count, 1);
    assert_int_equal (row->exceptions [0].exception.attempts, 2);
}

static void
a_history_has_its_attempts_by_subscription_and_number (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 3);
    scene_subscribe (scene, "Z");
    scene_subscribe (scene, "A");
    change_t changes [] = {
        attempt_of ("Z", 2, 1, "refused"),         attempt_of ("A", 2, 2, "second"),
        attempt_of ("A", 2, 1, "first"),           attempt_of ("A", 1, 1, "another event's"),
        exception_of ("Z", 2, EXCEPTION_RETRY, 1), exception_of ("A", 2, EXCEPTION_DEAD, 2)};
    scene_change (scene, changes, 6);
    scene_between (scene);
    change (scene, attempt_of ("A", 2, 1, "first, said again"));
    scene_between (scene);
    OWNED (history) history_t *history = scene_look_up (scene, "e2");
    static const char *const errors [] = {"first, said again", "second", "refused"};
    assert_int_equal (history->event->seq, 2);
    assert_int_equal (history->attempt_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal (history->attempts [i].subscription, i < 2 ? "A" : "Z");
        assert_int_equal (history->attempts [i].attempt.number, i < 2 ? i + 1 : 1);
        assert_string_equal (history->attempts [i].attempt.error, errors [i]);
    }
    const attempt_t *attempt = &history->attempts [2].attempt;
    assert_int_equal (attempt->time_ms, 1700000000000);
    assert_int_equal (attempt->duration_ms, 12);
    assert_int_equal (attempt->connect_us, 300);
    assert_int_equal (attempt->tls_us, 900);
    assert_int_equal (attempt->first_byte_us, 11000);
    assert_int_equal (attempt->outcome, OUTCOME_RETRY);
    assert_int_equal (attempt->http_status, 503);
    assert_string_equal (attempt->worker, "worker-1");
    assert_string_equal (attempt->result, "busy");
    assert_int_equal (history->exception_count, 2);
    assert_string_equal (history->exceptions [0].subscription, "A");
    assert_int_equal (history->exceptions [0].exception.state, EXCEPTION_DEAD);
    assert_int_equal (history->exceptions [0].exception.reason, REASON_USED_UP);
    assert_int_equal (history->exceptions [1].exception.due_ms, 2000);
}

//  Made again, it must not find what the former left.
static void
a_subscription_goes_with_all_it_had (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 3);
    scene_subscribe (scene, "stays");
    scene_subscribe (scene, "S");
    end_up_to (scene, "S", 0, 3, true);
    change_t changes [] = {exception_of ("S", 1, EXCEPTION_DEAD, 1),
                           attempt_of ("S", 1, 1, "refused"),
                           exception_of ("stays", 1, EXCEPTION_RETRY, 1)};
    scene_change (scene, changes, 3);
    scene_between (scene);
    change (scene, (change_t){.kind = CHANGE_SUBSCRIPTION_GONE, .subscription = "S"});
    scene_between (scene);
    for (int round = 0; round < 3; round++) {
        OWNED (inventory) inventory_t *inventory = scene_load (scene);
        assert_int_equal (inventory->subscription_count, round < 2 ? 1 : 2);
        assert_null (row_of (inventory, "S", 0));
        assert_int_equal (row_of (inventory, "stays", 0)->exception_count, 1);
        OWNED (history) history_t *history = scene_look_up (scene, "e1");
        assert_int_equal (history->exception_count, 1);
        assert_int_equal (history->attempt_count, 0);
        if (round == 1)
            scene_subscribe (scene, "S");
        else
            scene_change (scene, NULL, 0);
        scene_between (scene);
    }
}

static change_t
health_of (const char *subscription, int64_t failing_since_ms, int32_t failures)
{
    return (change_t){.kind = CHANGE_HEALTH,
                      .subscription = subscription,
                      .health = {.failing_since_ms = failing_since_ms,
                                 .probe_ms = failing_since_ms + 500,
                                 .failures = failures,
                                 .openings = failures / 2}};
}

static void
a_health_is_kept_until_its_subscription_goes (void **state)
{
    scene_t *scene = *state;
    static const char *const ids [] = {"well", "ill", "worse"};
    for (int i = 0; i < 3; i++)
        scene_subscribe (scene, ids [i]);
    change (scene, health_of ("worse", 3000, 9));
    change (scene, health_of ("ill", 1000, 4));
    change (scene, health_of ("never was", 1000, 4));
    scene_between (scene);
    change (scene, health_of ("ill", 2000, 6));
    scene_between (scene);
    {
        OWNED (inventory) inventory_t *inventory = scene_load (scene);
        assert_int_equal (inventory->health_count, 2);
        assert_string_equal (inventory->healths [0].subscription, "ill");
        assert_int_equal (inventory->healths [0].health.failing_since_ms, 2000);
        assert_int_equal (inventory->healths [0].health.probe_ms, 2500);
        assert_int_equal (inventory->healths [0].health.failures, 6);
        assert_int_equal (inventory->healths [0].health.openings, 3);
        assert_string_equal (inventory->healths [1].subscription, "worse");
    }
    change (scene, (change_t){.kind = CHANGE_SUBSCRIPTION_GONE, .subscription = "ill"});
    scene_between (scene);
    scene_subscribe (scene, "ill");
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->health_count, 1);
    assert_string_equal (inventory->healths [0].subscription, "worse");
}

static void
a_change_of_a_subscription_that_is_not_there_is_nothing (void **state)
{
    scene_t *scene = *state;
    scene_publish_many (scene, 0, 1, 3);
    scene_subscribe (scene, "S");
    progress_t progress = {.floor = 2};
    change_t changes [] = {{.kind = CHANGE_SUBSCRIPTION_GONE, .subscription = "S"},
                           {.kind = CHANGE_PROGRESS, .subscription = "S", .progress = &progress},
                           exception_of ("S", 1, EXCEPTION_RETRY, 1),
                           attempt_of ("S", 1, 1, ""),
                           {.kind = CHANGE_EXCEPTION_ENDED, .subscription = "never was", .seq = 1},
                           {.kind = CHANGE_SUBSCRIPTION_GONE, .subscription = "never was"}};
    scene_change (scene, changes, 6);
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->subscription_count, 0);
    assert_int_equal (inventory->progress_count, 0);
    OWNED (history) history_t *history = scene_look_up (scene, "e1");
    assert_int_equal (history->exception_count + history->attempt_count, 0);
}

//  Events first: what is said of them in the same commit finds them there.
static void
a_batch_may_have_of_everything (void **state)
{
    scene_t *scene = *state;
    OWNED (event) event_t *event = scene_event (1, "e1", "1");
    OWNED (subscription) subscription_t *made = scene_subscription ("S", 1);
    progress_t progress = {.floor = 1};
    change_t attempt = attempt_of ("S", 1, 1, "");
    attempt.partition = 1;
    change_t changes [] = {
        {.kind = CHANGE_SUBSCRIPTION, .subscription = "S", .document = made},
        {.kind = CHANGE_PROGRESS, .subscription = "S", .partition = 1, .progress = &progress},
        attempt,
        {.kind = CHANGE_LEVEL, .partition = 1, .seq = 1}};
    token_t token = {"t_1", "aa", "", "admin", 1};
    batch_t batch = {.events = &event,
                     .event_count = 1,
                     .changes = changes,
                     .change_count = 4,
                     .tokens = &token,
                     .token_count = 1};
    stored_t stored;
    assert_int_equal (scene->store->ops->commit (scene->store, &batch, &stored, NULL), STATUS_OK);
    scene_between (scene);
    OWNED (inventory) inventory_t *inventory = scene_load (scene);
    assert_int_equal (inventory->partitions [1].last_seq, 1);
    assert_int_equal (inventory->partitions [1].level_seq, 1);
    assert_int_equal (row_of (inventory, "S", 1)->progress.floor, 1);
    OWNED (history) history_t *history = scene_look_up (scene, "e1");
    assert_int_equal (history->attempt_count, 1);
}

int
main (void)
{
    static const struct CMUnitTest scenes [] = {
        cmocka_unit_test (subscriptions_come_back_in_the_order_they_were_made),
        cmocka_unit_test (a_subscription_comes_back_with_its_secret_and_version),
        cmocka_unit_test (a_subscription_that_is_replaced_keeps_its_progress),
        cmocka_unit_test (what_ended_above_the_floor_is_kept),
        cmocka_unit_test (the_level_raises_the_quiet_and_nobody_else),
        cmocka_unit_test (exceptions_come_by_seq_and_the_dead_are_counted),
        cmocka_unit_test (an_exception_is_replaced_and_ended),
        cmocka_unit_test (an_exception_without_progress_stands_at_floor_0),
        cmocka_unit_test (a_later_change_of_a_row_wins),
        cmocka_unit_test (a_history_has_its_attempts_by_subscription_and_number),
        cmocka_unit_test (a_subscription_goes_with_all_it_had),
        cmocka_unit_test (a_health_is_kept_until_its_subscription_goes),
        cmocka_unit_test (a_change_of_a_subscription_that_is_not_there_is_nothing),
        cmocka_unit_test (a_batch_may_have_of_everything),
    };
    return scene_play (scenes, sizeof scenes / sizeof scenes [0]);
}
