//  Broadcast: told once it is on disk, kept for nobody, and found again in the log.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

static void
a_broadcast_is_told_once_it_is_on_disk_and_delivered_to_nobody (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S cache mode broadcast nowhere\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   1 > HELLO w1 cache\n"
          "   1 < WELCOME w1 because JOINED\n"
          "   1 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1 e2\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   2 < FEED S e1 seq 1 after 0 because NEW\n"
          "   2 < FEED S e2 seq 2 after 1 because NEW\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n");
}

static void
what_does_not_match_lies_between_two_that_do (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S cache mode broadcast nowhere type a.*\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   1 > PUBLISH r1 e1 e2 type=a.b\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   1 > PUBLISH r2 e3 type=b.b\n"
          "   1 < APPEND 3 e3 because NEW\n"
          "   1 > PUBLISH r3 e4 type=a.b\n"
          "   1 < APPEND 4 e4 because NEW\n"
          "   2 > PERSISTED 4: e1 seq 1, e2 seq 2, e3 seq 3, e4 seq 4\n"
          "   2 < FEED S e1 seq 1 after 0 because NEW\n"
          "   2 < FEED S e2 seq 2 after 1 because NEW\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   2 < CONFIRM r2 e3 seq 3 because NEW\n"
          "   2 < FEED S e4 seq 4 after 2 because NEW\n"
          "   2 < CONFIRM r3 e4 seq 4 because NEW\n");
}

static void
who_listens_is_told_of_the_feeds_of_its_actions (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S cache mode broadcast nowhere\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > SUBSCRIBE T other mode broadcast nowhere\n"
          "   0 < SAVE 2: T, T floor 0 quiet\n"
          "   0 > SUBSCRIBE Q cache nowhere\n"
          "   0 < SAVE 3: Q, Q floor 0 quiet\n"
          "   0 > PERSISTED 3\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 < ANSWER OK because KEPT\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 4 e1 because NEW\n"
          "   2 > PERSISTED 4: e1 seq 1\n"
          "   2 < FEED S e1 seq 1 after 0 because NEW\n"
          "   2 < FEED T e1 seq 1 after 0 because NEW\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   3 > HELLO w1 cache\n"
          "   3 < WELCOME w1 because JOINED\n"
          "   3 > LISTEN w1\n"
          "   3 < FEEDS w1 S at 1 because JOINED\n");
}

static void
who_asks_again_at_once_is_not_answered_again (void **state)
{
    (void)state;
    play ("   0 > HELLO w1 cache\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   1 > LISTEN w1\n"
          "   1 < FEEDS w1 because JOINED\n"
          "   2 > LISTEN w1\n"
          " 502 > LISTEN w1\n"
          " 502 < FEEDS w1 because JOINED\n");
}

static void
a_stranger_that_listens_is_told_to_say_hello (void **state)
{
    (void)state;
    play ("   0 > LISTEN w1\n"
          "   0 < RESET w1 because STRANGER\n"
          "   0 > CATCH_UP w1 S above 3\n"
          "   0 < RESET w1 because STRANGER\n");
}

static void
what_was_missed_is_looked_up_in_the_log (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S cache mode broadcast nowhere\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > SUBSCRIBE T other mode broadcast nowhere\n"
          "   0 < SAVE 2: T, T floor 0 quiet\n"
          "   0 > PERSISTED 2\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 < ANSWER OK because KEPT\n"
          "   1 > PUBLISH r1 e1 e2 e3\n"
          "   1 < APPEND 3 e1 e2 e3 because NEW\n"
          "   2 > PERSISTED 3: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   2 < FEED S e1 seq 1 after 0 because NEW\n"
          "   2 < FEED T e1 seq 1 after 0 because NEW\n"
          "   2 < FEED S e2 seq 2 after 1 because NEW\n"
          "   2 < FEED T e2 seq 2 after 1 because NEW\n"
          "   2 < FEED S e3 seq 3 after 2 because NEW\n"
          "   2 < FEED T e3 seq 3 after 2 because NEW\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   3 > HELLO w1 cache\n"
          "   3 < WELCOME w1 because JOINED\n"
          "   3 > CATCH_UP w1 S above 1\n"
          "   3 < CATCH_UP w1 S above 1 to 3 first 1 because BEHIND\n"
          "   3 > CATCH_UP w1 T above 1\n"
          "   3 > CATCH_UP w1 U above 1\n");
}

