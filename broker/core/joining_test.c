//  joining_test – what workers say that cannot be, and what they say too late.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

/*  It is told, and harms nobody: the lease is w1's as before. */
static void
anothers_lease_cannot_be_settled (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > HELLO w2 webhook\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   0 > CREDIT w1 1\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > SETTLE L1 fail by w2\n"
          "   3 < ERROR w2 BAD_MESSAGE because ANOTHERS\n"
          "   3 < SETTLED L1 because STALE\n"
          "   4 > SETTLE L2 ok by w2\n"
          "   4 < ERROR w2 BAD_MESSAGE because ANOTHERS\n"
          "   4 < SETTLED L2 because STALE\n"
          "   5 > SETTLE L1 ok\n"
          "   5 < SAVE 3: S 1 attempt 1 ok, S floor 1 quiet\n");
}

/*  And nothing comes of it: what was granted before is what counts. */
static void
more_than_anybody_can_hold_is_not_granted (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 65537\n"
          "   0 < ERROR w1 BAD_MESSAGE because OVERDRAWN\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   3 > CREDIT w1 65536\n"
          "   3 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   4 > CREDIT w1 65537\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (anothers_lease_cannot_be_settled),
        cmocka_unit_test (more_than_anybody_can_hold_is_not_granted),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
