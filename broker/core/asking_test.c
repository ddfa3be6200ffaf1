#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "broker/core/play.h"

static void
a_question_that_nobody_is_asked_is_allowed (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 1\n"
          "   0 > ASK r1 q1\n"
          "   0 < DECIDE r1 allow because NOT_MATCHED\n"
          "   0 > SUBSCRIBE A webhook phase pre type a.*\n"
          "   0 < SAVE 2: A, A floor 0 quiet\n"
          "   0 > ASK r2 q2 type=b.c\n"
          "   0 < DECIDE r2 allow because NOT_MATCHED\n");
}

static void
its_worker_allows_or_denies (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook phase pre\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > ASK r1 q1\n"
          "   1 < DELIVER L1 w1 S q1 attempt 1 because ASKED\n"
          "   5 > SETTLE L1 ok says allow\n"
          "   5 < SETTLED L1 because ANSWERED\n"
          "   5 < DECIDE r1 allow; S ANSWERED allow because ANSWERED\n"
          "   6 > ASK r2 q2\n"
          "   6 < DELIVER L2 w1 S q2 attempt 1 because ASKED\n"
          "   9 > SETTLE L2 ok says deny because empty\n"
          "   9 < SETTLED L2 because ANSWERED\n"
          "   9 < DECIDE r2 deny \"empty\"; S ANSWERED deny \"empty\" because ANSWERED\n"
          "  10 > ASK r3 q3\n"
          "  10 < DELIVER L3 w1 S q3 attempt 1 because ASKED\n"
          "  11 > SETTLE L3 ok\n"
          "  11 < SETTLED L3 because ANSWERED\n"
          "  11 < DECIDE r3 allow; S ANSWERED allow because ANSWERED\n");
}

static void
what_is_stored_goes_to_those_that_are_not_asked (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 2: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 3 e1 because NEW\n"
          "   2 > PERSISTED 3: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > ASK r2 q1\n"
          "   3 < DELIVER L2 w1 A q1 attempt 1 because ASKED\n");
}

static void
the_first_that_denies_gives_the_reason (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE C webhook phase pre\n"
        "   0 < SAVE 1: C, C floor 0 quiet\n"
        "   0 > SUBSCRIBE A webhook phase pre\n"
        "   0 < SAVE 2: A, A floor 0 quiet\n"
        "   0 > SUBSCRIBE B webhook phase pre\n"
        "   0 < SAVE 3: B, B floor 0 quiet\n"
        "   0 > HELLO w1 webhook\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   1 > ASK r1 q1\n"
        "   1 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
        "   1 < DELIVER L2 w1 B q1 attempt 1 because ASKED\n"
        "   1 < DELIVER L3 w1 C q1 attempt 1 because ASKED\n"
        "   2 > SETTLE L3 ok says deny because last\n"
        "   2 < SETTLED L3 because ANSWERED\n"
        "   3 > SETTLE L2 ok says deny because first\n"
        "   3 < SETTLED L2 because ANSWERED\n"
        "   4 > SETTLE L1 ok says allow sets title x\n"
        "   4 < SETTLED L1 because ANSWERED\n"
        "   4 < DECIDE r1 deny \"first\"; A ANSWERED allow title=x; B ANSWERED deny \"first\"; C ANSWERED deny \"last\" because ANSWERED\n");
}

static void
changes_are_applied_by_subscription (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE B webhook phase pre\n"
        "   0 < SAVE 1: B, B floor 0 quiet\n"
        "   0 > SUBSCRIBE A webhook phase pre\n"
        "   0 < SAVE 2: A, A floor 0 quiet\n"
        "   0 > HELLO w1 webhook\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   1 > ASK r1 q1\n"
        "   1 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
        "   1 < DELIVER L2 w1 B q1 attempt 1 because ASKED\n"
        "   2 > SETTLE L2 ok says allow sets title of-b state done\n"
        "   2 < SETTLED L2 because ANSWERED\n"
        "   3 > SETTLE L1 ok says allow because tidied sets title of-a by-a yes\n"
        "   3 < SETTLED L1 because ANSWERED\n"
        "   3 < DECIDE r1 allow \"tidied\" title=of-b by-a=yes state=done; A ANSWERED allow \"tidied\" title=of-a by-a=yes; B ANSWERED allow title=of-b state=done because ANSWERED\n");
}

