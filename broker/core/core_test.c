#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

/*  Promise 1 and the whole road: an answer comes after the commit, and so does the delivery. */
static void
an_event_goes_the_whole_road (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   1 > PERSISTED 1\n"
          "   1 < ANSWER OK because KEPT\n"
          "   2 > HELLO w1 webhook\n"
          "   2 < WELCOME w1 because JOINED\n"
          "   2 > CREDIT w1 1\n"
          "   3 > PUBLISH r1 e1\n"
          "   3 < APPEND 2 e1 because NEW\n"
          "   5 > PERSISTED 2: e1 seq 1\n"
          "   5 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   5 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   9 > SETTLE L1 ok\n"
          "   9 < SAVE 3: S 1 attempt 1 ok, S floor 1 quiet\n"
          "  11 > PERSISTED 3\n"
          "  11 < SETTLED L1 because KEPT\n");
}

/*  Promise 8: w1 goes silent, loses its lease, and answers after all. */
static void
a_late_settle_after_requeue_counts_once (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 1\n"
          "   0 > PUBLISH r1 e1\n"
          "   0 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "3002 > TICK\n"
          "3500 > HELLO w2 webhook\n"
          "3500 < WELCOME w2 because JOINED\n"
          "3500 > CREDIT w2 1\n"
          "3500 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
          "3600 > SETTLE L1 ok\n"
          "3600 < RESET w1 because STRANGER\n"
          "3700 > SETTLE L2 ok by w2\n"
          "3700 < SAVE 3: S 1 attempt 1 ok, S floor 1 quiet\n"
          "3702 > PERSISTED 3\n"
          "3702 < SETTLED L2 because KEPT\n");
}

static void
a_repeated_event_is_confirmed_and_not_delivered_again (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > PUBLISH r1 e1\n"
          "   0 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 > PUBLISH r2 e1 e2\n"
          "   2 < APPEND 3 e1 e2 because NEW\n"
          "   3 > PERSISTED 3: e1 dup 1, e2 seq 2\n"
          "   3 < CONFIRM r2 e1 dup 1 e2 seq 2 because NEW\n"
          "   3 < DELIVER L2 w1 S e2 attempt 1 because NEW\n");
}

static void
a_failing_consumer_is_tried_again_until_its_attempts_are_used_up (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook attempts 2\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > PUBLISH r1 e1\n"
          "   0 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 > SETTLE L1 retry\n"
          "   2 < SAVE 3: S 1 attempt 1 retry, S 1 retry attempts 1, S floor 1 quiet\n"
          "   3 > PERSISTED 3\n"
          "   3 < SETTLED L1 because KEPT\n"
          "1003 > TICK\n"
          "1003 < READ 1 above 0 one because BEHIND\n"
          "1004 > PAGE 1: e1\n"
          "1004 < DELIVER L2 w1 S e1 attempt 2 because DUE\n"
          "1005 > SETTLE L2 retry\n"
          "1005 < SAVE 4: S 1 attempt 2 retry, S 1 dead attempts 2, S floor 1 quiet\n"
          "1006 > PERSISTED 4\n"
          "1006 < SETTLED L2 because KEPT\n");
}

static void
a_final_answer_is_not_tried_again (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > PUBLISH r1 e1\n"
          "   0 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 > SETTLE L1 fail\n"
          "   2 < SAVE 3: S 1 attempt 1 fail, S 1 dead attempts 1, S floor 1 quiet\n");
}

static void
a_skip_ends_it_and_says_nothing_of_the_consumer (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > PUBLISH r1 e1\n"
          "   0 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 > SETTLE L1 skip\n"
          "   2 < SAVE 3: S 1 attempt 1 skip, S floor 1 quiet\n");
}

static void
gone_disables_the_subscription_and_loses_nothing (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > PUBLISH r1 e1\n"
          "   0 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 > SETTLE L1 fail disables\n"
          "   2 < SAVE 3: S 1 attempt 1 fail, S 1 retry attempts 1, S disabled, S floor 1 quiet\n"
          "   3 > PUBLISH r2 e2\n"
          "   3 < APPEND 4 e2 because NEW\n"
          "   4 > PERSISTED 4: e2 seq 2\n"
          "   4 < SETTLED L1 because KEPT\n"
          "   4 < CONFIRM r2 e2 seq 2 because NEW\n"
          "   5 > SUBSCRIBE S webhook\n"
          "   5 < READ 1 above 1 because BEHIND\n"
          "   5 < SAVE 5: S\n"
          "   6 > PAGE 1: e2\n"
          "   6 < DELIVER L2 w1 S e2 attempt 1 because NEW\n");
}

