#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "worker/session_play.h"

static void
a_reset_cancels_what_is_under_way_and_a_stranger_hears_nothing_of_it (void **state)
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
                  " 130 < HELLO former s1\n"
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
                                  " 130 < HELLO former s1\n"
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
                  " 900 < HEARTBEAT s1 received 1 L1 begun L1\n"
                  " 900 < CREDIT s1 5 bytes 1000\n"
                  "1900 > TICK\n"
                  "1900 < HEARTBEAT s1 received 1 L1 begun L1\n"
                  "1900 < CREDIT s1 5 bytes 1000\n"
                  "2900 > TICK\n"
                  "2900 < HEARTBEAT s1 received 1 L1 begun L1\n"
                  "2900 < CREDIT s1 5 bytes 1000\n"
                  "3009 > TICK\n"
                  "3010 > TICK\n"
                  "3010 < CONNECT\n"
                  "3010 < CANCEL L1\n"
                  "3200 > TICK\n"
                  "3200 < HELLO former s1\n");
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
                  " 900 < HEARTBEAT s1 received 1 L1 begun L1\n"
                  " 900 < CREDIT s1 5 bytes 1000\n"
                  "3950 > DELIVER s1 2 L2 a\n"
                  "3950 < CONNECT\n"
                  "3950 < CANCEL L1\n");
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
                  "  25 > RESET s2\n"
                  "  30 > RESET\n"
                  "  30 < CONNECT\n"
                  "  31 > RESET\n");
}

static void
a_bye_that_says_why_is_the_end_of_the_session_and_hello_has_time (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  20 > BYE s2 because SHUNNED\n"
                  "  30 > BYE - because SHUNNED\n"
                  "  30 < CONNECT\n"
                  "  30 < CANCEL L1\n"
                  "1029 > TICK\n"
                  "5030 > TICK\n"
                  "5030 < HELLO former s1\n");
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

static void
what_is_cancelled_is_released_or_ended_and_no_more_listed (void **state)
{
    (void)state;
    worker_session_settings_t settings = session_play_settings ();
    settings.capacity = 1;
    session_play_with (&settings, "   0 < HELLO\n"
                                  "   0 > WELCOME s1 1000\n"
                                  "   0 < CREDIT s1 1 bytes 1000\n"
                                  "  10 > DELIVER s1 1 L1 a\n"
                                  "  10 < BEGIN L1 a\n"
                                  "  11 > DELIVER s1 2 L2 a\n"
                                  "  11 < CREDIT s1 2 bytes 1000\n"
                                  "  20 > CANCEL s1 L1 L2 L9\n"
                                  "  20 < CANCEL L1\n"
                                  "  20 < RELEASE s1 L2\n"
                                  "  20 < CREDIT s1 2 bytes 1001\n"
                                  "  21 > CANCEL s1 L1\n"
                                  "1001 > TICK\n"
                                  "1001 < HEARTBEAT s1 received 2\n"
                                  "1001 < CREDIT s1 2 bytes 1001\n"
                                  "1002 > FINISH L1 fail\n"
                                  "1002 < CREDIT s1 3 bytes 1002\n");
}

static void
a_batch_goes_on_as_long_as_one_of_it_is_wanted (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a batch 2\n"
                  "  10 < BEGIN L1 a L2\n"
                  "  10 < CREDIT s1 10 bytes 1000\n"
                  "  20 > CANCEL s1 L1\n"
                  "  30 > CANCEL s1 L1 L2\n"
                  "  30 < CANCEL L1\n"
                  "  40 > FINISH L1 retry retry\n"
                  "  40 < CREDIT s1 12 bytes 1002\n");
}

/*  Before it grants anything, so that nothing of it is delivered again. What failed is made again anyway. */
static void
what_went_well_and_was_not_settled_is_said_in_the_next_session (void **state)
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
                  "  20 > FINISH L1 ok\n"
                  "  20 < SETTLE s1 L1 ok\n"
                  "  20 < CREDIT s1 6 bytes 1001\n"
                  "  20 > FINISH L2 retry\n"
                  "  20 < SETTLE s1 L2 retry because that\n"
                  "  20 < CREDIT s1 7 bytes 1002\n"
                  "  30 > RESET\n"
                  "  30 < CONNECT\n"
                  "  30 < CANCEL L3\n"
                  "  40 > FINISH L3 ok\n"
                  " 130 > TICK\n"
                  " 130 < HELLO former s1\n"
                  " 140 > WELCOME s2 1000 former 1\n"
                  " 140 < SETTLE s2 L1 ok L3 ok\n"
                  " 140 < CREDIT s2 5 bytes 1000\n"
                  " 150 > SETTLED s2 L1\n"
                  "2150 > HEARTBEAT s2\n"
                  "2150 < HEARTBEAT s2 received 0 L3\n"
                  "2150 < CREDIT s2 5 bytes 1000\n"
                  "2151 > TICK\n"
                  "2151 < SETTLE s2 L3 ok\n"
                  "2160 > SETTLED s2 L3\n");
}

