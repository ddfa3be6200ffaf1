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
                  " 900 < HEARTBEAT s1 received 2 L1 L2 begun L2\n"
                  " 900 < CREDIT s1 6 bytes 1001\n"
                  " 950 > SETTLED s1 L1\n"
                  "1800 > HEARTBEAT s1\n"
                  "1900 > TICK\n"
                  "1900 < HEARTBEAT s1 received 2 L2 begun L2\n"
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
                                  "  10 > DELIVER s1 4 L4 b\n"
                                  "  10 < BEGIN L4 b\n"
                                  "  10 > DELIVER s1 5 L5 a\n"
                                  "  10 < CREDIT s1 6 bytes 1000\n"
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
                  "  10 < CREDIT s1 6 bytes 1000\n"
                  "  10 > DELIVER s1 5 L5 a\n"
                  "  10 < CREDIT s1 7 bytes 1000\n"
                  "  20 > BYE s1\n"
                  "  20 < RELEASE s1 L4 L5\n"
                  "  30 > FINISH L1 ok\n"
                  "  30 < SETTLE s1 L1 ok\n"
                  "  40 > SETTLED s1 L1\n"
                  " 900 > TICK\n"
                  " 900 < HEARTBEAT s1 received 5 L2 L3 begun L2 L3\n");
}

//  One slot, one attempt; each lease is settled by itself, and one that is lost is no affair of others.
static void
a_batch_is_begun_as_one_and_settled_each (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a batch 5\n"
                  "  10 < BEGIN L1 a L2 L3 L4 L5\n"
                  "  10 < CREDIT s1 25 bytes 1000\n"
                  "  20 > FINISH L1 ok retry ok fail ok\n"
                  "  20 < SETTLE s1 L1 ok L2 retry because that L3 ok L4 fail because that L5 ok\n"
                  "  20 < CREDIT s1 30 bytes 1005\n"
                  "  30 > SETTLED s1 L1 L2 L3 L4 L5\n"
                  "  40 > DELIVER s1 6 L6 a batch 3\n"
                  "  40 < BEGIN L6 a L7 L8\n"
                  "  50 > FINISH L6 none\n"
                  "  50 < RELEASE s1 L6 L7 L8\n");
}

static void
a_batch_that_waits_goes_back_delivery_by_delivery (void **state)
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
                  "  10 > DELIVER s1 4 L4 a batch 2\n"
                  "  10 < CREDIT s1 9 bytes 1000\n"
                  "  20 > BYE s1\n"
                  "  20 < RELEASE s1 L4 L5\n");
}

static void
the_attempt_at_a_batch_is_cancelled_once (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a batch 3\n"
                  "  10 < BEGIN L1 a L2 L3\n"
                  "  10 < CREDIT s1 15 bytes 1000\n"
                  "  20 > RESET s1\n"
                  "  20 < CONNECT\n"
                  "  20 < CANCEL L1\n"
                  "  30 > FINISH L1 ok\n");
}

//  It has nothing but its deadline: with less time than its timeout it is worth a try, and while all
//  slots are taken it waits for one.
static void
a_question_may_begin_until_its_deadline (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "   1 > DELIVER s1 1 L1 A timeout 2000 deadline 900 question 1\n"
                  "   1 < BEGIN L1 A\n"
                  "   2 > DELIVER s1 2 L2 A timeout 2000\n"
                  "   2 < BEGIN L2 A\n"
                  "   2 > DELIVER s1 3 L3 A timeout 2000\n"
                  "   2 < BEGIN L3 A\n"
                  "   2 > DELIVER s1 4 L4 A timeout 2000\n"
                  "   2 < CREDIT s1 6 bytes 1000\n"
                  "   2 > DELIVER s1 5 L5 A timeout 2000 deadline 900 question 1\n"
                  "   2 < CREDIT s1 7 bytes 1000\n"
                  " 500 > TICK\n"
                  " 903 > TICK\n"
                  " 903 < RELEASE s1 L5\n"
                  " 903 < HEARTBEAT s1 received 5 L1 L2 L3 L4 begun L1 L2 L3\n"
                  " 903 < CREDIT s1 7 bytes 1001\n");
}

static void
of_what_is_told_the_last_word_of_each_second_is_said (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 5000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  10 > DELIVER s1 2 L2 b\n"
                  "  10 < BEGIN L2 b\n"
                  "  20 > TELL L1 1 one\n"
                  "  20 < PROGRESS s1 L1 1 one\n"
                  "  21 > TELL L1 2 two\n"
                  "  22 > TELL L1 3 three\n"
                  "  23 > TELL L2 9\n"
                  "  23 < PROGRESS s1 L2 9 \n"
                  "  24 > DEADLINE\n"
                  "  24 < TICK at 1020\n"
                  "1019 > TICK\n"
                  "1020 > TICK\n"
                  "1020 < PROGRESS s1 L1 3 three\n"
                  "1021 > TELL L1 4 four\n"
                  "1022 > FINISH L1 ok\n"
                  "1022 < SETTLE s1 L1 ok\n"
                  "1022 < CREDIT s1 6 bytes 1001\n"
                  "2200 > TICK\n"
                  "2201 > TELL L2 10 later\n"
                  "2201 < PROGRESS s1 L2 10 later\n");
}

static void
what_is_told_of_a_batch_is_said_of_each (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 5000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a batch 2\n"
                  "  10 < BEGIN L1 a L2\n"
                  "  10 < CREDIT s1 10 bytes 1000\n"
                  "  20 > TELL L1 50 half\n"
                  "  20 < PROGRESS s1 L1 50 half\n"
                  "  20 < PROGRESS s1 L2 50 half\n"
                  "  30 > RESET\n"
                  "  30 < CONNECT\n"
                  "  30 < CANCEL L1\n"
                  "  31 > TELL L1 60\n"
                  "  40 > FINISH L1 retry retry\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (of_what_is_told_the_last_word_of_each_second_is_said),
        cmocka_unit_test (what_is_told_of_a_batch_is_said_of_each),
        cmocka_unit_test (a_question_may_begin_until_its_deadline),
        cmocka_unit_test (a_hello_is_repeated_until_welcome),
        cmocka_unit_test (a_delivery_is_begun_settled_and_forgotten),
        cmocka_unit_test (a_settle_that_is_lost_is_said_again_less_and_less_often),
        cmocka_unit_test (a_heartbeat_lists_what_is_held_until_it_is_settled),
        cmocka_unit_test (a_repeated_delivery_is_begun_once),
        cmocka_unit_test (leaving_finishes_what_is_in_flight_and_gives_the_rest_back),
        cmocka_unit_test (a_stranger_leaves_at_once),
        cmocka_unit_test (a_broker_that_leaves_gets_back_what_waits),
        cmocka_unit_test (a_batch_is_begun_as_one_and_settled_each),
        cmocka_unit_test (a_batch_that_waits_goes_back_delivery_by_delivery),
        cmocka_unit_test (the_attempt_at_a_batch_is_cancelled_once),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