/*  Promise 5: while e1 is under way, e2 of the same key waits, and e3 of another does not. */
static void
of_one_key_only_one_is_under_way (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook order key\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > PUBLISH r1 e1/k e2/k e3/other\n"
          "   0 < APPEND 2 e1 e2 e3 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   1 < DELIVER L2 w1 S e3 attempt 1 because NEW\n"
          "   2 > SETTLE L1 retry\n"
          "   2 < SAVE 3: S 1 attempt 1 retry, S 1 retry attempts 1, S floor 1\n"
          "   3 > SETTLE L2 ok\n"
          "   3 < SAVE 4: S 3 attempt 1 ok, S floor 1 +2\n"
          "1100 > TICK\n"
          "1100 < READ 1 above 0 one because BEHIND\n"
          "1101 > PAGE 1: e1\n"
          "1101 < DELIVER L3 w1 S e1 attempt 2 because DUE\n"
          "1102 > SETTLE L3 ok\n"
          "1102 < DELIVER L4 w1 S e2 attempt 1 because KEY_FREE\n"
          "1102 < SAVE 5: S 1 attempt 2 ok, S 1 ended, S floor 1 +2\n"
          "1103 > SETTLE L4 ok\n"
          "1103 < SAVE 6: S 2 attempt 1 ok, S floor 3 quiet\n");
}

/*  After a restart e1 is known to be a retry and e3 to be held; e2, between them, was in flight. */
static void
order_by_key_outlives_a_restart (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook order key\n"
          "   0 > TENURE last 3 S floor 1 +2 seq 1 retry attempts 1 due 500 seq 3 held\n"
          "   0 < READ 1 above 0 one because BEHIND\n"
          "   0 < READ 2 above 2 one because BEHIND\n"
          "   0 < READ 3 above 1 because BEHIND\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PAGE 1: e1/k\n"
          "   1 > PAGE 2: e3/k\n"
          "   2 > PAGE 3: e2/k e3\n"
          " 600 > TICK\n"
          " 600 < READ 4 above 0 one because BEHIND\n"
          " 601 > PAGE 4: e1\n"
          " 601 < DELIVER L1 w1 S e1 attempt 2 because DUE\n"
          " 602 > SETTLE L1 ok\n"
          " 602 < DELIVER L2 w1 S e2 attempt 1 because KEY_FREE\n"
          " 602 < SAVE 1: S 1 attempt 2 ok, S 1 ended, S floor 1 +2\n"
          " 603 > SETTLE L2 ok\n"
          " 603 < READ 5 above 2 one because BEHIND\n"
          " 603 < SAVE 2: S 2 attempt 1 ok, S floor 3 quiet\n"
          " 604 > PAGE 5: e3\n"
          " 604 < DELIVER L3 w1 S e3 attempt 1 because KEY_FREE\n"
          " 605 > SETTLE L3 ok\n"
          " 605 < SAVE 3: S 3 attempt 1 ok, S 3 ended, S floor 3 quiet\n");
}

static void
credit_is_a_total_and_bounds_what_is_sent (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 1\n"
          "   0 > PUBLISH r1 e1 e2 e3\n"
          "   0 < APPEND 2 e1 e2 e3 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 > CREDIT w1 1\n"
          "   3 > CREDIT w1 2\n"
          "   3 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   4 > BYE w1\n"
          "   5 > CREDIT w1 3\n");
}

static void
two_subscriptions_take_turns (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   0 > SUBSCRIBE B webhook\n"
          "   0 < SAVE 2: B, B floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > PUBLISH r1 e1 e2 e3\n"
          "   0 < APPEND 3 e1 e2 e3 because NEW\n"
          "   1 > PERSISTED 3: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   2 > CREDIT w1 4\n"
          "   2 < DELIVER L1 w1 A e1 attempt 1 because NEW\n"
          "   2 < DELIVER L2 w1 A e2 attempt 1 because NEW\n"
          "   2 < DELIVER L3 w1 A e3 attempt 1 because NEW\n"
          "   2 < DELIVER L4 w1 B e1 attempt 1 because NEW\n");
}

static void
what_a_worker_never_got_goes_to_another (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 2\n"
          "   0 > PUBLISH r1 e1 e2\n"
          "   0 < APPEND 2 e1 e2 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   1 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   2 > ALIVE w1 received 2 L2\n"
          "   3 > HELLO w2 webhook\n"
          "   3 < WELCOME w2 because JOINED\n"
          "   3 > CREDIT w2 2\n"
          "   3 < DELIVER L3 w2 S e1 attempt 1 because LOST\n");
}

static void
a_released_lease_is_no_attempt (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 2\n"
          "   0 > PUBLISH r1 e1\n"
          "   0 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 > RELEASE w1 L1\n"
          "   2 < DELIVER L2 w1 S e1 attempt 1 because RELEASED\n");
}

static void
a_stranger_is_told_to_say_hello (void **state)
{
    (void)state;
    play ("   0 > CREDIT w1 2\n"
          "   0 < RESET w1 because STRANGER\n");
}

