#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "worker/actions/batch_answer.h"

enum { EVENTS = 3 };

static const transfer_settings_t settings = {.reply_bytes = 1024};

typedef struct {
    delivery_t deliveries [EVENTS];
    const delivery_t *list [EVENTS];
    run_t run;
    transfer_t transfer;
} world_t;

static event_t *
event_of (const char *id, const char *given_id, const char *source)
{
    return event_new (&(event_t){.id = id,
                                 .given_id = given_id,
                                 .source = source,
                                 .type = "a.b",
                                 .subject = "/s",
                                 .time = "2026-11-24T03:00:00Z"});
}

//  Two of them have the same id from different sources.
static int
set_up (void **state)
{
    static world_t world;
    world = (world_t){0};
    world.deliveries [0].event = event_of ("e1", "", "");
    world.deliveries [1].event = event_of ("e_x", "7", "/a");
    world.deliveries [2].event = event_of ("e_y", "7", "/b");
    for (size_t i = 0; i < EVENTS; i++)
        world.list [i] = &world.deliveries [i];
    transfer_open (&world.transfer, &settings);
    transfer_prepare (&world.transfer, 1000);
    ending_start (&world.run.end, 1);
    world.run.delivery = world.list [0];
    world.run.deliveries = world.list;
    world.run.delivery_count = EVENTS;
    world.run.end.settlement.http_status = 200;
    *state = &world;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    for (size_t i = 0; i < EVENTS; i++)
        event_destroy (&world->deliveries [i].event);
    transfer_close (&world->transfer);
    endings_free (&world->run.each);
    body_free (&world->run.end.result);
    return 0;
}

static const settlement_t *
answer (world_t *world, const char *text)
{
    body_add_text (&world->transfer.reply, text);
    world->transfer.reply_size = strlen (text);
    batch_answer_read (&world->transfer, &world->run);
    return world->run.each.settlements;
}

static void
each_event_ends_as_its_consumer_says (void **state)
{
    world_t *world = *state;
    const settlement_t *each = answer (
        world, "{\"data\": [{\"id\": \"e1\", \"status\": \"ok\", \"result\": {\"n\": 1}},"
               "{\"id\": \"7\", \"source\": \"/a\", \"status\": \"retry\", \"error\": \"busy\"},"
               "{\"id\": \"7\", \"source\": \"/b\", \"status\": \"fail\"}]}");
    assert_int_equal (world->run.each.count, EVENTS);
    assert_int_equal (each [0].outcome, OUTCOME_OK);
    assert_string_equal (each [0].result, "{\"n\":1}");
    assert_string_equal (each [0].error, "");
    assert_int_equal (each [1].outcome, OUTCOME_RETRY);
    assert_string_equal (each [1].error, "answered 200, and \"retry\" of this event: busy");
    assert_int_equal (each [2].outcome, OUTCOME_FAIL);
    assert_int_equal (each [2].http_status, 200);
}

static void
what_is_not_named_has_been_taken (void **state)
{
    world_t *world = *state;
    const settlement_t *each =
        answer (world, "{\"data\": [{\"id\": \"7\", \"status\": \"fail\"}, {\"id\": 3}, 4]}");
    assert_int_equal (each [0].outcome, OUTCOME_OK);
    assert_int_equal (each [1].outcome, OUTCOME_FAIL);
    assert_int_equal (each [2].outcome, OUTCOME_FAIL);
}

static void
a_status_of_another_word_is_tried_again (void **state)
{
    world_t *world = *state;
    const settlement_t *each =
        answer (world, "{\"data\": [{\"id\": \"e1\", \"status\": \"OK\"}, {\"id\": \"7\"}]}");
    assert_int_equal (each [0].outcome, OUTCOME_RETRY);
    assert_string_equal (each [0].error, "answered 200, and \"OK\" of this event");
    assert_int_equal (each [1].outcome, OUTCOME_RETRY);
}

static void
any_other_answer_counts_for_all (void **state)
{
    static const char *const answers [] = {"", "thanks", "{}", "[]", "{\"data\": {}}", "{\"data\""};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        world_t *world = *state;
        body_clear (&world->transfer.reply);
        answer (world, answers [i]);
        assert_int_equal (world->run.each.count, 0);
        assert_int_equal (world->run.end.settlement.outcome, OUTCOME_OK);
    }
}

static void
an_answer_has_room_for_its_events (void **state)
{
    world_t *world = *state;
    assert_true (batch_answer_most (&world->run, 1024) >= EVENTS * 1024);
    assert_int_equal (batch_answer_most (&world->run, 65536), 65536);
    world->run.delivery_count = 100000;
    assert_int_equal (batch_answer_most (&world->run, 1024), 1 << 20);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test_setup_teardown (each_event_ends_as_its_consumer_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown (what_is_not_named_has_been_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown (a_status_of_another_word_is_tried_again, set_up,
                                         tear_down),
        cmocka_unit_test_setup_teardown (any_other_answer_counts_for_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown (an_answer_has_room_for_its_events, set_up, tear_down),
    };
    return cmocka_run_group_tests_name ("batch_answer", tests, NULL, NULL);
}
