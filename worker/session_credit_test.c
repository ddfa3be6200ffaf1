#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "worker/session_play.h"

static void
credit_is_granted_again_for_deliveries_that_were_lost (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 4 L4 a\n"
                  "  10 < BEGIN L4 a\n"
                  "  10 < CREDIT s1 8 bytes 1300\n"
                  "  20 > FINISH L4 ok\n"
                  "  20 < SETTLE s1 L4 ok\n"
                  "  20 < CREDIT s1 9 bytes 1301\n"
                  "  30 > HEARTBEAT s1 5\n"
                  "  40 > HEARTBEAT s1 5\n"
                  "  40 < CREDIT s1 10 bytes 1401\n"
                  "  50 > DELIVER s1 5 L5 a\n"
                  " 900 > TICK\n"
                  " 900 < HEARTBEAT s1 received 5 L4\n"
                  " 900 < CREDIT s1 10 bytes 1401\n");
}

static void
credit_is_told_in_steps_and_at_once_when_it_is_used_up (void **state)
{
    (void)state;
    worker_session_settings_t settings = session_play_settings ();
    settings.capacity = 8;  //  ten are taken, a step is two
    session_play_with (&settings, "   0 < HELLO\n"
                                  "   0 > WELCOME s1 1000\n"
                                  "   0 < CREDIT s1 10 bytes 1000\n"
                                  "   1 > DELIVER s1 1 L1 a\n"
                                  "   1 < BEGIN L1 a\n"
                                  "   2 > DELIVER s1 2 L2 a\n"
                                  "   2 < BEGIN L2 a\n"
                                  "   3 > FINISH L1 ok\n"
                                  "   3 < SETTLE s1 L1 ok\n"
                                  "   4 > FINISH L2 ok\n"
                                  "   4 < SETTLE s1 L2 ok\n"
                                  "   4 < CREDIT s1 12 bytes 1002\n"
                                  "   5 > DELIVER s1 3 L3 a\n"
                                  "   5 < BEGIN L3 a\n"
                                  "   5 > DELIVER s1 4 L4 a\n"
                                  "   5 < BEGIN L4 a\n"
                                  "   5 > DELIVER s1 5 L5 a\n"
                                  "   5 < BEGIN L5 a\n"
                                  "   5 > DELIVER s1 6 L6 a\n"
                                  "   5 < BEGIN L6 a\n"
                                  "   5 > DELIVER s1 7 L7 a\n"
                                  "   5 < BEGIN L7 a\n"
                                  "   5 > DELIVER s1 8 L8 a\n"
                                  "   5 < BEGIN L8 a\n"
                                  "   5 > DELIVER s1 9 L9 a\n"
                                  "   5 > DELIVER s1 10 L10 a\n"
                                  "   5 < CREDIT s1 14 bytes 1002\n"
                                  "   5 > DELIVER s1 11 L11 a\n"
                                  "   5 > DELIVER s1 12 L12 a\n"
                                  "   5 < CREDIT s1 16 bytes 1002\n"
                                  "   6 > FINISH L3 ok\n"
                                  "   6 < BEGIN L9 a\n"
                                  "   6 < SETTLE s1 L3 ok\n"
                                  "   7 > DELIVER s1 13 L13 a\n"
                                  "   8 > FINISH L4 ok\n"
                                  "   8 < BEGIN L10 a\n"
                                  "   8 < SETTLE s1 L4 ok\n");
}

static void
bytes_are_granted_as_events_leave (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a size 600\n"
                  "  10 < BEGIN L1 a\n"
                  "  11 > DELIVER s1 2 L2 a size 600\n"
                  "  11 < BEGIN L2 a\n"
                  "  11 < CREDIT s1 5 bytes 1200\n"
                  "  20 > FINISH L1 ok\n"
                  "  20 < SETTLE s1 L1 ok\n"
                  "  20 < CREDIT s1 6 bytes 1600\n"
                  "  21 > FINISH L2 ok\n"
                  "  21 < SETTLE s1 L2 ok\n"
                  "  21 < CREDIT s1 7 bytes 2200\n");
}

static void
what_cannot_be_begun_before_its_deadline_goes_back (void **state)
{
    (void)state;
    worker_session_settings_t settings = session_play_settings ();
    settings.capacity = 4;
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
                                  "  10 < CREDIT s1 6 bytes 1000\n"
                                  "  10 > DELIVER s1 5 L5 a deadline 2500 timeout 1000\n"
                                  "  10 < CREDIT s1 7 bytes 1000\n"
                                  " 900 > TICK\n"
                                  " 900 < RELEASE s1 L5\n"
                                  " 900 < HEARTBEAT s1 received 5 L1 L2 L3 L4 begun L1 L2 L3\n"
                                  " 900 < CREDIT s1 7 bytes 1001\n"
                                  " 901 > FINISH L1 ok\n"
                                  " 901 < BEGIN L4 a\n"
                                  " 901 < SETTLE s1 L1 ok\n"
                                  " 902 > DELIVER s1 6 L6 a deadline 900 timeout 1000\n"
                                  " 902 < CREDIT s1 8 bytes 1002\n"
                                  " 950 > FINISH L2 ok\n"
                                  " 950 < SETTLE s1 L2 ok\n"
                                  " 950 < RELEASE s1 L6\n"
                                  " 950 < CREDIT s1 9 bytes 1004\n");
}