/*  Promise 7, and a disk that fills: refused before anything is accepted, well again by itself. */
static void
a_full_store_refuses_and_recovers (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 2\n"
          "   0 > PUBLISH r1 e1\n"
          "   0 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 > PUBLISH r2 e2\n"
          "   2 < APPEND 3 e2 because NEW\n"
          "   2 > SETTLE L1 ok\n"
          "   2 < SAVE 4: S 1 attempt 1 ok, S floor 1 quiet\n"
          "   3 > NOT_PERSISTED 3 FULL\n"
          "   3 < REFUSE r2 FULL because STORE\n"
          "   4 > PUBLISH r3 e3\n"
          "   4 < REFUSE r3 FULL because FULL\n"
          "1003 > TICK\n"
          "1003 < SAVE 5: S 1 attempt 1 ok, S floor 1 quiet\n"
          "1004 > PUBLISH r4 e3\n"
          "1004 < APPEND 6 e3 because NEW\n"
          "1005 > PERSISTED 6: e3 seq 2\n"
          "1005 < SETTLED L1 because KEPT\n"
          "1005 < CONFIRM r4 e3 seq 2 because NEW\n"
          "1005 < DELIVER L2 w1 S e3 attempt 1 because NEW\n");
}

/*  A connection broke in the commit, and it had happened: what nobody announced is in the log. */
static void
what_was_stored_without_our_knowing_is_read_from_the_log (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > PUBLISH r1 e1\n"
          "   0 < APPEND 2 e1 because NEW\n"
          "   1 > NOT_PERSISTED 2 OUTCOME_UNKNOWN\n"
          "   1 < REFUSE r1 OUTCOME_UNKNOWN because UNKNOWN\n"
          "1001 > TICK\n"
          "1002 > PUBLISH r2 e2\n"
          "1002 < APPEND 3 e2 because NEW\n"
          "1003 > PERSISTED 3: e2 seq 2\n"
          "1003 < ANSWER OK because KEPT\n"
          "1003 < CONFIRM r2 e2 seq 2 because NEW\n"
          "1003 < READ 1 above 0 because BEHIND\n"
          "1004 > PAGE 1: e1 e2\n"
          "1004 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "1004 < DELIVER L2 w1 S e2 attempt 1 because NEW\n");
}

static void
a_restart_reads_on_from_the_floor (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 > TENURE last 3 S floor 1\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 < READ 1 above 1 because BEHIND\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PAGE 1: e2 e3\n"
          "   1 < DELIVER L1 w1 S e2 attempt 1 because NEW\n"
          "   1 < DELIVER L2 w1 S e3 attempt 1 because NEW\n");
}

static void
what_is_out_of_order_is_a_bit_above_the_floor (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > PUBLISH r1 e1 e2 e3\n"
          "   0 < APPEND 2 e1 e2 e3 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   1 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   1 < DELIVER L3 w1 S e3 attempt 1 because NEW\n"
          "   2 > SETTLE L2 ok\n"
          "   2 < SAVE 3: S 2 attempt 1 ok, S floor 0 +2\n"
          "   3 > SETTLE L1 ok\n"
          "   3 < SAVE 4: S 1 attempt 1 ok, S floor 2\n");
}

static void
an_orderly_stop_says_bye_and_keeps_what_settles (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > PUBLISH r1 e1\n"
          "   0 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 > STOP\n"
          "   2 < BYE w1 because STOPPING\n"
          "   2 < SAVE 3: level 1, S floor 0\n"
          "   3 > PUBLISH r2 e2\n"
          "   3 < REFUSE r2 STOPPING because STOPPING\n"
          "   4 > SETTLE L1 ok\n"
          "   4 < SAVE 4: S 1 attempt 1 ok, S floor 1 quiet\n");
}

/*  This process was stopped for a minute: w1 is not silent, we did not listen. */
static void
who_was_stopped_itself_declares_nobody_silent (void **state)
{
    (void)state;
    play ("    0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "60000 > TICK\n"
          "60001 > ALIVE w1 received 0\n"
          "61500 > TICK\n"
          "63001 > TICK\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (an_event_goes_the_whole_road),
        cmocka_unit_test (a_late_settle_after_requeue_counts_once),
        cmocka_unit_test (a_repeated_event_is_confirmed_and_not_delivered_again),
        cmocka_unit_test (a_failing_consumer_is_tried_again_until_its_attempts_are_used_up),
        cmocka_unit_test (a_final_answer_is_not_tried_again),
        cmocka_unit_test (a_skip_ends_it_and_says_nothing_of_the_consumer),
        cmocka_unit_test (gone_disables_the_subscription_and_loses_nothing),
        cmocka_unit_test (of_one_key_only_one_is_under_way),
        cmocka_unit_test (order_by_key_outlives_a_restart),
        cmocka_unit_test (credit_is_a_total_and_bounds_what_is_sent),
        cmocka_unit_test (two_subscriptions_take_turns),
        cmocka_unit_test (what_a_worker_never_got_goes_to_another),
        cmocka_unit_test (a_released_lease_is_no_attempt),
        cmocka_unit_test (a_stranger_is_told_to_say_hello),
        cmocka_unit_test (a_full_store_refuses_and_recovers),
        cmocka_unit_test (what_was_stored_without_our_knowing_is_read_from_the_log),
        cmocka_unit_test (a_restart_reads_on_from_the_floor),
        cmocka_unit_test (what_is_out_of_order_is_a_bit_above_the_floor),
        cmocka_unit_test (an_orderly_stop_says_bye_and_keeps_what_settles),
        cmocka_unit_test (who_was_stopped_itself_declares_nobody_silent),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