static void
silence_means_what_the_subscription_says (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE A webhook phase pre\n"
        "   0 < SAVE 1: A, A floor 0 quiet\n"
        "   0 > HELLO w1 webhook\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   1 > ASK r1 q1\n"
        "   1 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
        "2001 > TICK\n"
        "2001 < DECIDE r1 allow; A LATE allow because ANSWERED\n"
        "2002 > SETTLE L1 ok says deny\n"
        "2002 < SETTLED L1 because STALE\n"
        "2003 > SUBSCRIBE D webhook phase pre silence deny within 50\n"
        "2003 < SAVE 2: D, D floor 0 quiet\n"
        "2004 > ASK r2 q2\n"
        "2004 < DELIVER L2 w1 A q2 attempt 1 because ASKED\n"
        "2004 < DELIVER L3 w1 D q2 attempt 1 because ASKED\n"
        "2054 > TICK\n"
        "2055 > SETTLE L2 ok says allow\n"
        "2055 < SETTLED L2 because ANSWERED\n"
        "2055 < DECIDE r2 deny \"its worker let the deadline pass\"; A ANSWERED allow; D LATE deny \"its worker let the deadline pass\" because ANSWERED\n");
}

static void
who_asks_may_have_less_time (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre within 5000\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > ASK r1 q1 within 100\n"
          "   1 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
          " 101 > TICK\n"
          " 101 < DECIDE r1 allow; A LATE allow because ANSWERED\n");
}

static void
garbage_and_failures_are_silence (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE A webhook phase pre\n"
        "   0 < SAVE 1: A, A floor 0 quiet\n"
        "   0 > SUBSCRIBE D webhook phase pre silence deny\n"
        "   0 < SAVE 2: D, D floor 0 quiet\n"
        "   0 > HELLO w1 webhook\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   1 > ASK r1 q1\n"
        "   1 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
        "   1 < DELIVER L2 w1 D q1 attempt 1 because ASKED\n"
        "   2 > SETTLE L1 ok says nonsense\n"
        "   2 < SETTLED L1 because BAD_ANSWER\n"
        "   3 > SETTLE L2 ok says maybe\n"
        "   3 < SETTLED L2 because BAD_ANSWER\n"
        "   3 < DECIDE r1 deny \"the answer's decision is \"maybe\"; there are \"allow\" and \"deny\"\"; A BAD_ANSWER allow; D BAD_ANSWER deny \"the answer's decision is \"maybe\"; there are \"allow\" and \"deny\"\" because ANSWERED\n"
        "   4 > ASK r2 q2\n"
        "   4 < DELIVER L3 w1 A q2 attempt 1 because ASKED\n"
        "   4 < DELIVER L4 w1 D q2 attempt 1 because ASKED\n"
        "   5 > SETTLE L3 retry\n"
        "   5 < SETTLED L3 because FAILED\n"
        "   6 > SETTLE L4 fail\n"
        "   6 < SETTLED L4 because FAILED\n"
        "   6 < DECIDE r2 deny \"its action failed\"; A FAILED allow; D FAILED deny \"its action failed\" because ANSWERED\n");
}

static void
who_gives_up_at_the_deadline_is_late (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > ASK r1 q1\n"
          "   1 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
          "2001 > SETTLE L1 retry\n"
          "2001 < SETTLED L1 because LATE\n"
          "2001 < DECIDE r1 allow; A LATE allow because ANSWERED\n");
}

