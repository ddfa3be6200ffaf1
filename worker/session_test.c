#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "worker/session_play.h"

static void
a_hello_is_repeated_until_welcome (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "  20 > TICK\n"
                  " 100 > TICK\n"
                  " 100 < HELLO\n"
                  " 200 > TICK\n"
                  " 400 > TICK\n"
                  " 400 < HELLO\n"
                  " 800 > TICK\n"
                  " 800 < CONNECT\n"
                  " 800 < HELLO\n"
                  " 800 > DEADLINE\n"
                  " 800 < TICK at 1435\n"
                  " 900 > WELCOME s1 1000\n"
                  " 900 < CREDIT s1 5 bytes 1000\n"
                  " 900 > WELCOME s1 1000\n");
}

static void
a_delivery_is_begun_settled_and_forgotten (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a size 7\n"
                  "  10 < BEGIN L1 a\n"
                  "  20 > FINISH L1 ok\n"
                  "  20 < SETTLE s1 L1 ok\n"
                  "  20 < CREDIT s1 6 bytes 1007\n"
                  "  25 > SETTLED s1 L1\n"
                  " 999 > TICK\n"
                  " 999 < HEARTBEAT s1 received 1\n"
                  " 999 < CREDIT s1 6 bytes 1007\n");
}

static void
a_settle_that_is_lost_is_said_again_less_and_less_often (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  20 > FINISH L1 retry\n"
                  "  20 < SETTLE s1 L1 retry because that\n"
                  "  20 < CREDIT s1 6 bytes 1001\n"
                  " 900 > TICK\n"
                  " 900 < HEARTBEAT s1 received 1 L1\n"
                  " 900 < CREDIT s1 6 bytes 1001\n"
                  "1000 > HEARTBEAT s1\n"
                  "1900 > TICK\n"
                  "1900 < HEARTBEAT s1 received 1 L1\n"
                  "1900 < CREDIT s1 6 bytes 1001\n"
                  "2019 > TICK\n"
                  "2020 > HEARTBEAT s1\n"
                  "2020 > TICK\n"
                  "2020 < SETTLE s1 L1 retry because that\n"
                  "2900 > TICK\n"
                  "2900 < HEARTBEAT s1 received 1 L1\n"
                  "2900 < CREDIT s1 6 bytes 1001\n"
                  "3900 > HEARTBEAT s1\n"
                  "3900 < HEARTBEAT s1 received 1 L1\n"
                  "3900 < CREDIT s1 6 bytes 1001\n"
                  "3900 > TICK\n"
                  "4900 > TICK\n"
                  "4900 < HEARTBEAT s1 received 1 L1\n"
                  "4900 < CREDIT s1 6 bytes 1001\n"
                  "5900 > HEARTBEAT s1\n"
                  "5900 < HEARTBEAT s1 received 1 L1\n"
                  "5900 < CREDIT s1 6 bytes 1001\n"
                  "5900 > TICK\n"
                  "6020 > TICK\n"
                  "6020 < SETTLE s1 L1 retry because that\n"
                  "6030 > SETTLED s1 L1\n"
                  "6900 > TICK\n"
                  "6900 < HEARTBEAT s1 received 1\n"
                  "6900 < CREDIT s1 6 bytes 1001\n");
}

static void
a_heartbeat_lists_what_is_held_until_it_is_settled (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  11 > DELIVER s1 2 L2 a\n"
                  "  11 < BEGIN L2 a\n"
                  "  20 > FINISH L1 ok\n"
                  "  20 < SETTLE s1 L1 ok\n"
                  "  20 < CREDIT s1 6 bytes 1001\n"
                  " 900 > TICK\n"
                  " 900 < HEARTBEAT s1 received 2 L1 L2\n"
                  " 900 < CREDIT s1 6 bytes 1001\n"
                  " 950 > SETTLED s1 L1\n"
                  "1800 > HEARTBEAT s1\n"
                  "1900 > TICK\n"
                  "1900 < HEARTBEAT s1 received 2 L2\n"
                  "1900 < CREDIT s1 6 bytes 1001\n");
}

static void
a_repeated_delivery_is_begun_once (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  20 > FINISH L1 ok\n"
                  "  20 < SETTLE s1 L1 ok\n"
                  "  20 < CREDIT s1 6 bytes 1001\n"
                  "  25 > SETTLED s1 L1\n"
                  "  26 > DELIVER s1 1 L1 a\n");
}

