#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

//  S, w1 and four events, of which w1 has two.
#define UNDER_WAY                                                         \
    "   0 > SUBSCRIBE S webhook in_flight 2\n"                            \
    "   0 > TENURE last 0 S floor 0\n"                                    \
    "   0 > HELLO w1 webhook\n"                                           \
    "   0 < WELCOME w1 because JOINED\n"                                  \
    "   0 > CREDIT w1 2\n"                                                \
    "   1 > PUBLISH r1 e1 e2 e3 e4\n"                                     \
    "   1 < APPEND 1 e1 e2 e3 e4 because NEW\n"                           \
    "   2 > PERSISTED 1: e1 seq 1, e2 seq 2, e3 seq 3, e4 seq 4\n"        \
    "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 e4 seq 4 because NEW\n" \
    "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"                   \
    "   2 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"

static void
one_that_is_in_flight_ends_at_once_and_its_worker_is_told (void **state)
{
    (void)state;
    play (UNDER_WAY "   3 > CANCEL S 1\n"
                    "   3 < CANCEL w1 L1 because CANCELLED\n"
                    "   3 < SAVE 2: S 1 attempt 1 fail, S 1 dead attempts 1, S floor 1\n"
                    "   4 > SETTLE L1 ok\n"
                    "   4 < SAVE 3\n"
                    "   5 > PERSISTED 3\n"
                    "   5 < SETTLED L1 because KEPT\n");
}

static void
what_waits_is_dead_at_once_and_redriven_like_any_other (void **state)
{
    (void)state;
    play (UNDER_WAY "   3 > CANCEL S 3\n"
                    "   3 < SAVE 2: S 3 dead attempts 0, S floor 0 +3\n"
                    "   4 > SETTLE L2 retry\n"
                    "   4 < SAVE 3: S 2 attempt 1 retry, S 2 retry attempts 1, S floor 0 +2 +3\n"
                    "   5 > CANCEL S 2\n"
                    "   5 < SAVE 4: S 2 dead attempts 1, S floor 0 +2 +3\n"
                    "   6 > REDRIVE S 2 attempts 1\n"
                    "   6 < READ 1 above 1 one because BEHIND\n"
                    "   6 < SAVE 5: S 2 retry attempts 1, S floor 0 +2 +3\n");
}

static void
a_cancel_is_said_until_the_worker_names_the_lease_no_more (void **state)
{
    (void)state;
    play (UNDER_WAY "   3 > CANCEL S 1\n"
                    "   3 < CANCEL w1 L1 because CANCELLED\n"
                    "   3 < SAVE 2: S 1 attempt 1 fail, S 1 dead attempts 1, S floor 1\n"
                    " 500 > ALIVE w1 received 2 L1 L2\n"
                    " 500 < CANCEL w1 L1 because REPEATED\n"
                    "1500 > ALIVE w1 received 2 L2\n"
                    "1600 > CREDIT w1 3\n"
                    "1600 < DELIVER L3 w1 S e3 attempt 1 because NEW\n"
                    "2500 > ALIVE w1 received 3 L1 L2\n");
}

static void
the_key_of_one_that_is_cancelled_goes_on (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook order key\n"
          "   0 > TENURE last 0 S floor 0\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1/k e2/k e3/k\n"
          "   1 < APPEND 1 e1 e2 e3 because NEW\n"
          "   2 > PERSISTED 1: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > CANCEL S 2\n"
          "   3 < SAVE 2: S 2 dead attempts 0, S floor 0 +2\n"
          "   4 > CANCEL S 1\n"
          "   4 < CANCEL w1 L1 because CANCELLED\n"
          "   4 < DELIVER L2 w1 S e3 attempt 1 because KEY_FREE\n"
          "   4 < SAVE 3: S 1 attempt 1 fail, S 1 dead attempts 1, S floor 2\n");
}

/*  It lags, and has not been read: once it is, it has ended. A second time there is nothing to cancel. */
static void
one_that_waits_in_the_log_is_cancelled_unread (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook paused\n"
          "   0 > TENURE last 4 S floor 0\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > CANCEL S 3\n"
          "   1 < SAVE 1: S 3 dead attempts 0, S floor 0 +3\n"
          "   2 > CANCEL S 3\n"
          "   2 > CANCEL S 1\n"
          "   2 < SAVE 2: S 1 dead attempts 0, S floor 1 +2\n"
          "   3 > SUBSCRIBE S webhook\n"
          "   3 < READ 1 above 0 because BEHIND\n"
          "   3 < SAVE 3: S\n"
          "   4 > PAGE 1: e1 e2 e3 e4\n"
          "   4 < DELIVER L1 w1 S e2 attempt 1 because NEW\n"
          "   4 < DELIVER L2 w1 S e4 attempt 1 because NEW\n");
}