static void
a_worker_that_comes_in_time_is_asked (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   1 > ASK r1 q1\n"
          " 500 > HELLO w1 webhook\n"
          " 500 < WELCOME w1 because JOINED\n"
          " 501 > CREDIT w1 9\n"
          " 501 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
          " 502 > SETTLE L1 ok says deny\n"
          " 502 < SETTLED L1 because ANSWERED\n"
          " 502 < DECIDE r1 deny; A ANSWERED deny because ANSWERED\n");
}

static void
without_a_worker_or_credit_it_is_silence_with_that_reason (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   1 > ASK r1 q1\n"
          "2001 > HELLO w1 webhook\n"
          "2001 < WELCOME w1 because JOINED\n"
          "2001 < DECIDE r1 allow; A NO_CREDIT allow because ANSWERED\n"
          "2002 > ASK r2 q2\n"
          "3000 > ALIVE w1\n"
          "4002 > TICK\n"
          "4002 < DECIDE r2 allow; A NO_CREDIT allow because ANSWERED\n");
}

static void
another_worker_is_asked_when_one_goes (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > HELLO w2 webhook\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > ASK r1 q1\n"
          "   0 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
          "   1 > CREDIT w2 9\n"
          "   2 > GONE w1\n"
          "   2 < DELIVER L2 w2 A q1 attempt 1 because SESSION_GONE\n"
          "   3 > SETTLE L1 ok says deny by w1\n"
          "   3 < RESET w1 because STRANGER\n"
          "   4 > SETTLE L2 ok says allow by w2\n"
          "   4 < SETTLED L2 because ANSWERED\n"
          "   4 < DECIDE r1 allow; A ANSWERED allow because ANSWERED\n");
}

static void
over_one_question_two_workers_die_and_no_more (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > HELLO w2 webhook\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   0 > HELLO w3 webhook\n"
          "   0 < WELCOME w3 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > ASK r1 q1\n"
          "   0 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
          "   1 > CREDIT w2 9\n"
          "   1 > CREDIT w3 9\n"
          "   2 > GONE w1\n"
          "   2 < DELIVER L2 w2 A q1 attempt 1 because SESSION_GONE\n"
          "   3 > GONE w2\n"
          "   3 < DECIDE r1 allow; A POISON allow because ANSWERED\n");
}

static void
what_is_given_back_or_lost_is_asked_again (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > ASK r1 q1\n"
          "   0 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
          "   1 > RELEASE w1 L1\n"
          "   1 < DELIVER L2 w1 A q1 attempt 1 because RELEASED\n"
          "   2 > ALIVE w1 received 1 L2\n"
          "   3 > ALIVE w1 received 2 L2\n"
          "   4 > ALIVE w1 received 2\n"
          "   4 < DELIVER L3 w1 A q1 attempt 1 because LOST\n"
          "   5 > SETTLE L3 ok says deny\n"
          "   5 < SETTLED L3 because ANSWERED\n"
          "   5 < DECIDE r1 deny; A ANSWERED deny because ANSWERED\n");
}

static void
questions_go_before_deliveries_and_share_their_credit (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 2: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 3 e1 because NEW\n"
          "   2 > PERSISTED 3: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   3 > ASK r2 q1\n"
          "   4 > CREDIT w1 1\n"
          "   4 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
          "   5 > SETTLE L1 ok says allow\n"
          "   5 < SETTLED L1 because ANSWERED\n"
          "   5 < DECIDE r2 allow; A ANSWERED allow because ANSWERED\n"
          "   6 > CREDIT w1 2\n"
          "   6 < DELIVER L2 w1 S e1 attempt 1 because NEW\n");
}

