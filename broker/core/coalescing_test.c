#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

static void
of_a_burst_the_latest_goes_when_the_window_of_the_first_is_over (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 1000\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1/a e2/b\n"
          "   5 < APPEND 2 e1 e2 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          " 500 > PUBLISH r2 at 500 e3/a\n"
          " 500 < APPEND 3 e3 because NEW\n"
          " 501 > PERSISTED 3: e3 seq 3\n"
          " 501 < CONFIRM r2 e3 seq 3 because NEW\n"
          " 501 < SAVE 4: S 1 coalesced into e3, S floor 1\n"
          "1004 > TICK\n"
          "1005 > TICK\n"
          "1005 < DELIVER L1 w1 S e2 attempt 1 because WINDOW_OVER\n"
          "1005 < DELIVER L2 w1 S e3 attempt 1 because WINDOW_OVER\n"
          "1010 > SETTLE L1 ok\n"
          "1010 < SAVE 5: S 2 attempt 1 ok, S floor 2\n"
          "1010 > SETTLE L2 ok\n"
          "1010 < SAVE 6: S 3 attempt 1 ok, S floor 3 quiet\n");
}

static void
a_full_burst_ends_its_window (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 60000 most 3\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1/a e2/a e3/a e4/a\n"
          "   5 < APPEND 2 e1 e2 e3 e4 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3, e4 seq 4\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 e4 seq 4 because NEW\n"
          "   6 < DELIVER L1 w1 S e3 attempt 1 because WINDOW_OVER\n"
          "   6 < SAVE 3: S 1 coalesced into e2, S 2 coalesced into e3, S floor 2\n");
}

//  What comes after the window is another burst, though nothing of the first could go yet.
static void
a_window_that_is_over_takes_no_more (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 1000\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   5 > PUBLISH r1 at 5 e1/a\n"
          "   5 < APPEND 2 e1 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 because NEW\n"
          "1005 > TICK\n"
          "1010 > PUBLISH r2 at 1010 e2/a\n"
          "1010 < APPEND 3 e2 because NEW\n"
          "1011 > PERSISTED 3: e2 seq 2\n"
          "1011 < CONFIRM r2 e2 seq 2 because NEW\n"
          "1100 > HELLO w1 webhook\n"
          "1100 < WELCOME w1 because JOINED\n"
          "1100 > CREDIT w1 100\n"
          "1100 < DELIVER L1 w1 S e1 attempt 1 because WINDOW_OVER\n"
          "2010 > TICK\n"
          "2010 < DELIVER L2 w1 S e2 attempt 1 because WINDOW_OVER\n");
}

static void
a_burst_that_is_kept_goes_in_one_batch_and_alone (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 1000 coalesced all most 50\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1/a e2/b e3/a e4/b\n"
          "   5 < APPEND 2 e1 e2 e3 e4 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3, e4 seq 4\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 e4 seq 4 because NEW\n"
          "1005 > TICK\n"
          "1005 < DELIVER L1 w1 S e1 attempt 1 batch 1 because WINDOW_OVER\n"
          "1005 < DELIVER L2 w1 S e3 attempt 1 batch 1 because WINDOW_OVER\n"
          "1005 < DELIVER L3 w1 S e2 attempt 1 batch 2 because WINDOW_OVER\n"
          "1005 < DELIVER L4 w1 S e4 attempt 1 batch 2 because WINDOW_OVER\n"
          "1010 > SETTLE L1 ok\n"
          "1010 < SAVE 3: S 1 attempt 1 ok, S floor 1\n"
          "1010 > SETTLE L2 retry\n"
          "1010 < SAVE 4: S 3 attempt 1 retry, S 3 retry attempts 1, S floor 1 +2\n");
}