static void
one_that_is_paused_tells_nothing_and_loses_nothing (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S cache mode broadcast nowhere\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   1 > HELLO w1 cache\n"
          "   1 < WELCOME w1 because JOINED\n"
          "   2 > SUBSCRIBE S cache mode broadcast nowhere paused\n"
          "   2 < SAVE 2: S\n"
          "   2 > PERSISTED 2\n"
          "   2 < ANSWER OK because KEPT\n"
          "   3 > PUBLISH r1 e1 e2\n"
          "   3 < APPEND 3 e1 e2 because NEW\n"
          "   3 > PERSISTED 3: e1 seq 1, e2 seq 2\n"
          "   3 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   4 > LISTEN w1\n"
          "   4 < FEEDS w1 S at 2 because JOINED\n"
          "   5 > SUBSCRIBE S cache mode broadcast nowhere\n"
          "   5 < SAVE 4: S\n"
          "   5 > PERSISTED 4\n"
          "   5 < ANSWER OK because KEPT\n"
          "   6 > PUBLISH r2 e3\n"
          "   6 < APPEND 5 e3 because NEW\n"
          "   6 > PERSISTED 5: e3 seq 3\n"
          "   6 < FEED S e3 seq 3 after 2 because NEW\n"
          "   6 < CONFIRM r2 e3 seq 3 because NEW\n"
          "   7 > CATCH_UP w1 S above 0\n"
          "   7 < CATCH_UP w1 S above 0 to 3 first 1 because BEHIND\n");
}

static void
after_a_restart_a_feed_goes_on_from_the_end_of_the_log (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S cache mode broadcast nowhere\n"
          "   0 > TENURE last 7 level 5 S floor 3\n"
          "   1 > HELLO w1 cache\n"
          "   1 < WELCOME w1 because JOINED\n"
          "   1 > LISTEN w1\n"
          "   1 < FEEDS w1 S at 7 because JOINED\n"
          "   2 > PUBLISH r1 e8\n"
          "   2 < APPEND 1 e8 because NEW\n"
          "   3 > PERSISTED 1: e8 seq 8\n"
          "   3 < FEED S e8 seq 8 after 7 because NEW\n"
          "   3 < CONFIRM r1 e8 seq 8 because NEW\n"
          "   4 > CATCH_UP w1 S above 4\n"
          "   4 < CATCH_UP w1 S above 4 to 8 first 1 because BEHIND\n");
}

//  The outcome of a commit was unknown, and it was committed.
static void
events_that_nobody_announced_are_a_gap (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S cache mode broadcast nowhere\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < FEED S e1 seq 1 after 0 because NEW\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 > PUBLISH r2 e2 e3\n"
          "   2 < APPEND 3 e2 e3 because NEW\n"
          "   2 > NOT_PERSISTED 3 OUTCOME_UNKNOWN\n"
          "   2 < REFUSE r2 OUTCOME_UNKNOWN because UNKNOWN\n"
          "1500 > TICK\n"
          "1500 > PUBLISH r3 e4\n"
          "1500 < APPEND 4 e4 because NEW\n"
          "1501 > PERSISTED 4: e4 seq 4\n"
          "1501 < FEED S e4 seq 4 after 3 because NEW\n"
          "1501 < CONFIRM r3 e4 seq 4 because NEW\n"
          "1502 > PUBLISH r4 e5\n"
          "1502 < APPEND 5 e5 because NEW\n"
          "1503 > PERSISTED 5: e5 dup 5\n"
          "1503 < CONFIRM r4 e5 dup 5 because REPEATED\n"
          "1504 > HELLO w1 cache\n"
          "1504 < WELCOME w1 because JOINED\n"
          "1504 > LISTEN w1\n"
          "1504 < FEEDS w1 S at 5 because JOINED\n");
}