//  It was cancelled unread, and has come back: what is earlier of its key is read before anything goes.
static void
one_that_was_cancelled_unread_goes_in_its_keys_order (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook order key paused\n"
          "   0 > TENURE last 4 S floor 0\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > CANCEL S 3\n"
          "   1 < SAVE 1: S 3 dead attempts 0, S floor 0 +3\n"
          "   2 > REDRIVE S 3\n"
          "   2 < SAVE 2: S 3 retry attempts 0, S floor 0 +3\n"
          "   3 > SUBSCRIBE S webhook order key\n"
          "   3 < READ 1 above 2 one because BEHIND\n"
          "   3 < READ 2 above 0 because BEHIND\n"
          "   3 < SAVE 3: S\n"
          "   4 > PAGE 1: e3/k\n"
          "   5 > PAGE 2: e1/k e2/j e3/k e4/j\n"
          "   5 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   5 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   6 > SETTLE L1 ok\n"
          "   6 < DELIVER L3 w1 S e3 attempt 1 because KEY_FREE\n"
          "   6 < SAVE 4: S 1 attempt 1 ok, S floor 1 +2\n");
}

static void
the_others_of_its_batch_go_on (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 2 wait 0\n"
          "   0 > TENURE last 0 S floor 0\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1 e2\n"
          "   1 < APPEND 1 e1 e2 because NEW\n"
          "   2 > PERSISTED 1: e1 seq 1, e2 seq 2\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "   2 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
          "   3 > CANCEL S 2\n"
          "   3 < CANCEL w1 L2 because CANCELLED\n"
          "   3 < SAVE 2: S 2 attempt 1 fail, S 2 dead attempts 1, S floor 0 +2\n"
          "   4 > SETTLE L1 ok\n"
          "   4 < SAVE 3: S 1 attempt 1 ok, S floor 2 quiet\n"
          "   5 > SETTLE L2 ok\n"
          "   5 < SAVE 4\n");
}

static void
a_cancelled_lease_goes_with_its_session (void **state)
{
    (void)state;
    play (UNDER_WAY "   3 > CANCEL S 1\n"
                    "   3 < CANCEL w1 L1 because CANCELLED\n"
                    "   3 < SAVE 2: S 1 attempt 1 fail, S 1 dead attempts 1, S floor 1\n"
                    "   4 > GONE w1\n"
                    "   5 > HELLO w2 webhook\n"
                    "   5 < WELCOME w2 because JOINED\n"
                    "   5 > CREDIT w2 9\n"
                    "   5 < DELIVER L3 w2 S e3 attempt 1 because NEW\n"
                    "   5 < DELIVER L4 w2 S e4 attempt 1 because NEW\n");
}

/*  What it lets go of while it is paused it reads again. Until then nobody knows of what key a letter is. */
static void
a_letter_that_is_redriven_overtakes_nothing_that_a_pause_let_go_of (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook order key\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   1 > PUBLISH r1 e1/k e2/k\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   3 > CANCEL S 2\n"
          "   3 < SAVE 3: S 2 dead attempts 0, S floor 0 +2\n"
          "   4 > REDRIVE S 2\n"
          "   4 < READ 1 above 1 one because BEHIND\n"
          "   4 < SAVE 4: S 2 retry attempts 0, S floor 0 +2\n"
          "   5 > SUBSCRIBE S webhook order key paused\n"
          "   5 < SAVE 5: S\n"
          "   6 > PAGE 1: e2\n"
          "   7 > SUBSCRIBE S webhook order key\n"
          "   7 < READ 2 above 0 because BEHIND\n"
          "   7 < SAVE 6: S\n"
          "   8 > HELLO w1 webhook\n"
          "   8 < WELCOME w1 because JOINED\n"
          "   8 > CREDIT w1 9\n"
          "   9 > PAGE 2: e1 e2\n"
          "   9 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "  10 > SETTLE L1 ok\n"
          "  10 < DELIVER L2 w1 S e2 attempt 1 because KEY_FREE\n"
          "  10 < SAVE 7: S 1 attempt 1 ok, S floor 2 quiet\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (one_that_is_in_flight_ends_at_once_and_its_worker_is_told),
        cmocka_unit_test (what_waits_is_dead_at_once_and_redriven_like_any_other),
        cmocka_unit_test (a_cancel_is_said_until_the_worker_names_the_lease_no_more),
        cmocka_unit_test (the_key_of_one_that_is_cancelled_goes_on),
        cmocka_unit_test (one_that_waits_in_the_log_is_cancelled_unread),
        cmocka_unit_test (one_that_was_cancelled_unread_goes_in_its_keys_order),
        cmocka_unit_test (the_others_of_its_batch_go_on),
        cmocka_unit_test (a_cancelled_lease_goes_with_its_session),
        cmocka_unit_test (a_letter_that_is_redriven_overtakes_nothing_that_a_pause_let_go_of),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
