/*  Who seems to have died, and had not; and who may have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

/*  Its connection breaks again and again, and it is the same process each time: nothing is poison. */
static void
a_worker_that_comes_back_had_not_died (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 7\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > GONE w1\n"
          "   4 > HELLO w1 webhook instance 7\n"
          "   4 < WELCOME w1 because JOINED\n"
          "   4 > CREDIT w1 9\n"
          "   4 < DELIVER L2 w1 S e1 attempt 1 because SESSION_GONE\n"
          "   5 > GONE w1\n"
          "   6 > HELLO w1 webhook instance 7\n"
          "   6 < WELCOME w1 because JOINED\n"
          "   6 > CREDIT w1 9\n"
          "   6 < DELIVER L3 w1 S e1 attempt 1 because SESSION_GONE\n"
          "   7 > GONE w1\n"
          "   8 > HELLO w1 webhook instance 7\n"
          "   8 < WELCOME w1 because JOINED\n"
          "   8 > CREDIT w1 9\n"
          "   8 < DELIVER L4 w1 S e1 attempt 1 because SESSION_GONE\n"
          "   9 > SETTLE L4 ok\n"
          "   9 < SAVE 3: S 1 attempt 1 ok, S floor 1 quiet\n");
}

/*  Of the same name, but another process each time: the third death is certain. */
static void
one_that_was_started_again_had_died (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 7\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > GONE w1\n"
          "   4 > HELLO w1 webhook instance 8\n"
          "   4 < WELCOME w1 because JOINED\n"
          "   4 > CREDIT w1 9\n"
          "   4 < DELIVER L2 w1 S e1 attempt 1 because SESSION_GONE\n"
          "   5 > GONE w1\n"
          "   6 > HELLO w1 webhook instance 9\n"
          "   6 < WELCOME w1 because JOINED\n"
          "   6 > CREDIT w1 9\n"
          "   6 < DELIVER L3 w1 S e1 attempt 1 because ALONE\n"
          "   7 > GONE w1\n"
          "   7 < SAVE 3: S 1 attempt 1 fail, S 1 dead attempts 1, S floor 1 quiet\n");
}

/*  w1 is back before w2 dies: one death is left, and e1 need not go alone. */
static void
who_comes_back_late_withdraws_its_own_alone (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 7\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > GONE w1\n"
          "   4 > HELLO w2 webhook instance 8\n"
          "   4 < WELCOME w2 because JOINED\n"
          "   4 > CREDIT w2 9\n"
          "   4 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
          "   5 > HELLO w1 webhook instance 7\n"
          "   5 < WELCOME w1 because JOINED\n"
          "   6 > GONE w2\n"
          "   7 > CREDIT w1 9\n"
          "   7 < DELIVER L3 w1 S e1 attempt 1 because SESSION_GONE\n");
}

//  Whether it had begun when it died, nobody knows: the heartbeat had left before the delivery came.
static void
what_a_heartbeat_crossed_on_its_way_is_suspect (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 99\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > ALIVE w1 received 0 tells\n"
          "   4 > GONE w1\n"
          "   5 > HELLO w2 webhook\n"
          "   5 < WELCOME w2 because JOINED\n"
          "   5 > CREDIT w2 99\n"
          "   5 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
          "   6 > ALIVE w2 received 0 tells\n"
          "   7 > GONE w2\n"
          "   8 > HELLO w3 webhook\n"
          "   8 < WELCOME w3 because JOINED\n"
          "   8 > CREDIT w3 99\n"
          "   8 < DELIVER L3 w3 S e1 attempt 1 because ALONE\n"
          "   9 > ALIVE w3 received 0 tells\n"
          "  10 > GONE w3\n"
          "  10 < SAVE 3: S 1 attempt 1 fail, S 1 dead attempts 1, S floor 1 quiet\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_a_heartbeat_crossed_on_its_way_is_suspect),
        cmocka_unit_test (a_worker_that_comes_back_had_not_died),
        cmocka_unit_test (one_that_was_started_again_had_died),
        cmocka_unit_test (who_comes_back_late_withdraws_its_own_alone),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