//  Retention takes the beginning of the log however far a broadcast subscription's workers are.
static void
a_broadcast_holds_nothing_back_in_the_log (void **state)
{
    (void)state;
    core_settings_t settings = play_settings ();
    settings.level_ms = 100;
    play_with (&settings, "   0 > SUBSCRIBE S cache mode broadcast nowhere\n"
                          "   0 < SAVE 1: S, S floor 0 quiet\n"
                          "   0 > PERSISTED 1\n"
                          "   0 < ANSWER OK because KEPT\n"
                          "   1 > PUBLISH r1 e1 e2 e3\n"
                          "   1 < APPEND 2 e1 e2 e3 because NEW\n"
                          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
                          "   2 < FEED S e1 seq 1 after 0 because NEW\n"
                          "   2 < FEED S e2 seq 2 after 1 because NEW\n"
                          "   2 < FEED S e3 seq 3 after 2 because NEW\n"
                          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
                          " 200 > TICK\n"
                          " 200 < SAVE 3: level 3\n"
                          " 201 > PERSISTED 3\n"
                          " 202 > TRIM 2\n"
                          " 202 < SAVE 4: trim 2\n"
                          " 203 > PERSISTED 4\n"
                          " 204 > HELLO w1 cache\n"
                          " 204 < WELCOME w1 because JOINED\n"
                          " 204 > CATCH_UP w1 S above 1\n"
                          " 204 < CATCH_UP w1 S above 1 to 3 first 3 because BEHIND\n");
}

static void
with_the_feed_of_all_events_each_is_told_there_too (void **state)
{
    (void)state;
    core_settings_t settings = play_settings ();
    settings.feeds_all = true;
    play_with (&settings, "   0 > SUBSCRIBE S cache mode broadcast nowhere type a.*\n"
                          "   0 < SAVE 1: S, S floor 0 quiet\n"
                          "   0 > PERSISTED 1\n"
                          "   0 < ANSWER OK because KEPT\n"
                          "   1 > PUBLISH r1 e1 type=a.b\n"
                          "   1 < APPEND 2 e1 because NEW\n"
                          "   1 > PUBLISH r2 e2 type=b.b\n"
                          "   1 < APPEND 3 e2 because NEW\n"
                          "   2 > PERSISTED 3: e1 seq 1, e2 seq 2\n"
                          "   2 < FEED * e1 seq 1 after 0 because NEW\n"
                          "   2 < FEED S e1 seq 1 after 0 because NEW\n"
                          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
                          "   2 < FEED * e2 seq 2 after 1 because NEW\n"
                          "   2 < CONFIRM r2 e2 seq 2 because NEW\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_broadcast_is_told_once_it_is_on_disk_and_delivered_to_nobody),
        cmocka_unit_test (what_does_not_match_lies_between_two_that_do),
        cmocka_unit_test (who_listens_is_told_of_the_feeds_of_its_actions),
        cmocka_unit_test (who_asks_again_at_once_is_not_answered_again),
        cmocka_unit_test (a_stranger_that_listens_is_told_to_say_hello),
        cmocka_unit_test (what_was_missed_is_looked_up_in_the_log),
        cmocka_unit_test (one_that_is_paused_tells_nothing_and_loses_nothing),
        cmocka_unit_test (after_a_restart_a_feed_goes_on_from_the_end_of_the_log),
        cmocka_unit_test (events_that_nobody_announced_are_a_gap),
        cmocka_unit_test (a_broadcast_holds_nothing_back_in_the_log),
        cmocka_unit_test (with_the_feed_of_all_events_each_is_told_there_too),
    };
    return cmocka_run_group_tests_name ("feeding", tests, NULL, NULL);
}