//  Both are released at once; the batch of what is left waits as any other.
static void
the_latest_of_several_bursts_may_share_a_batch (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 1000 batch 9 wait 200\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1/a e2/b e3/a\n"
          "   5 < APPEND 2 e1 e2 e3 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   6 < SAVE 3: S 1 coalesced into e3, S floor 1\n"
          "1005 > TICK\n"
          "1205 > TICK\n"
          "1205 < DELIVER L1 w1 S e2 attempt 1 batch 1 because WINDOW_OVER\n"
          "1205 < DELIVER L2 w1 S e3 attempt 1 batch 1 because WINDOW_OVER\n");
}

//  e1 is on its way when the burst of e2 and e3 is over: e3 keeps its place behind it.
static void
with_order_by_key_the_latest_waits_for_what_is_under_way (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 1000 order key\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1/a\n"
          "   5 < APPEND 2 e1 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 because NEW\n"
          "1005 > TICK\n"
          "1005 < DELIVER L1 w1 S e1 attempt 1 because WINDOW_OVER\n"
          "1100 > PUBLISH r2 at 1100 e2/a e3/a\n"
          "1100 < APPEND 3 e2 e3 because NEW\n"
          "1101 > PERSISTED 3: e2 seq 2, e3 seq 3\n"
          "1101 < CONFIRM r2 e2 seq 2 e3 seq 3 because NEW\n"
          "1101 < SAVE 4: S 2 coalesced into e3, S floor 0 +2\n"
          "2100 > TICK\n"
          "2200 > SETTLE L1 ok\n"
          "2200 < DELIVER L2 w1 S e3 attempt 1 because KEY_FREE\n"
          "2200 < SAVE 5: S 1 attempt 1 ok, S floor 2\n");
}

//  The end of the one before frees its key, but the burst of the next is still gathered.
static void
a_key_that_is_free_does_not_end_a_window (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 1000 order key\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1/a\n"
          "   5 < APPEND 2 e1 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 because NEW\n"
          "1005 > TICK\n"
          "1005 < DELIVER L1 w1 S e1 attempt 1 because WINDOW_OVER\n"
          "1100 > PUBLISH r2 at 1100 e2/a\n"
          "1100 < APPEND 3 e2 because NEW\n"
          "1101 > PERSISTED 3: e2 seq 2\n"
          "1101 < CONFIRM r2 e2 seq 2 because NEW\n"
          "1200 > SETTLE L1 ok\n"
          "1200 < SAVE 4: S 1 attempt 1 ok, S floor 1\n"
          "2100 > TICK\n"
          "2100 < DELIVER L2 w1 S e2 attempt 1 because WINDOW_OVER\n");
}

//  From the floor, by the times at which they were accepted.
static void
after_a_restart_a_burst_is_gathered_anew (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 100\n"
          "   0 > TENURE last 3 S floor 0\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 < READ 1 above 0 because BEHIND\n"
          "   0 > CREDIT w1 100\n"
          "   1 > PAGE 1: e1/a e2/b e3/a\n"
          "   1 < SAVE 1: S 1 coalesced into e3, S floor 1\n"
          " 100 > TICK\n"
          " 100 < DELIVER L1 w1 S e2 attempt 1 because WINDOW_OVER\n"
          " 100 < DELIVER L2 w1 S e3 attempt 1 because WINDOW_OVER\n");
}

//  Their windows are over, and all of the page goes before any of them does.
static void
what_is_read_late_is_coalesced_before_it_goes (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 100\n"
          "   0 > TENURE last 3 S floor 0\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 < READ 1 above 0 because BEHIND\n"
          "   0 > CREDIT w1 100\n"
          "5000 > PAGE 1: e1/a e2/b e3/a\n"
          "5000 < DELIVER L1 w1 S e2 attempt 1 because WINDOW_OVER\n"
          "5000 < DELIVER L2 w1 S e3 attempt 1 because WINDOW_OVER\n"
          "5000 < SAVE 1: S 1 coalesced into e3, S floor 1\n");
}