static void
lanes_take_turns_and_none_has_more_than_its_share_while_others_wait (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 slow\n"
                  "  10 < BEGIN L1 slow\n"
                  "  10 > DELIVER s1 2 L2 slow\n"
                  "  10 < BEGIN L2 slow\n"
                  "  10 > DELIVER s1 3 L3 slow\n"
                  "  10 < BEGIN L3 slow\n"
                  "  10 > DELIVER s1 4 L4 slow\n"
                  "  10 < CREDIT s1 6 bytes 1000\n"
                  "  10 > DELIVER s1 5 L5 slow\n"
                  "  10 < CREDIT s1 7 bytes 1000\n"
                  "  11 > FINISH L1 ok\n"
                  "  11 < BEGIN L4 slow\n"
                  "  11 < SETTLE s1 L1 ok\n"
                  "  12 > DELIVER s1 6 L6 slow\n"
                  "  12 < CREDIT s1 8 bytes 1001\n"
                  "  12 > DELIVER s1 7 L7 quick\n"
                  "  12 < BEGIN L7 quick\n"
                  "  13 > FINISH L2 ok\n"
                  "  13 < SETTLE s1 L2 ok\n"
                  "  13 < CREDIT s1 9 bytes 1002\n"
                  "  14 > FINISH L3 ok\n"
                  "  14 < BEGIN L5 slow\n"
                  "  14 < SETTLE s1 L3 ok\n");
}

/*  Of four it has begun three when two are wanted: what waits goes back, and so does what comes by credit
 *  that it gave before, until there is room. Then it is wanted to have eight.
 */
static void
a_smaller_capacity_takes_no_more_than_it_has_room_for (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000\n"
                  "   0 < CREDIT s1 5 bytes 1000\n"
                  "  10 > DELIVER s1 1 L1 a\n"
                  "  10 < BEGIN L1 a\n"
                  "  10 > DELIVER s1 2 L2 a\n"
                  "  10 < BEGIN L2 a\n"
                  "  10 > DELIVER s1 3 L3 b\n"
                  "  10 < BEGIN L3 b\n"
                  "  10 > DELIVER s1 4 L4 a\n"
                  "  10 < CREDIT s1 6 bytes 1000\n"
                  "  11 > WELCOME s1 1000 2\n"
                  "  11 < RELEASE s1 L4\n"
                  "  12 > DELIVER s1 5 L5 a\n"
                  "  12 < RELEASE s1 L5\n"
                  "  20 > FINISH L1 ok\n"
                  "  20 < SETTLE s1 L1 ok\n"
                  "  21 > FINISH L2 ok\n"
                  "  21 < SETTLE s1 L2 ok\n"
                  "  22 > DELIVER s1 6 L6 b\n"
                  "  22 < CREDIT s1 7 bytes 1004\n"
                  "  23 > DELIVER s1 7 L7 b\n"
                  "  23 < CREDIT s1 8 bytes 1004\n"
                  "  30 > FINISH L3 ok\n"
                  "  30 < BEGIN L6 b\n"
                  "  30 < SETTLE s1 L3 ok\n"
                  " 900 > TICK\n"
                  " 900 < HEARTBEAT s1 received 7 capacity 2 L1 L2 L3 L6 L7 begun L6\n"
                  " 900 < CREDIT s1 8 bytes 1005\n"
                  " 901 > WELCOME s1 1000 8\n"
                  " 901 < BEGIN L7 b\n"
                  " 901 < CREDIT s1 15 bytes 1005\n");
}

/*  It is wanted from the beginning, and again what is usual here; the next session begins with that. */
static void
a_capacity_holds_for_the_session_until_it_is_taken_back (void **state)
{
    (void)state;
    session_play ("   0 < HELLO\n"
                  "   0 > WELCOME s1 1000 2\n"
                  "   0 < CREDIT s1 2 bytes 1000\n"
                  " 900 > TICK\n"
                  " 900 < HEARTBEAT s1 received 0 capacity 2\n"
                  " 900 < CREDIT s1 2 bytes 1000\n"
                  " 901 > WELCOME s1 1000\n"
                  " 901 < CREDIT s1 5 bytes 1000\n"
                  " 902 > WELCOME s1 1000 100000\n"
                  " 902 < CREDIT s1 4096 bytes 1000\n"
                  " 903 > WELCOME s1 1000 2\n"
                  " 904 > RESET\n"
                  " 904 < CONNECT\n"
                  "1100 > TICK\n"
                  "1100 < HELLO former s1\n"
                  "1101 > WELCOME s2 1000\n"
                  "1101 < CREDIT s2 5 bytes 1000\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_smaller_capacity_takes_no_more_than_it_has_room_for),
        cmocka_unit_test (a_capacity_holds_for_the_session_until_it_is_taken_back),
        cmocka_unit_test (credit_is_granted_again_for_deliveries_that_were_lost),
        cmocka_unit_test (credit_is_told_in_steps_and_at_once_when_it_is_used_up),
        cmocka_unit_test (bytes_are_granted_as_events_leave),
        cmocka_unit_test (what_cannot_be_begun_before_its_deadline_goes_back),
        cmocka_unit_test (lanes_take_turns_and_none_has_more_than_its_share_while_others_wait),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