static void
questions_have_a_limit (void **state)
{
    (void)state;
    core_settings_t settings = play_settings ();
    settings.limits.questions = 3;
    play_with (&settings,
               "   0 > SUBSCRIBE A webhook phase pre\n"
               "   0 < SAVE 1: A, A floor 0 quiet\n"
               "   0 > SUBSCRIBE B webhook phase pre\n"
               "   0 < SAVE 2: B, B floor 0 quiet\n"
               "   0 > HELLO w1 webhook\n"
               "   0 < WELCOME w1 because JOINED\n"
               "   0 > CREDIT w1 9\n"
               "   1 > ASK r1 q1\n"
               "   1 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
               "   1 < DELIVER L2 w1 B q1 attempt 1 because ASKED\n"
               "   1 > ASK r2 q2\n"
               "   1 < DECIDE r2 FULL because FULL\n"
               "   2 > SETTLE L1 ok says allow\n"
               "   2 < SETTLED L1 because ANSWERED\n"
               "   2 > SETTLE L2 ok says allow\n"
               "   2 < SETTLED L2 because ANSWERED\n"
               "   2 < DECIDE r1 allow; A ANSWERED allow; B ANSWERED allow because ANSWERED\n"
               "   3 > ASK r3 q3\n"
               "   3 < DELIVER L3 w1 A q3 attempt 1 because ASKED\n"
               "   3 < DELIVER L4 w1 B q3 attempt 1 because ASKED\n");
}

static void
one_that_is_paused_or_deleted_meanwhile (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   0 > SUBSCRIBE B webhook phase pre paused\n"
          "   0 < SAVE 2: B, B floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > ASK r1 q1\n"
          "   1 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
          "   2 > UNSUBSCRIBE A\n"
          "   2 < SAVE 3: A gone\n"
          "   3 > SETTLE L1 ok says deny because gone\n"
          "   3 < SETTLED L1 because ANSWERED\n"
          "   3 < DECIDE r1 deny \"gone\"; A ANSWERED deny \"gone\" because ANSWERED\n");
}

static void
a_broker_that_stops_decides_nothing (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > ASK r1 q1\n"
          "   1 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
          "   2 > STOP\n"
          "   2 < BYE w1 because STOPPING\n"
          "   2 < DECIDE r1 STOPPING because STOPPING\n"
          "   3 > ASK r2 q2\n"
          "   3 < DECIDE r2 STOPPING because STOPPING\n"
          "   4 > SETTLE L1 ok says deny\n"
          "   4 < SETTLED L1 because STALE\n");
}

static void
a_broker_that_stood_still_hears_the_answers_first (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE A webhook phase pre\n"
          "   0 < SAVE 1: A, A floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > ASK r1 q1\n"
          "   1 < DELIVER L1 w1 A q1 attempt 1 because ASKED\n"
          "9000 > ALIVE w1 L1\n"
          "9001 > SETTLE L1 ok says deny because heard\n"
          "9001 < SETTLED L1 because ANSWERED\n"
          "9001 < DECIDE r1 deny \"heard\"; A ANSWERED deny \"heard\" because ANSWERED\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_question_that_nobody_is_asked_is_allowed),
        cmocka_unit_test (its_worker_allows_or_denies),
        cmocka_unit_test (what_is_stored_goes_to_those_that_are_not_asked),
        cmocka_unit_test (the_first_that_denies_gives_the_reason),
        cmocka_unit_test (changes_are_applied_by_subscription),
        cmocka_unit_test (silence_means_what_the_subscription_says),
        cmocka_unit_test (who_asks_may_have_less_time),
        cmocka_unit_test (garbage_and_failures_are_silence),
        cmocka_unit_test (who_gives_up_at_the_deadline_is_late),
        cmocka_unit_test (a_worker_that_comes_in_time_is_asked),
        cmocka_unit_test (without_a_worker_or_credit_it_is_silence_with_that_reason),
        cmocka_unit_test (another_worker_is_asked_when_one_goes),
        cmocka_unit_test (over_one_question_two_workers_die_and_no_more),
        cmocka_unit_test (what_is_given_back_or_lost_is_asked_again),
        cmocka_unit_test (questions_go_before_deliveries_and_share_their_credit),
        cmocka_unit_test (questions_have_a_limit),
        cmocka_unit_test (one_that_is_paused_or_deleted_meanwhile),
        cmocka_unit_test (a_broker_that_stops_decides_nothing),
        cmocka_unit_test (a_broker_that_stood_still_hears_the_answers_first),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
