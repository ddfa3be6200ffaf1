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
          "1005 > TICK\n"
          "1005 < DELIVER L1 w1 S e2 attempt 1 because WINDOW_OVER\n"
          "1005 < DELIVER L2 w1 S e3 attempt 1 because WINDOW_OVER\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (of_a_burst_the_latest_goes_when_the_window_of_the_first_is_over),
    };
    return cmocka_run_group_tests_name ("coalescing", tests, NULL, NULL);
}
