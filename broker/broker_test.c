/*  A real broker, with gateways and workers played against it: the promises of the role. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/broker_stage.h"
#include "proto/model/owned.h"

static int
set_up (void **state)
{
    stage_t *stage = stage_new ();
    stage_start (stage);
    *state = stage;
    return 0;
}

static int
tear_down (void **state)
{
    stage_t *stage = *state;
    stage_destroy (&stage);
    return 0;
}

//  ---- events

static void
an_event_is_confirmed_with_its_place_and_a_repeat_with_the_first_place (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    confirmation_t first = actor_publish_and_wait (gateway, "e1", "{\"a\": 1}");
    assert_int_equal (first.kind, CONFIRMED_STORED);
    assert_int_equal (first.partition, 0);
    assert_int_equal (first.seq, 1);
    assert_int_equal (actor_publish_and_wait (gateway, "e2", "2").seq, 2);

    confirmation_t again = actor_publish_and_wait (gateway, "e1", "{\"a\": 1}");
    assert_int_equal (again.kind, CONFIRMED_DUPLICATE);
    assert_int_equal (again.seq, 1);
    assert_int_equal (actor_publish_and_wait (gateway, "e1", "other").kind, CONFIRMED_ID_TAKEN);
}

static void
an_event_is_shown_with_its_data_byte_for_byte (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    static const char data [] = "{\"n\":  1.50, \"big\": 123456789012345678901}";
    actor_publish_and_wait (gateway, "e1", data);
    status_t status;
    char *text = actor_ask (gateway, "event.get", json_pack ("{s:s}", "id", "e1"), &status);
    assert_int_equal (status, STATUS_OK);
    assert_non_null (strstr (text, data));
    assert_non_null (strstr (text, "\"seq\":1"));
    assert_non_null (strstr (text, "\"deliveries\":[]"));
    free (text);

    actor_publish_and_wait (gateway, "e2", "{\"broken");
    text = actor_ask (gateway, "event.get", json_pack ("{s:s}", "id", "e2"), &status);
    assert_non_null (strstr (text, "\"data_base64\":\"eyJicm9rZW4=\"}}"));
    free (text);
    assert_int_equal (actor_try (gateway, "event.get", json_pack ("{s:s}", "id", "e9"), NULL),
                      STATUS_NOT_FOUND);
}

//  ---- deliveries

static void
a_matching_event_goes_to_a_worker_and_its_outcome_is_kept (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    OWNED (actor) actor_t *worker = actor_worker (*stage);
    actor_subscribe (gateway, "S");
    uint64_t session = actor_join (worker, "w1", 10);
    actor_publish_and_wait (gateway, "e1", "1");

    given_t given = actor_expect_delivery (worker, session);
    assert_string_equal (given.event, "e1");
    assert_string_equal (given.subscription, "S");
    assert_int_equal (given.attempt, 1);
    actor_await_status (gateway, "e1", "S", "in_flight");

    actor_settle (worker, session, given.lease, OUTCOME_OK);
    actor_expect_settled (worker, given.lease);
    actor_await_status (gateway, "e1", "S", "delivered");
}

static void
a_failed_attempt_is_shown_with_its_error_and_the_time_of_the_next (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    OWNED (actor) actor_t *worker = actor_worker (*stage);
    actor_subscribe (gateway, "S");
    uint64_t session = actor_join (worker, "w1", 10);
    actor_publish_and_wait (gateway, "e1", "1");
    given_t given = actor_expect_delivery (worker, session);
    actor_settle (worker, session, given.lease, OUTCOME_RETRY);
    actor_expect_settled (worker, given.lease);

    json_t *reply = actor_call (gateway, "event.get", json_pack ("{s:s}", "id", "e1"));
    const char *status, *next, *error, *outcome;
    int http_status;
    double connect_ms, first_byte_ms;
    int failed = json_unpack (reply, "{s:{s:[{s:s, s:s, s:[{s:s, s:s, s:i, s:f, s:f}]}]}}", "data",
                              "deliveries", "status", &status, "next_attempt", &next, "attempts",
                              "error", &error, "outcome", &outcome, "http_status", &http_status,
                              "connect_ms", &connect_ms, "first_byte_ms", &first_byte_ms);
    assert_int_equal (failed, 0);
    assert_string_equal (status, "retry");
    assert_string_equal (outcome, "retry");
    assert_string_equal (error, "500 from the consumer");
    assert_int_equal (http_status, 500);
    assert_true (connect_ms == 0.352 && first_byte_ms == 4.2);
    assert_int_equal (strlen (next), strlen ("2026-11-24T03:00:00.123Z"));
    json_decref (reply);
}

enum { CROWD = 40 };

static void
ask_without_waiting (actor_t *gateway, uint64_t request)
{
    static const char json [] = "{\"id\":\"e1\"}";
    actor_say (gateway, &(message_t){.command = COMMAND_CALL,
                                     .request = request,
                                     .method = "event.get",
                                     .json = json,
                                     .json_size = sizeof json - 1});
}

static void
expect_all_deliveries (actor_t *gateway)
{
    message_t reply = actor_expect (gateway, COMMAND_REPLY);
    json_t *json = json_loads (reply.json, 0, NULL);
    const json_t *data = json_object_get (json, "data");
    assert_int_equal (json_array_size (json_object_get (data, "deliveries")), CROWD);
    json_decref (json);
    message_clear (&reply);
}

static void
a_delivery_that_ends_while_somebody_looks_is_never_missing (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    OWNED (actor) actor_t *worker = actor_worker (*stage);
    for (int i = 0; i < CROWD; i++) {
        char id [16];
        snprintf (id, sizeof id, "S%d", i);
        actor_subscribe (gateway, id);
    }
    actor_publish_and_wait (gateway, "e1", "1");
    uint64_t session = actor_join (worker, "w1", CROWD);
    message_t given = actor_expect (worker, COMMAND_DELIVER);
    assert_int_equal (given.delivery_count, CROWD);
    for (uint64_t i = 0; i < CROWD; i++) {
        actor_settle (worker, session, given.deliveries [i].lease, OUTCOME_OK);
        ask_without_waiting (gateway, i + 1000);
    }
    for (int i = 0; i < CROWD; i++)
        expect_all_deliveries (gateway);
    message_clear (&given);
}

static void
deliveries_of_one_turn_come_in_one_message_with_one_target (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    OWNED (actor) actor_t *worker = actor_worker (*stage);
    actor_subscribe (gateway, "S");
    for (int i = 0; i < 8; i++) {
        char id [16];
        snprintf (id, sizeof id, "e%d", i);
        actor_publish_and_wait (gateway, id, "1");
    }
    actor_join (worker, "w1", 10);  //  they waited for somebody to come
    message_t message = actor_expect (worker, COMMAND_DELIVER);
    assert_int_equal (message.delivery_count, 8);
    assert_int_equal (message.target_count, 1);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal (message.deliveries [i].number, i + 1);
    message_clear (&message);
}

static void
a_silent_worker_loses_its_deliveries_to_another (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    OWNED (actor) actor_t *silent = actor_worker (*stage);
    actor_subscribe (gateway, "S");
    uint64_t first = actor_join (silent, "w1", 1);
    actor_publish_and_wait (gateway, "e1", "1");
    given_t lost = actor_expect_delivery (silent, first);

    OWNED (actor) actor_t *other = actor_worker (*stage);
    uint64_t session = actor_join (other, "w2", 1);
    message_t heard = {0};
    while (heard.command != COMMAND_DELIVER) {  //  it lives: it says so whenever it is asked
        message_clear (&heard);
        heard = actor_hear (other);
        if (heard.command == COMMAND_HEARTBEAT)
            actor_beat (other, session, 0);
    }
    assert_string_equal (heard.deliveries [0].event->id, "e1");
    assert_int_equal (heard.deliveries [0].attempt, 1);
    uint64_t lease = heard.deliveries [0].lease;
    message_clear (&heard);
    actor_settle (other, session, lease, OUTCOME_OK);
    actor_expect_settled (other, lease);

    actor_settle (silent, first, lost.lease, OUTCOME_OK);
    message_t reset = actor_expect (silent, COMMAND_RESET);
    message_clear (&reset);
}

static void
a_worker_that_is_cut_off_is_noticed_by_the_next_word_to_it (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    actor_t *gone = actor_worker (*stage);
    actor_subscribe (gateway, "S");
    uint64_t first = actor_join (gone, "w1", 1);
    actor_publish_and_wait (gateway, "e1", "1");
    actor_expect_delivery (gone, first);
    OWNED (actor) actor_t *other = actor_worker (*stage);
    uint64_t session = actor_join (other, "w2", 1);
    actor_destroy (&gone);
    assert_string_equal (actor_expect_delivery (other, session).event, "e1");
}

static void
what_a_worker_gives_back_goes_to_another_untried (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    OWNED (actor) actor_t *worker = actor_worker (*stage);
    actor_subscribe (gateway, "S");
    uint64_t session = actor_join (worker, "w1", 1);
    actor_publish_and_wait (gateway, "e1", "1");
    given_t given = actor_expect_delivery (worker, session);
    OWNED (actor) actor_t *other = actor_worker (*stage);
    uint64_t second = actor_join (other, "w2", 1);
    actor_say (worker, &(message_t){.command = COMMAND_RELEASE,
                                    .session = session,
                                    .leases = &given.lease,
                                    .lease_count = 1});
    assert_int_equal (actor_expect_delivery (other, second).attempt, 1);
}

//  One that this session never had.
static void
actor_expect_wrong_lease (actor_t *worker, uint64_t session, uint64_t lease)
{
    actor_settle (worker, session, lease, OUTCOME_OK);
    message_t error = actor_expect (worker, COMMAND_ERROR);
    assert_int_equal (error.status, STATUS_BAD_MESSAGE);
    message_clear (&error);
    actor_expect_settled (worker, lease);
}

static void
a_worker_that_says_bye_gets_nothing_more (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    OWNED (actor) actor_t *worker = actor_worker (*stage);
    actor_subscribe (gateway, "S");
    uint64_t session = actor_join (worker, "w1", 10);
    actor_say (worker, &(message_t){.command = COMMAND_BYE, .session = session});
    actor_expect_wrong_lease (worker, session, 998);  //  which shows that BYE was heard before
    actor_publish_and_wait (gateway, "e1", "1");
    actor_expect_wrong_lease (worker, session, 999);  //  and not a DELIVER
}

//  ---- bad manners

static void
who_speaks_out_of_place_is_told_so (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    actor_say (gateway, &(message_t){.command = COMMAND_BYE, .session = 1});
    message_t error = actor_expect (gateway, COMMAND_ERROR);
    assert_int_equal (error.status, STATUS_BAD_MESSAGE);
    message_clear (&error);

    OWNED (actor) actor_t *worker = actor_worker (*stage);
    actor_say (worker, &(message_t){.command = COMMAND_CALL, .method = "status", .json = "{}"});
    error = actor_expect (worker, COMMAND_ERROR);
    assert_int_equal (error.status, STATUS_BAD_MESSAGE);
    message_clear (&error);
    assert_int_equal (actor_publish_and_wait (gateway, "e1", "1").seq, 1);
}

static void
a_stranger_is_reset_and_anothers_lease_cannot_be_settled (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    OWNED (actor) actor_t *worker = actor_worker (*stage);
    OWNED (actor) actor_t *thief = actor_worker (*stage);
    actor_subscribe (gateway, "S");
    uint64_t session = actor_join (worker, "w1", 1);
    actor_publish_and_wait (gateway, "e1", "1");
    given_t given = actor_expect_delivery (worker, session);

    actor_settle (thief, session, given.lease, OUTCOME_OK);  //  the session of another
    message_t reset = actor_expect (thief, COMMAND_RESET);
    message_clear (&reset);
    uint64_t own = actor_join (thief, "thief", 0);
    actor_expect_wrong_lease (thief, own, given.lease);  //  the lease of another
    actor_await_status (gateway, "e1", "S", "in_flight");
}

enum { BAD_MOST = 20, MANY = 2000 };

static int
set_up_strict (void **state)
{
    *state = stage_new ();
    stage_set (*state, "limits/bad_messages=20");
    stage_start (*state);
    return 0;
}

//  What is settled of one fills a message, which the next of the same turn makes leave.
static void
bye_is_the_last_that_a_shunned_worker_hears (void **stage)
{
    OWNED (actor) actor_t *worker = actor_worker (*stage);
    uint64_t session = actor_join (worker, "w1", 0);
    static settlement_t settlements [MANY];
    for (size_t i = 0; i < MANY; i++)
        settlements [i] = (settlement_t){.lease = 1000 + i, .outcome = OUTCOME_OK};
    for (int i = 0; i < BAD_MOST; i++)
        actor_say (worker, &(message_t){.command = COMMAND_SETTLE,
                                        .session = session,
                                        .settlements = settlements,
                                        .settlement_count = MANY});
    for (bool is_over = false; !is_over;) {
        message_t said = actor_hear (worker);
        is_over = said.command == COMMAND_BYE;
        message_clear (&said);
    }
    OWNED (actor) actor_t *other = actor_worker (*stage);
    actor_join (other, "w2", 1);  //  the broker has done with what the first said
    assert_false (actor_hears_more (worker, 50));
}

static void
frames_that_are_no_message_harm_nobody (void **stage)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*stage);
    const char *frames [] = {"", "x", "\x01\x01", "\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        actor_say_raw (gateway, frames [i], "\xdf\xff\xff\xff\xff");
        message_t error = actor_expect (gateway, COMMAND_ERROR);
        assert_int_equal (error.status, STATUS_BAD_MESSAGE);
        message_clear (&error);
    }
    actor_publish_and_wait (gateway, "e1", "1");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
#define PLAY(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)
        PLAY (an_event_is_confirmed_with_its_place_and_a_repeat_with_the_first_place),
        PLAY (an_event_is_shown_with_its_data_byte_for_byte),
        PLAY (a_matching_event_goes_to_a_worker_and_its_outcome_is_kept),
        PLAY (a_failed_attempt_is_shown_with_its_error_and_the_time_of_the_next),
        PLAY (a_delivery_that_ends_while_somebody_looks_is_never_missing),
        PLAY (deliveries_of_one_turn_come_in_one_message_with_one_target),
        PLAY (a_silent_worker_loses_its_deliveries_to_another),
        PLAY (a_worker_that_is_cut_off_is_noticed_by_the_next_word_to_it),
        PLAY (what_a_worker_gives_back_goes_to_another_untried),
        PLAY (a_worker_that_says_bye_gets_nothing_more),
        PLAY (who_speaks_out_of_place_is_told_so),
        PLAY (a_stranger_is_reset_and_anothers_lease_cannot_be_settled),
        PLAY (frames_that_are_no_message_harm_nobody),
        cmocka_unit_test_setup_teardown (bye_is_the_last_that_a_shunned_worker_hears, set_up_strict,
                                         tear_down),
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
