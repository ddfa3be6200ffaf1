/*  Draining: who gets nothing more, and what becomes of what it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

/*  w1 finishes e1 and gets nothing more; e2 waits though w1 has credit, until that is taken back. */
static void
a_drained_worker_finishes_what_it_has_and_gets_nothing_more (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > DRAIN w1\n"
          "   4 > PUBLISH r2 e2\n"
          "   4 < APPEND 3 e2 because NEW\n"
          "   5 > PERSISTED 3: e2 seq 2\n"
          "   5 < CONFIRM r2 e2 seq 2 because NEW\n"
          "   6 > SETTLE L1 ok\n"
          "   6 < SAVE 4: S 1 attempt 1 ok, S floor 1\n"
          "   7 > PERSISTED 4\n"
          "   7 < SETTLED L1 because KEPT\n"
          "   8 > CREDIT w1 20\n"
          "   9 > DRAIN w1\n"
          "  10 > DRAIN w1 off\n"
          "  10 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "  11 > DRAIN w1 off\n");
}

/*  It holds for the name: w1 comes back, and another has the work. */
static void
it_holds_when_the_worker_joins_again (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > DRAIN w1\n"
          "   2 > GONE w1\n"
          "   3 > HELLO w1 webhook\n"
          "   3 < WELCOME w1 because JOINED\n"
          "   3 > CREDIT w1 9\n"
          "   4 > PUBLISH r1 e1\n"
          "   4 < APPEND 2 e1 because NEW\n"
          "   5 > PERSISTED 2: e1 seq 1\n"
          "   5 < ANSWER OK because KEPT\n"
          "   5 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   6 > HELLO w2 webhook\n"
          "   6 < WELCOME w2 because JOINED\n"
          "   6 > CREDIT w2 9\n"
          "   6 < DELIVER L1 w2 S e1 attempt 1 because NEW\n"
          "   7 > GONE w2\n"
          "   8 > DRAIN w1 off\n"
          "   8 < DELIVER L2 w1 S e1 attempt 1 because SESSION_GONE\n");
}

/*  Who is not here yet can be drained before it comes, and taken back while it is away. */
static void
it_may_be_said_of_one_that_is_away (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > DRAIN w1\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   3 > HELLO w1 webhook\n"
          "   3 < WELCOME w1 because JOINED\n"
          "   3 > CREDIT w1 9\n"
          "   4 > GONE w1\n"
          "   5 > DRAIN w1 off\n"
          "   6 > HELLO w1 webhook\n"
          "   6 < WELCOME w1 because JOINED\n"
          "   6 > CREDIT w1 9\n"
          "   6 < DELIVER L1 w1 S e1 attempt 1 because NEW\n");
}

/*  A drained worker that dies gives back what it had; it is not asked questions either. */
static void
what_a_drained_worker_loses_goes_to_another (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S webhook\n"
        "   0 < SAVE 1: S, S floor 0 quiet\n"
        "   0 > SUBSCRIBE Q webhook phase pre silence deny within 100\n"
        "   0 < SAVE 2: Q, Q floor 0 quiet\n"
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
        "   3 > DRAIN w1\n"
        "   4 > ASK r2 q1\n"
        " 104 > TICK\n"
        " 104 < DECIDE r2 deny \"the workers that offer its action are draining: they get nothing more\"; Q DRAINING deny \"the workers that offer its action are draining: they get nothing more\" because ANSWERED\n"
        " 200 > HELLO w2 webhook\n"
        " 200 < WELCOME w2 because JOINED\n"
        " 200 > CREDIT w2 9\n"
        " 201 > GONE w1\n"
        " 201 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n");
}

/*  Two workers died over e1. w3 is kept free for it while it has e2; it is drained, or leaves: e1 does
 *  not wait for the end of e2, which may be long.
 */
static void
a_suspect_does_not_wait_for_one_that_drains (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook type t\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > SUBSCRIBE L webhook type x\n"
          "   0 < SAVE 2: L, L floor 0 quiet\n"
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
          "   3 > GONE w1\n"
          "   4 > HELLO w2 webhook\n"
          "   4 < WELCOME w2 because JOINED\n"
          "   4 > CREDIT w2 9\n"
          "   4 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
          "   5 > GONE w2\n"
          "   6 > PUBLISH r2 e2 type=x\n"
          "   6 < APPEND 4 e2 because NEW\n"
          "   7 > PERSISTED 4: e2 seq 2\n"
          "   7 < CONFIRM r2 e2 seq 2 because NEW\n"
          "   8 > HELLO w3 webhook\n"
          "   8 < WELCOME w3 because JOINED\n"
          "   8 > CREDIT w3 9\n"
          "   8 < DELIVER L3 w3 L e2 attempt 1 because NEW\n"
          "   9 > DRAIN w3\n"
          "  10 > HELLO w4 webhook\n"
          "  10 < WELCOME w4 because JOINED\n"
          "  10 > CREDIT w4 9\n"
          "  10 < DELIVER L4 w4 S e1 attempt 1 because ALONE\n");
}

static void
a_suspect_does_not_wait_for_one_that_leaves (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook type t\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > SUBSCRIBE L webhook type x\n"
          "   0 < SAVE 2: L, L floor 0 quiet\n"
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
          "   3 > GONE w1\n"
          "   4 > HELLO w2 webhook\n"
          "   4 < WELCOME w2 because JOINED\n"
          "   4 > CREDIT w2 9\n"
          "   4 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
          "   5 > GONE w2\n"
          "   6 > PUBLISH r2 e2 type=x\n"
          "   6 < APPEND 4 e2 because NEW\n"
          "   7 > PERSISTED 4: e2 seq 2\n"
          "   7 < CONFIRM r2 e2 seq 2 because NEW\n"
          "   8 > HELLO w3 webhook\n"
          "   8 < WELCOME w3 because JOINED\n"
          "   8 > CREDIT w3 9\n"
          "   8 < DELIVER L3 w3 L e2 attempt 1 because NEW\n"
          "   9 > BYE w3\n"
          "  10 > HELLO w4 webhook\n"
          "  10 < WELCOME w4 because JOINED\n"
          "  10 > CREDIT w4 9\n"
          "  10 < DELIVER L4 w4 S e1 attempt 1 because ALONE\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_drained_worker_finishes_what_it_has_and_gets_nothing_more),
        cmocka_unit_test (it_holds_when_the_worker_joins_again),
        cmocka_unit_test (it_may_be_said_of_one_that_is_away),
        cmocka_unit_test (what_a_drained_worker_loses_goes_to_another),
        cmocka_unit_test (a_suspect_does_not_wait_for_one_that_drains),
        cmocka_unit_test (a_suspect_does_not_wait_for_one_that_leaves),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
