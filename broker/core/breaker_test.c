#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

/*  Two failures in a row open it; what waits is not tried, and costs no attempts. */
static void
a_breaker_opens_probes_and_closes (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S webhook in_flight 2 failures 2 probe 5000 attempts 9\n"
        "   0 < SAVE 1: S, S floor 0 quiet\n"
        "   0 > HELLO w1 webhook\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 99\n"
        "   1 > PUBLISH r1 e1 e2 e3\n"
        "   1 < APPEND 2 e1 e2 e3 because NEW\n"
        "   2 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
        "   2 < ANSWER OK because KEPT\n"
        "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
        "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   2 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
        "   3 > SETTLE L1 retry\n"
        "   3 < DELIVER L3 w1 S e3 attempt 1 because NEW\n"
        "   3 < SAVE 3: S 1 attempt 1 retry, S 1 retry attempts 1, S floor 1\n"
        "   4 > SETTLE L2 retry\n"
        "   4 < SAVE 4: S 2 attempt 1 retry, S 2 retry attempts 1, S failures 2 probe 4660, S floor 2\n"
        "   5 > SETTLE L3 retry\n"
        "   5 < SAVE 5: S 3 attempt 1 retry, S 3 retry attempts 1, S floor 3 quiet\n"
        "4661 > TICK\n"
        "4661 < READ 1 above 2 one because BEHIND\n"
        "4662 > PAGE 1: e3\n"
        "4662 < DELIVER L4 w1 S e3 attempt 2 because DUE\n"
        "4700 > SETTLE L4 retry\n"
        "4700 < READ 2 above 0 one because BEHIND\n"
        "4700 < SAVE 6: S 3 attempt 2 retry, S 3 retry attempts 2, S failures 4 probe 14007, S floor 3 quiet\n"
        "9000 > TICK\n"
        "14500 > TICK\n"
        "14501 > PAGE 2: e1\n"
        "14501 < DELIVER L5 w1 S e1 attempt 2 because DUE\n"
        "14600 > SETTLE L5 ok\n"
        "14600 < READ 3 above 1 one because BEHIND\n"
        "14600 < SAVE 7: S 1 attempt 2 ok, S 1 ended, S failures 0, S floor 3 quiet\n"
        "14601 > PAGE 3: e2\n"
        "14601 < DELIVER L6 w1 S e2 attempt 2 because DUE\n"
        "14601 < READ 4 above 2 one because BEHIND\n");
}

static void
an_answer_that_is_final_shows_that_the_consumer_is_there (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook in_flight 1 failures 2\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 99\n"
          "   1 > PUBLISH r1 e1 e2 e3\n"
          "   1 < APPEND 2 e1 e2 e3 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > SETTLE L1 retry\n"
          "   3 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   3 < SAVE 3: S 1 attempt 1 retry, S 1 retry attempts 1, S floor 1\n"
          "   4 > SETTLE L2 fail\n"
          "   4 < DELIVER L3 w1 S e3 attempt 1 because NEW\n"
          "   4 < SAVE 4: S 2 attempt 1 fail, S 2 dead attempts 1, S floor 2\n"
          "   5 > SETTLE L3 retry\n"
          "   5 < SAVE 5: S 3 attempt 1 retry, S 3 retry attempts 1, S floor 3 quiet\n");
}

static void
one_that_fails_for_too_long_is_disabled_and_loses_nothing (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S webhook in_flight 1 failures 1 probe 1000 attempts 50 disable 3000\n"
        "   0 < SAVE 1: S, S floor 0 quiet\n"
        "   0 > HELLO w1 webhook\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 99\n"
        "   1 > PUBLISH r1 e1 e2\n"
        "   1 < APPEND 2 e1 e2 because NEW\n"
        "   2 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
        "   2 < ANSWER OK because KEPT\n"
        "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
        "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   3 > SETTLE L1 retry\n"
        "   3 < SAVE 3: S 1 attempt 1 retry, S 1 retry attempts 1, S failures 1 probe 944, S floor 1\n"
        "1200 > TICK\n"
        "1200 < READ 1 above 0 one because BEHIND\n"
        "1200 < READ 2 above 1 because BEHIND\n"
        "1201 > PAGE 1: e1\n"
        "1201 < DELIVER L2 w1 S e1 attempt 2 because DUE\n"
        "1300 > SETTLE L2 retry\n"
        "1300 < SAVE 4: S 1 attempt 2 retry, S 1 retry attempts 2, S failures 2 probe 3279, S floor 1\n"
        "3400 > TICK\n"
        "3400 < READ 3 above 0 one because BEHIND\n"
        "3401 > PAGE 2: e1\n"
        "3401 < READ 4 above 1 because BEHIND\n"
        "3500 > SETTLE L3 retry\n"
        "3500 < ERROR w1 BAD_MESSAGE because ANOTHERS\n"
        "3500 < SETTLED L3 because STALE\n"
        "9000 > TICK\n");
}

static void
a_rate_is_kept_after_its_burst (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook in_flight 1 failures 2\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 99\n"
          "   1 > PUBLISH r1 e1 e2 e3\n"
          "   1 < APPEND 2 e1 e2 e3 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > SETTLE L1 retry\n"
          "   3 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   3 < SAVE 3: S 1 attempt 1 retry, S 1 retry attempts 1, S floor 1\n"
          "   4 > SETTLE L2 fail\n"
          "   4 < DELIVER L3 w1 S e3 attempt 1 because NEW\n"
          "   4 < SAVE 4: S 2 attempt 1 fail, S 2 dead attempts 1, S floor 2\n"
          "   5 > SETTLE L3 retry\n"
          "   5 < SAVE 5: S 3 attempt 1 retry, S 3 retry attempts 1, S floor 3 quiet\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_breaker_opens_probes_and_closes),
        cmocka_unit_test (an_answer_that_is_final_shows_that_the_consumer_is_there),
        cmocka_unit_test (one_that_fails_for_too_long_is_disabled_and_loses_nothing),
        cmocka_unit_test (a_rate_is_kept_after_its_burst),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
