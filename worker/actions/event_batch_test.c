#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proto/model/owned_json.h"
#include "worker/actions/event_batch.h"

static delivery_t deliveries [3];
static const delivery_t *const list [] = {&deliveries [0], &deliveries [1], &deliveries [2]};

static int
set_up (void **state)
{
    static const char *const ids [] = {"e1", "e2", "e3"};
    for (size_t i = 0; i < 3; i++)
        deliveries [i] = (delivery_t){.event = event_new (&(event_t){.id = ids [i],
                                                                     .type = "a.b",
                                                                     .subject = "/s",
                                                                     .time = "2026-11-24T03:00:00Z",
                                                                     .data = (const uint8_t *)"[1]",
                                                                     .data_size = 3})};
    *state = NULL;
    return 0;
}

static int
tear_down (void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        event_destroy (&deliveries [i].event);
    return 0;
}

//  The first `count` of the list.
static run_t
run_of (size_t count)
{
    return (run_t){.delivery = list [0], .deliveries = list, .delivery_count = count};
}

static void
a_batch_is_an_array_of_cloud_events (void **state)
{
    (void)state;
    run_t run = run_of (3);
    body_t body = {0};
    event_batch_write (&run, &body);
    OWNED (json) json_t *json = json_loadb (body.bytes, body.used, JSON_REJECT_DUPLICATES, NULL);
    body_free (&body);
    assert_int_equal (json_array_size (json), 3);
    const json_t *last = json_array_get (json, 2);
    assert_string_equal (json_string_value (json_object_get (last, "id")), "e3");
    assert_string_equal (json_string_value (json_object_get (last, "specversion")), "1.0");
    assert_int_equal (json_array_size (json_object_get (last, "data")), 1);
}

static void
one_event_alone_is_a_batch_of_one (void **state)
{
    (void)state;
    run_t run = {.delivery = list [1], .delivery_count = 1};
    body_t body = {0};
    event_batch_write (&run, &body);
    OWNED (json) json_t *json = json_loadb (body.bytes, body.used, JSON_REJECT_DUPLICATES, NULL);
    body_free (&body);
    assert_int_equal (json_array_size (json), 1);
    assert_string_equal (json_string_value (json_object_get (json_array_get (json, 0), "id")),
                         "e2");
}

static void
the_same_events_have_the_same_id_and_others_another (void **state)
{
    (void)state;
    char first [EVENT_ID_SIZE], again [EVENT_ID_SIZE], fewer [EVENT_ID_SIZE];
    run_t three = run_of (3), two = run_of (2);
    event_batch_id (&three, first);
    event_batch_id (&three, again);
    event_batch_id (&two, fewer);
    assert_string_equal (first, again);
    assert_string_not_equal (first, fewer);
    assert_memory_equal (first, "b_", 2);
    assert_null (strpbrk (first, ". "));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test_setup_teardown (a_batch_is_an_array_of_cloud_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown (one_event_alone_is_a_batch_of_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown (the_same_events_have_the_same_id_and_others_another,
                                         set_up, tear_down),
    };
    return cmocka_run_group_tests_name ("event_batch", tests, NULL, NULL);
}
