#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "worker/feed/topic.h"

static event_t *
event_of (int64_t seq)
{
    char id [32];
    snprintf (id, sizeof id, "e%lld", (long long)seq);
    event_t *event = event_new (&(event_t){.id = id,
                                           .type = "t",
                                           .subject = "/s",
                                           .time = "2026-01-01T00:00:00Z",
                                           .data = (const uint8_t *)"{}",
                                           .data_size = 2});
    event_set_place (event, 0, seq, 0);
    return event;
}

static bool
receive (topic_t *topic, int64_t seq, int64_t prev)
{
    event_t *event = event_of (seq);
    bool is_held = topic_receive (topic, event, prev, true);
    event_destroy (&event);
    return is_held;
}

static void
expect_done (topic_t *topic, int64_t seq)
{
    assert_non_null (topic->held);
    assert_int_equal (topic->held->event->seq, seq);
    topic_done (topic);
}

static void
what_follows_is_held_and_done_in_order (void **state)
{
    (void)state;
    topic_t topic;
    topic_begin (&topic, 10, 0);
    assert_true (receive (&topic, 12, 10));
    assert_true (receive (&topic, 15, 12));
    assert_int_equal (topic.place, 10);
    assert_int_equal (topic.bytes, 4);
    expect_done (&topic, 12);
    assert_int_equal (topic.place, 12);
    expect_done (&topic, 15);
    assert_int_equal (topic.place, 15);
    assert_false (topic_lacks (&topic));
}

//  After a restart the broker knows less well what came before, and names a later one.
static void
a_prev_that_was_passed_over_is_no_gap (void **state)
{
    (void)state;
    topic_t topic;
    topic_begin (&topic, 20, 0);
    assert_true (receive (&topic, 25, 17));
    topic_clear (&topic);
}

static void
a_repeat_is_passed_over (void **state)
{
    (void)state;
    topic_t topic;
    topic_begin (&topic, 10, 0);
    assert_true (receive (&topic, 11, 10));
    assert_false (receive (&topic, 11, 10));
    assert_false (receive (&topic, 9, 8));
    expect_done (&topic, 11);
    assert_false (receive (&topic, 11, 10));
    assert_false (topic_lacks (&topic));
}

static void
a_gap_is_lacking_until_a_page_fills_it (void **state)
{
    (void)state;
    topic_t topic;
    topic_begin (&topic, 10, 0);
    assert_false (receive (&topic, 13, 12));
    assert_true (topic_lacks (&topic));
    event_t *events [] = {event_of (11), event_of (12), event_of (13)};
    message_t page = {.above = 10, .reached = 14, .first = 1, .events = events, .event_count = 3};
    assert_int_equal (topic_page (&topic, &page), 0);
    assert_false (topic_lacks (&topic));
    assert_int_equal (topic.end, 14);
    for (int64_t seq = 11; seq <= 13; seq++)
        expect_done (&topic, seq);
    assert_int_equal (topic.place, 14);
    for (size_t i = 0; i < 3; i++)
        event_destroy (&events [i]);
}

//  What came from the feed meanwhile is not held twice.
static void
a_page_that_comes_late_adds_only_what_is_lacking (void **state)
{
    (void)state;
    topic_t topic;
    topic_begin (&topic, 10, 11);
    assert_true (receive (&topic, 11, 10));
    event_t *events [] = {event_of (11), event_of (12)};
    message_t page = {.above = 10, .reached = 12, .first = 1, .events = events, .event_count = 2};
    topic_page (&topic, &page);
    assert_int_equal (topic.count, 2);
    expect_done (&topic, 11);
    expect_done (&topic, 12);
    event_destroy (&events [0]);
    event_destroy (&events [1]);
}

static void
without_room_it_is_asked_for_later (void **state)
{
    (void)state;
    topic_t topic;
    topic_begin (&topic, 0, 0);
    event_t *event = event_of (1);
    assert_false (topic_receive (&topic, event, 0, false));
    event_destroy (&event);
    assert_true (topic_lacks (&topic));
    assert_int_equal (topic.end, 0);
}

//  The heartbeat goes another way than the feed, and may be faster.
static void
a_heartbeat_is_believed_when_the_next_one_comes (void **state)
{
    (void)state;
    topic_t topic;
    topic_begin (&topic, 5, 0);
    topic_learn (&topic, 8, 9);
    assert_false (topic_lacks (&topic));
    topic_learn (&topic, 9, 9);
    assert_true (topic_lacks (&topic));
    assert_int_equal (topic.wanted, 8);
    topic_begin (&topic, 5, 0);
    topic_learn (&topic, 8, 9);
    assert_true (receive (&topic, 8, 5));
    topic_learn (&topic, 8, 9);
    assert_false (topic_lacks (&topic));
    assert_int_equal (topic.end, 9);
    topic_clear (&topic);
}

//  So that after a restart nobody looks through a log in which there was nothing for him.
static void
a_quiet_one_goes_on_with_the_log (void **state)
{
    (void)state;
    topic_t topic;
    topic_begin (&topic, 5, 0);
    topic_learn (&topic, 5, 1000);
    assert_int_equal (topic.place, 1000);
    assert_true (receive (&topic, 1003, 5));
    topic_learn (&topic, 1003, 2000);
    assert_int_equal (topic.place, 1000);
    assert_int_equal (topic.end, 2000);
    expect_done (&topic, 1003);
    assert_int_equal (topic.place, 2000);
}

static void
what_has_left_the_log_is_counted (void **state)
{
    (void)state;
    topic_t topic;
    topic_begin (&topic, 5, 30);
    message_t page = {.above = 5, .reached = 30, .first = 21};
    assert_int_equal (topic_page (&topic, &page), 15);
    assert_int_equal (topic.place, 30);
    assert_false (topic_lacks (&topic));
}

static void
a_log_that_ends_before_is_not_asked_for_ever (void **state)
{
    (void)state;
    topic_t topic;
    topic_begin (&topic, 5, 9);
    assert_int_equal (topic_ask (&topic), 5);
    message_t page = {.above = 5, .reached = 5, .first = 1};
    topic_page (&topic, &page);
    assert_false (topic_lacks (&topic));
    //  Unless there is more by now: the answer is from before that.
    topic_begin (&topic, 5, 9);
    topic_ask (&topic);
    assert_false (receive (&topic, 12, 11));
    topic_page (&topic, &page);
    assert_true (topic_lacks (&topic));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_follows_is_held_and_done_in_order),
        cmocka_unit_test (a_prev_that_was_passed_over_is_no_gap),
        cmocka_unit_test (a_repeat_is_passed_over),
        cmocka_unit_test (a_gap_is_lacking_until_a_page_fills_it),
        cmocka_unit_test (a_page_that_comes_late_adds_only_what_is_lacking),
        cmocka_unit_test (without_room_it_is_asked_for_later),
        cmocka_unit_test (a_heartbeat_is_believed_when_the_next_one_comes),
        cmocka_unit_test (a_quiet_one_goes_on_with_the_log),
        cmocka_unit_test (what_has_left_the_log_is_counted),
        cmocka_unit_test (a_log_that_ends_before_is_not_asked_for_ever),
    };
    return cmocka_run_group_tests_name ("topic", tests, NULL, NULL);
}