/*  It was to stop, and had nearly done: in the next session, too, that may be told. */
static void
an_attempt_that_ends_well_after_the_next_welcome_is_said (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  10 > DELIVER s1 2 L2 a\n"
                  "  10 < BEGIN L2 a\n"
                  "  30 > RESET\n"
                  "  30 < CONNECT\n"
                  "  30 < CANCEL L1\n"
                  "  30 < CANCEL L2\n"
                  " 130 > TICK\n"
                  " 130 < HELLO former s1\n"
                  " 140 > WELCOME s2 1000 former 1\n"
                  " 140 < CREDIT s2 3 bytes 998\n"
                  " 150 > FINISH L1 ok\n"
                  " 150 < SETTLE s2 L1 ok\n"
                  " 150 < CREDIT s2 4 bytes 999\n"
                  " 160 > FINISH L2 none\n"
                  " 160 < CREDIT s2 5 bytes 1000\n"
                  " 170 > SETTLED s2 L1\n");
}

/*  The session is two before: nobody remembers it. */
static void
nothing_is_kept_for_longer_than_one_session (void **state)
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
                  " 130 > TICK\n"
                  " 130 < HELLO former s1\n"
                  " 140 > WELCOME s2 1000\n"
                  " 140 < CREDIT s2 4 bytes 999\n"
                  " 150 > RESET\n"
                  " 150 < CONNECT\n"
                  " 160 > FINISH L2 ok\n"
                  " 250 > TICK\n"
                  " 250 < HELLO former s2\n"
                  " 260 > WELCOME s3 1000 former 2\n"
                  " 260 < CREDIT s3 5 bytes 1000\n");
}

/*  Somebody has cancelled it: that it went well all the same is nobody's business. */
static void
what_was_cancelled_is_not_said_later (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  20 > CANCEL s1 L1\n"
                  "  20 < CANCEL L1\n"
                  "  30 > RESET\n"
                  "  30 < CONNECT\n"
                  "  40 > FINISH L1 ok\n"
                  " 130 > TICK\n"
                  " 130 < HELLO former s1\n"
                  " 140 > WELCOME s2 1000 former 1\n"
                  " 140 < CREDIT s2 5 bytes 1000\n");
}

/*  There will be no session more. */
static void
who_leaves_keeps_nothing (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  20 > FINISH L1 ok\n"
                  "  20 < SETTLE s1 L1 ok\n"
                  "  20 < CREDIT s1 6 bytes 1001\n"
                  "  30 > RESET\n"
                  "  30 < CONNECT\n"
                  "  40 > LEAVE\n"
                  "  40 < LEFT\n"
                  "  40 > DEADLINE\n"
                  "  40 < TICK at 9223372036854775807\n"
                  "  40 < LEFT\n");
}

/*  The broker heard too much of what it had ended before. It names no session, and hears nothing of one. */
static void
a_bye_to_a_stranger_takes_nothing_from_it (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  20 > FINISH L1 ok\n"
                  "  20 < SETTLE s1 L1 ok\n"
                  "  20 < CREDIT s1 6 bytes 1001\n"
                  "  30 > RESET\n"
                  "  30 < CONNECT\n"
                  "  30 > BYE s0 because SHUNNED\n"
                  "5030 > TICK\n"
                  "5030 < HELLO former s1\n"
                  "5040 > WELCOME s2 1000\n"
                  "5040 < CREDIT s2 5 bytes 1000\n"
                  "5050 > DELIVER s2 1 L1 a\n"
                  "5050 < BEGIN L1 a\n");
}

/*  It leaves, and its session lives: that may be said. */
static void
who_leaves_says_what_still_ends_well (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  30 > RESET\n"
                  "  30 < CONNECT\n"
                  "  30 < CANCEL L1\n"
                  " 130 > TICK\n"
                  " 130 < HELLO former s1\n"
                  " 140 > WELCOME s2 1000 former 1\n"
                  " 140 < CREDIT s2 4 bytes 999\n"
                  " 150 > LEAVE\n"
                  " 150 < BYE s2\n"
                  " 160 > FINISH L1 ok\n"
                  " 160 < SETTLE s2 L1 ok\n"
                  " 170 > SETTLED s2 L1\n"
                  " 170 < LEFT\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_reset_cancels_what_is_under_way_and_a_stranger_hears_nothing_of_it),
        cmocka_unit_test (what_went_well_and_was_not_settled_is_said_in_the_next_session),
        cmocka_unit_test (an_attempt_that_ends_well_after_the_next_welcome_is_said),
        cmocka_unit_test (nothing_is_kept_for_longer_than_one_session),
        cmocka_unit_test (what_was_cancelled_is_not_said_later),
        cmocka_unit_test (who_leaves_keeps_nothing),
        cmocka_unit_test (who_leaves_says_what_still_ends_well),
        cmocka_unit_test (a_bye_to_a_stranger_takes_nothing_from_it),
        cmocka_unit_test (attempts_of_a_lost_session_keep_their_slots_until_they_have_ended),
        cmocka_unit_test (a_broker_that_is_silent_for_three_heartbeats_is_left),
        cmocka_unit_test (who_was_stopped_first_reads_what_is_waiting),
        cmocka_unit_test (who_was_stopped_for_three_heartbeats_has_lost_its_session),
        cmocka_unit_test (words_of_another_session_are_not_heard),
        cmocka_unit_test (what_is_cancelled_is_released_or_ended_and_no_more_listed),
        cmocka_unit_test (a_batch_goes_on_as_long_as_one_of_it_is_wanted),
        cmocka_unit_test (a_bye_that_says_why_is_the_end_of_the_session_and_hello_has_time),
        cmocka_unit_test (a_second_welcome_means_that_the_first_session_is_over),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