static void
a_reset_cancels_what_is_under_way_and_drops_what_was_not_settled (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  10 > DELIVER s1 2 L2 a\n"
                  "  10 < BEGIN L2 a\n"
                  "  20 > FINISH L1 ok\n"
                  "  20 < SETTLE s1 L1 ok\n"
                  "  20 < CREDIT s1 6 bytes 1001\n"
                  "  30 > RESET\n"
                  "  30 < CONNECT\n"
                  "  30 < CANCEL L2\n"
                  "  40 > FINISH L2 ok\n"
                  " 130 > TICK\n"
                  " 130 < HELLO\n"
                  " 140 > WELCOME s2 1000\n"
                  " 140 < CREDIT s2 5 bytes 1000\n"
                  " 150 > DELIVER s2 1 L1 a\n"
                  " 150 < BEGIN L1 a\n"
                  " 160 > SETTLED s1 L1\n"
                  " 170 > FINISH L1 ok\n"
                  " 170 < SETTLE s2 L1 ok\n"
                  " 170 < CREDIT s2 6 bytes 1001\n");
}

static void
attempts_of_a_lost_session_keep_their_slots_until_they_have_ended (void **state)
{
    (void)state;
    worker_session_settings_t settings = session_play_settings ();
    settings.capacity = 1;
    session_play_with (&settings, "   0 < HELLO\n"
                                  "   0 > WELCOME s1 1000\n"
                                  "   0 < CREDIT s1 1 bytes 1000\n"
                                  "  10 > DELIVER s1 1 L1 a\n"
                                  "  10 < BEGIN L1 a\n"
                                  "  30 > RESET\n"
                                  "  30 < CONNECT\n"
                                  "  30 < CANCEL L1\n"
                                  " 130 > TICK\n"
                                  " 130 < HELLO\n"
                                  " 140 > WELCOME s2 1000\n"
                                  " 140 < CREDIT s2 0 bytes 999\n"
                                  " 150 > FINISH L1 none\n"
                                  " 150 < CREDIT s2 1 bytes 1000\n"
                                  " 160 > DELIVER s2 1 L1 a\n"
                                  " 160 < BEGIN L1 a\n");
}

static void
a_broker_that_is_silent_for_three_heartbeats_is_left (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  " 900 > TICK\n"
                  " 900 < HEARTBEAT s1 received 1 L1\n"
                  " 900 < CREDIT s1 5 bytes 1000\n"
                  "1900 > TICK\n"
                  "1900 < HEARTBEAT s1 received 1 L1\n"
                  "1900 < CREDIT s1 5 bytes 1000\n"
                  "2900 > TICK\n"
                  "2900 < HEARTBEAT s1 received 1 L1\n"
                  "2900 < CREDIT s1 5 bytes 1000\n"
                  "3009 > TICK\n"
                  "3010 > TICK\n"
                  "3010 < CONNECT\n"
                  "3010 < CANCEL L1\n"
                  "3200 > TICK\n"
                  "3200 < HELLO\n");
}

static void
who_was_stopped_first_reads_what_is_waiting (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  " 900 > TICK\n"
                  " 900 < HEARTBEAT s1 received 0\n"
                  " 900 < CREDIT s1 5 bytes 1000\n"
                  " 900 > DEADLINE\n"
                  " 900 < TICK at 1900\n"
                  "3500 > TICK\n"
                  "3500 < HEARTBEAT s1 received 0\n"
                  "3500 < CREDIT s1 5 bytes 1000\n"
                  "3501 > HEARTBEAT s1\n"
                  "4500 > TICK\n"
                  "4500 < HEARTBEAT s1 received 0\n"
                  "4500 < CREDIT s1 5 bytes 1000\n");
}

static void
who_was_stopped_for_three_heartbeats_has_lost_its_session (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  " 900 > TICK\n"
                  " 900 < HEARTBEAT s1 received 1 L1\n"
                  " 900 < CREDIT s1 5 bytes 1000\n"
                  "3950 > DELIVER s1 2 L2 a\n"
                  "3950 < CONNECT\n"
                  "3950 < CANCEL L1\n");
}