static void
where_memory_is_short_all_windows_end (void **state)
{
    (void)state;
    core_settings_t settings = play_settings ();
    settings.limits.waiting_per_track = 2;
    play_with (&settings, "   0 > SUBSCRIBE S webhook coalesce key window 60000\n"
                          "   0 < SAVE 1: S, S floor 0 quiet\n"
                          "   0 > HELLO w1 webhook\n"
                          "   0 < WELCOME w1 because JOINED\n"
                          "   0 > CREDIT w1 100\n"
                          "   5 > PUBLISH r1 at 5 e1/a e2/b\n"
                          "   5 < APPEND 2 e1 e2 because NEW\n"
                          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
                          "   6 < ANSWER OK because KEPT\n"
                          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
                          "   7 > PUBLISH r2 at 7 e3/c\n"
                          "   7 < APPEND 3 e3 because NEW\n"
                          "   8 > PERSISTED 3: e3 seq 3\n"
                          "   8 < CONFIRM r2 e3 seq 3 because NEW\n"
                          "   8 < DELIVER L1 w1 S e1 attempt 1 because WINDOW_OVER\n"
                          "   8 < DELIVER L2 w1 S e2 attempt 1 because WINDOW_OVER\n");
}

static void
another_version_ends_what_was_gathered_by_other_rules (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 60000\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1/a\n"
          "   5 < APPEND 2 e1 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   7 > SUBSCRIBE S webhook coalesce subject window 60000\n"
          "   7 < DELIVER L1 w1 S e1 attempt 1 because WINDOW_OVER\n"
          "   7 < SAVE 3: S\n");
}

static void
what_is_at_no_such_place_goes_at_once (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce /new/id window 60000\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1\n"
          "   5 < APPEND 2 e1 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   6 < DELIVER L1 w1 S e1 attempt 1 because NEW\n");
}

//  A wall clock that was set back makes no window longer than it is.
static void
a_clock_that_was_set_back_does_not_lengthen_a_window (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 100\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 60005 e1/a\n"
          "   5 < APPEND 2 e1 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 because NEW\n"
          "  10 > PUBLISH r2 at 10 e2/a\n"
          "  10 < APPEND 3 e2 because NEW\n"
          "  11 > PERSISTED 3: e2 seq 2\n"
          "  11 < CONFIRM r2 e2 seq 2 because NEW\n"
          "  11 < SAVE 4: S 1 coalesced into e2, S floor 1\n"
          " 110 > TICK\n"
          " 110 < DELIVER L1 w1 S e2 attempt 1 because WINDOW_OVER\n");
}

static void
a_subscription_that_ends_forgets_its_bursts (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook coalesce key window 60000\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   5 > PUBLISH r1 at 5 e1/a e2/b\n"
          "   5 < APPEND 2 e1 e2 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   7 > UNSUBSCRIBE S\n"
          "   7 < SAVE 3: S gone\n"
          "60005 > TICK\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (of_a_burst_the_latest_goes_when_the_window_of_the_first_is_over),
        cmocka_unit_test (a_full_burst_ends_its_window),
        cmocka_unit_test (a_window_that_is_over_takes_no_more),
        cmocka_unit_test (a_burst_that_is_kept_goes_in_one_batch_and_alone),
        cmocka_unit_test (the_latest_of_several_bursts_may_share_a_batch),
        cmocka_unit_test (with_order_by_key_the_latest_waits_for_what_is_under_way),
        cmocka_unit_test (a_key_that_is_free_does_not_end_a_window),
        cmocka_unit_test (after_a_restart_a_burst_is_gathered_anew),
        cmocka_unit_test (what_is_read_late_is_coalesced_before_it_goes),
        cmocka_unit_test (where_memory_is_short_all_windows_end),
        cmocka_unit_test (another_version_ends_what_was_gathered_by_other_rules),
        cmocka_unit_test (what_is_at_no_such_place_goes_at_once),
        cmocka_unit_test (a_clock_that_was_set_back_does_not_lengthen_a_window),
        cmocka_unit_test (a_subscription_that_ends_forgets_its_bursts),
    };
    return cmocka_run_group_tests_name ("coalescing", tests, NULL, NULL);
}
