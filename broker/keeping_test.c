/*  What a broker keeps through a stop, a crash, and a store that says no. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/broker_stage.h"
#include "broker/store/memory.h"
#include "daemon/clock.h"
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
set_up_memory (void **state)
{
    stage_t *stage = stage_new_memory ();
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

//  ---- restarts

static void
a_restart_in_order_loses_nothing (void **stage)
{
    actor_t *gateway = actor_gateway (*stage);
    actor_t *worker = actor_worker (*stage);
    actor_subscribe (gateway, "S");
    uint64_t session = actor_join (worker, "w1", 1);
    actor_publish_and_wait (gateway, "e1", "1");
    actor_publish_and_wait (gateway, "e2", "2");
    given_t given = actor_expect_delivery (worker, session);
    actor_settle (worker, session, given.lease, OUTCOME_OK);
    actor_expect_settled (worker, given.lease);
    actor_destroy (&worker);
    actor_destroy (&gateway);
    stage_stop (*stage);
    stage_start (*stage);

    gateway = actor_gateway (*stage);
    worker = actor_worker (*stage);
    session = actor_join (worker, "w1", 10);
    assert_string_equal (actor_expect_delivery (worker, session).event, "e2");
    assert_int_equal (actor_publish_and_wait (gateway, "e1", "1").kind, CONFIRMED_DUPLICATE);
    assert_int_equal (actor_publish_and_wait (gateway, "e3", "3").seq, 3);
    actor_await_status (gateway, "e1", "S", "delivered");
    actor_destroy (&worker);
    actor_destroy (&gateway);
}

static void
a_crash_loses_nothing_that_was_confirmed (void **stage)
{
    actor_t *gateway = actor_gateway (*stage);
    actor_t *worker = actor_worker (*stage);
    actor_subscribe (gateway, "S");
    uint64_t session = actor_join (worker, "w1", 1);
    actor_publish_and_wait (gateway, "e1", "1");
    actor_publish_and_wait (gateway, "e2", "2");
    given_t given = actor_expect_delivery (worker, session);
    actor_settle (worker, session, given.lease, OUTCOME_OK);
    actor_expect_settled (worker, given.lease);
    stage_crash (*stage);
    actor_destroy (&worker);
    actor_destroy (&gateway);

    gateway = actor_gateway (*stage);
    worker = actor_worker (*stage);
    session = actor_join (worker, "w1", 10);
    assert_string_equal (actor_expect_delivery (worker, session).event, "e2");
    actor_await_status (gateway, "e1", "S", "delivered");
    actor_await_status (gateway, "e2", "S", "in_flight");
    actor_destroy (&worker);
    actor_destroy (&gateway);
}

static void *
stop_stage (void *stage)
{
    stage_stop (stage);
    return NULL;
}

static void
a_stop_waits_for_what_is_in_flight_and_takes_nothing_new (void **stage)
{
    actor_t *gateway = actor_gateway (*stage);
    actor_t *worker = actor_worker (*stage);
    actor_subscribe (gateway, "S");
    uint64_t session = actor_join (worker, "w1", 1);
    actor_publish_and_wait (gateway, "e1", "1");
    given_t given = actor_expect_delivery (worker, session);

    pthread_t thread;
    assert_int_equal (pthread_create (&thread, NULL, stop_stage, *stage), 0);
    message_t bye = actor_expect (worker, COMMAND_BYE);
    message_clear (&bye);
    actor_publish (gateway, 99, "e2", "2");
    message_t refuse = actor_expect (gateway, COMMAND_REFUSE);
    assert_int_equal (refuse.request, 99);
    assert_int_equal (refuse.status, STATUS_STOPPING);
    message_clear (&refuse);
    actor_settle (worker, session, given.lease, OUTCOME_OK);
    actor_expect_settled (worker, given.lease);
    pthread_join (thread, NULL);
    actor_destroy (&worker);
    actor_destroy (&gateway);

    stage_start (*stage);
    gateway = actor_gateway (*stage);
    actor_await_status (gateway, "e1", "S", "delivered");
    actor_destroy (&gateway);
}

static void
who_has_nothing_in_flight_stops_without_waiting_for_a_heartbeat (void **stage)
{
    enum { HEARTBEAT_MS = 60000 };
    stage_stop (*stage);
    stage_set (*stage, "broker/heartbeat_ms=60000");
    stage_start (*stage);
    int64_t began_ms = monotonic_ms ();
    stage_stop (*stage);
    assert_true (monotonic_ms () - began_ms < HEARTBEAT_MS);
}

static void
a_second_broker_on_the_same_store_is_refused (void **state)
{
    stage_t *stage = *state;
    settings_t *settings = settings_new ();
    char url [128];
    snprintf (url, sizeof url, "store/url=sqlite://%s/t.db", stage_folder (stage));
    problem_t problem = {0};
    assert_int_equal (settings_set (settings, url, &problem), STATUS_OK);
    assert_null (broker_new (settings, NULL, &problem));
    assert_int_equal (problem.status, STATUS_STORE_LOCKED);
    settings_destroy (&settings);
}

//  ---- a store that says no

static void
a_full_store_refuses_events_keeps_outcomes_and_recovers (void **state)
{
    stage_t *stage = *state;
    OWNED (actor) actor_t *gateway = actor_gateway (stage);
    OWNED (actor) actor_t *worker = actor_worker (stage);
    actor_subscribe (gateway, "S");
    uint64_t session = actor_join (worker, "w1", 10);
    actor_publish_and_wait (gateway, "e1", "1");
    given_t given = actor_expect_delivery (worker, session);

    memory_store_fail (stage_store (stage), 1, STATUS_FULL, false);
    actor_publish (gateway, 50, "e2", "2");
    message_t refuse = actor_expect (gateway, COMMAND_REFUSE);
    assert_int_equal (refuse.status, STATUS_FULL);
    assert_true (refuse.retry_after_ms > 0);
    message_clear (&refuse);
    actor_publish (gateway, 51, "e3", "3");  //  at once, without asking the store
    refuse = actor_expect (gateway, COMMAND_REFUSE);
    assert_int_equal (refuse.request, 51);
    message_clear (&refuse);

    actor_settle (worker, session, given.lease, OUTCOME_OK);
    actor_await_status (gateway, "e1", "S", "in_flight");  //  shown all the while
    actor_expect_explained (gateway, "e1", "S", "in_flight", "STORE", "not on disk yet");
    message_t heard = {0};
    while (heard.command != COMMAND_SETTLED) {  //  as soon as the store is tried again
        message_clear (&heard);
        heard = actor_hear (worker);
        if (heard.command == COMMAND_HEARTBEAT)
            actor_beat (worker, session, 0);
    }
    message_clear (&heard);
    actor_await_status (gateway, "e1", "S", "delivered");
    assert_int_equal (actor_publish_and_wait (gateway, "e2", "2").seq, 2);
}

static void
a_commit_of_unknown_outcome_that_happened_is_confirmed (void **state)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*state);
    memory_store_fail (stage_store (*state), 1, STATUS_OUTCOME_UNKNOWN, true);
    confirmation_t confirmation = actor_publish_and_wait (gateway, "e1", "1");
    assert_int_equal (confirmation.kind, CONFIRMED_STORED);
    assert_int_equal (confirmation.seq, 1);
}

static void
a_failed_store_is_not_written_again_but_still_read (void **state)
{
    OWNED (actor) actor_t *gateway = actor_gateway (*state);
    actor_publish_and_wait (gateway, "e1", "1");
    memory_store_fail (stage_store (*state), 1, STATUS_STORE_FAILED, false);
    for (uint64_t request = 60; request < 63; request++) {
        actor_publish (gateway, request, "e2", "2");
        message_t refuse = actor_expect (gateway, COMMAND_REFUSE);
        assert_int_equal (refuse.status, STATUS_STORE_FAILED);
        message_clear (&refuse);
    }
    json_decref (actor_call (gateway, "event.get", json_pack ("{s:s}", "id", "e1")));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
#define PLAY(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)
#define FAIL(test) cmocka_unit_test_setup_teardown (test, set_up_memory, tear_down)
        PLAY (a_restart_in_order_loses_nothing),
        PLAY (a_crash_loses_nothing_that_was_confirmed),
        PLAY (a_stop_waits_for_what_is_in_flight_and_takes_nothing_new),
        PLAY (who_has_nothing_in_flight_stops_without_waiting_for_a_heartbeat),
        PLAY (a_second_broker_on_the_same_store_is_refused),
        FAIL (a_full_store_refuses_events_keeps_outcomes_and_recovers),
        FAIL (a_commit_of_unknown_outcome_that_happened_is_confirmed),
        FAIL (a_failed_store_is_not_written_again_but_still_read),
#undef FAIL
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