static void
leaving_finishes_what_is_in_flight_and_gives_the_rest_back (void **state)
{
    (void)state;
    worker_session_settings_t settings = session_play_settings ();
    session_play_with (&settings, "   0 < HELLO\n"
                                  "   0 > WELCOME s1 1000\n"
                                  "   0 < CREDIT s1 5 bytes 1000\n"
                                  "  10 > DELIVER s1 1 L1 a\n"
                                  "  10 < BEGIN L1 a\n"
                                  "  10 > DELIVER s1 2 L2 a\n"
                                  "  10 < BEGIN L2 a\n"
                                  "  10 > DELIVER s1 3 L3 a\n"
                                  "  10 < BEGIN L3 a\n"
                                  "  10 > DELIVER s1 4 L4 a\n"
                                  "  10 < BEGIN L4 a\n"
                                  "  10 > DELIVER s1 5 L5 a\n"
                                  "  20 > LEAVE\n"
                                  "  20 < RELEASE s1 L5\n"
                                  "  20 < BYE s1\n"
                                  "  30 > DELIVER s1 6 L6 a\n"
                                  "  30 < RELEASE s1 L6\n"
                                  "  40 > FINISH L1 ok\n"
                                  "  40 < SETTLE s1 L1 ok\n"
                                  "  40 > FINISH L2 ok\n"
                                  "  40 < SETTLE s1 L2 ok\n"
                                  "  40 > FINISH L3 fail\n"
                                  "  40 < SETTLE s1 L3 fail because that\n"
                                  "  40 > FINISH L4 none\n"
                                  "  40 < RELEASE s1 L4\n"
                                  "  50 > SETTLED s1 L1 L2 L3\n"
                                  "  50 < LEFT\n");
}

static void
a_stranger_leaves_at_once (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "  10 > LEAVE\n"
                  "  10 < LEFT\n"
                  "  10 > DEADLINE\n"
                  "  10 < TICK at 9223372036854775807\n"
                  "  10 < LEFT\n");
}

static void
a_broker_that_leaves_gets_back_what_waits (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  10 > DELIVER s1 2 L2 a\n"
                  "  10 < BEGIN L2 a\n"
                  "  10 > DELIVER s1 3 L3 a\n"
                  "  10 < BEGIN L3 a\n"
                  "  10 > DELIVER s1 4 L4 a\n"
                  "  10 < BEGIN L4 a\n"
                  "  10 > DELIVER s1 5 L5 a\n"
                  "  20 > BYE s1\n"
                  "  20 < RELEASE s1 L5\n"
                  "  30 > FINISH L1 ok\n"
                  "  30 < SETTLE s1 L1 ok\n"
                  "  40 > SETTLED s1 L1\n"
                  " 900 > TICK\n"
                  " 900 < HEARTBEAT s1 received 5 L2 L3 L4\n");
}

static void
words_of_another_session_are_not_heard (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s2 1 L1 a\n"
                  "  20 > BYE s2\n"
                  "  30 > RESET\n"
                  "  30 < CONNECT\n"
                  "  31 > RESET\n");
}

static void
a_second_welcome_means_that_the_first_session_is_over (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  20 > WELCOME s2 1000\n"
                  "  20 < CONNECT\n"
                  "  20 < CANCEL L1\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_hello_is_repeated_until_welcome),
        cmocka_unit_test (a_delivery_is_begun_settled_and_forgotten),
        cmocka_unit_test (a_settle_that_is_lost_is_said_again_less_and_less_often),
        cmocka_unit_test (a_heartbeat_lists_what_is_held_until_it_is_settled),
        cmocka_unit_test (a_repeated_delivery_is_begun_once),
        cmocka_unit_test (a_reset_cancels_what_is_under_way_and_drops_what_was_not_settled),
        cmocka_unit_test (attempts_of_a_lost_session_keep_their_slots_until_they_have_ended),
        cmocka_unit_test (a_broker_that_is_silent_for_three_heartbeats_is_left),
        cmocka_unit_test (who_was_stopped_first_reads_what_is_waiting),
        cmocka_unit_test (who_was_stopped_for_three_heartbeats_has_lost_its_session),
        cmocka_unit_test (leaving_finishes_what_is_in_flight_and_gives_the_rest_back),
        cmocka_unit_test (a_stranger_leaves_at_once),
        cmocka_unit_test (a_broker_that_leaves_gets_back_what_waits),
        cmocka_unit_test (words_of_another_session_are_not_heard),
        cmocka_unit_test (a_second_welcome_means_that_the_first_session_is_over),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
