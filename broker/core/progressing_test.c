#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

static void
what_is_said_of_a_lease_is_shown_until_it_ends (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 > TENURE last 0 S floor 0\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > HELLO w2 webhook\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 1 e1 because NEW\n"
          "   2 > PERSISTED 1: e1 seq 1\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > LOOK S 1\n"
          "   3 < S 1 in_flight\n"
          "   4 > PROGRESS w1 L1 10 compiling\n"
          "   5 > LOOK S 1\n"
          "   5 < S 1 in_flight 10% compiling at 4\n"
          "   6 > PROGRESS w2 L1 99 not_mine\n"
          "   6 > PROGRESS w1 L7 99 not_there\n"
          "   7 > LOOK S 1\n"
          "   7 < S 1 in_flight 10% compiling at 4\n"
          "2000 > ALIVE w1 received 1 tells L1\n"
          "3000 > PROGRESS w1 L1 20\n"
          "3001 > LOOK S 1\n"
          "3001 < S 1 in_flight 20%  at 3000\n"
          "3002 > SETTLE L1 retry\n"
          "3002 < SAVE 2: S 1 attempt 1 retry, S 1 retry attempts 1, S floor 1 quiet\n"
          "3003 > PROGRESS w1 L1 30 too_late\n"
          "3004 > LOOK S 1\n"
          "3004 < S 1 retry\n");
}

static void
it_goes_with_the_lease_and_the_next_attempt_begins_without (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 > TENURE last 0 S floor 0\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 1 e1 because NEW\n"
          "   2 > PERSISTED 1: e1 seq 1\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   4 > PROGRESS w1 L1 10 compiling\n"
          "   5 > GONE w1\n"
          "   6 > LOOK S 1\n"
          "   6 < S 1 waiting\n"
          "   7 > HELLO w2 webhook\n"
          "   7 < WELCOME w2 because JOINED\n"
          "   7 > CREDIT w2 9\n"
          "   7 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
          "   8 > LOOK S 1\n"
          "   8 < S 1 in_flight\n");
}

static void
one_a_second_is_taken_in_the_long_run (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 > TENURE last 0 S floor 0\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 1 e1 because NEW\n"
          "   2 > PERSISTED 1: e1 seq 1\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "  10 > PROGRESS w1 L1 1\n"
          "  11 > PROGRESS w1 L1 2\n"
          "  12 > PROGRESS w1 L1 3\n"
          "  13 > LOOK S 1\n"
          "  13 < S 1 in_flight 2%  at 11\n"
          "1009 > PROGRESS w1 L1 4\n"
          "1009 > LOOK S 1\n"
          "1009 < S 1 in_flight 2%  at 11\n"
          "1010 > PROGRESS w1 L1 5\n"
          "1011 > PROGRESS w1 L1 6\n"
          "1011 > LOOK S 1\n"
          "1011 < S 1 in_flight 5%  at 1010\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_is_said_of_a_lease_is_shown_until_it_ends),
        cmocka_unit_test (it_goes_with_the_lease_and_the_next_attempt_begins_without),
        cmocka_unit_test (one_a_second_is_taken_in_the_long_run),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
