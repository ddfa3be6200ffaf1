#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "broker/core/play.h"

static void
a_delivery_goes_only_to_a_worker_with_all_the_labels (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook wants region=eu wants tier=fast\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > HELLO plain webhook\n"
          "   0 < WELCOME plain because JOINED\n"
          "   0 > CREDIT plain 10\n"
          "   0 > HELLO us webhook with tier=fast region=us\n"
          "   0 < WELCOME us because JOINED\n"
          "   0 > CREDIT us 10\n"
          "   0 > HELLO slow webhook with region=eu\n"
          "   0 < WELCOME slow because JOINED\n"
          "   0 > CREDIT slow 10\n"
          "   0 > HELLO other exec with region=eu tier=fast\n"
          "   0 < WELCOME other because JOINED\n"
          "   0 > CREDIT other 10\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 > HELLO fits webhook with tier=fast region=eu a=b\n"
          "   2 < WELCOME fits because JOINED\n"
          "   2 > CREDIT fits 10\n"
          "   2 < DELIVER L1 fits S e1 attempt 1 because NEW\n"
          "   3 > PUBLISH r2 e2\n"
          "   3 < APPEND 3 e2 because NEW\n"
          "   3 > PERSISTED 3: e2 seq 2\n"
          "   3 < CONFIRM r2 e2 seq 2 because NEW\n"
          "   3 < DELIVER L2 fits S e2 attempt 1 because NEW\n");
}

static void
who_wants_no_labels_is_served_by_everybody (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > HELLO eu webhook with region=eu\n"
          "   0 < WELCOME eu because JOINED\n"
          "   0 > CREDIT eu 1\n"
          "   0 > HELLO plain webhook\n"
          "   0 < WELCOME plain because JOINED\n"
          "   0 > CREDIT plain 1\n"
          "   1 > PUBLISH r1 e1 e2\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   1 < DELIVER L1 eu S e1 attempt 1 because NEW\n"
          "   1 < DELIVER L2 plain S e2 attempt 1 because NEW\n");
}

static void
a_worker_is_there_before_the_subscription (void **state)
{
    (void)state;
    play ("   0 > HELLO eu webhook with region=eu\n"
          "   0 < WELCOME eu because JOINED\n"
          "   0 > CREDIT eu 10\n"
          "   0 > HELLO us webhook with region=us\n"
          "   0 < WELCOME us because JOINED\n"
          "   0 > CREDIT us 10\n"
          "   1 > SUBSCRIBE S webhook wants region=us\n"
          "   1 < SAVE 1: S, S floor 0 quiet\n"
          "   1 > PERSISTED 1\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 us S e1 attempt 1 because NEW\n"
          "   2 > UNSUBSCRIBE S\n"
          "   2 < SAVE 3: S gone\n"
          "   2 > PERSISTED 3\n"
          "   2 < ANSWER OK because KEPT\n"
          "   3 > SUBSCRIBE S webhook wants region=eu\n"
          "   3 < SAVE 4: S, S floor 1 quiet\n"
          "   3 > PERSISTED 4\n"
          "   3 < ANSWER OK because KEPT\n"
          "   3 > PUBLISH r2 e2\n"
          "   3 < APPEND 5 e2 because NEW\n"
          "   3 > PERSISTED 5: e2 seq 2\n"
          "   3 < CONFIRM r2 e2 seq 2 because NEW\n"
          "   3 < DELIVER L2 eu S e2 attempt 1 because NEW\n");
}

static void
one_that_comes_to_want_others_sends_the_next_to_them (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook wants region=us\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > HELLO eu webhook with region=eu\n"
          "   0 < WELCOME eu because JOINED\n"
          "   0 > CREDIT eu 10\n"
          "   0 > HELLO us webhook with region=us\n"
          "   0 < WELCOME us because JOINED\n"
          "   0 > CREDIT us 10\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 us S e1 attempt 1 because NEW\n"
          "   2 > SUBSCRIBE S webhook wants region=eu\n"
          "   2 < SAVE 3: S\n"
          "   2 > PERSISTED 3\n"
          "   2 < ANSWER OK because KEPT\n"
          "   3 > PUBLISH r2 e2\n"
          "   3 < APPEND 4 e2 because NEW\n"
          "   3 > PERSISTED 4: e2 seq 2\n"
          "   3 < CONFIRM r2 e2 seq 2 because NEW\n"
          "   3 < DELIVER L2 eu S e2 attempt 1 because NEW\n"
          "   4 > SETTLE L1 retry by us\n"
          "   4 < SAVE 5: S 1 attempt 1 retry, S 1 retry attempts 1, S floor 1\n"
          "   5 > PERSISTED 5\n"
          "   5 < SETTLED L1 because KEPT\n"
          "2000 > TICK\n"
          "2000 < READ 1 above 0 one because BEHIND\n"
          "2001 > PAGE 1: e1\n"
          "2001 < DELIVER L3 eu S e1 attempt 2 because DUE\n");
}

static void
what_the_lost_one_held_waits_for_another_with_the_labels (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook wants region=eu\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > HELLO eu webhook with region=eu\n"
          "   0 < WELCOME eu because JOINED\n"
          "   0 > CREDIT eu 10\n"
          "   0 > HELLO us webhook with region=us\n"
          "   0 < WELCOME us because JOINED\n"
          "   0 > CREDIT us 10\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 eu S e1 attempt 1 because NEW\n"
          "   2 > GONE eu\n"
          "   3 > HELLO eu2 webhook with region=eu\n"
          "   3 < WELCOME eu2 because JOINED\n"
          "   3 > CREDIT eu2 10\n"
          "   3 < DELIVER L2 eu2 S e1 attempt 1 because SESSION_GONE\n");
}

static void
over_what_workers_died_goes_alone_to_one_with_the_labels (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook wants region=eu\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > HELLO us webhook with region=us\n"
          "   0 < WELCOME us because JOINED\n"
          "   0 > CREDIT us 10\n"
          "   0 > HELLO a webhook with region=eu\n"
          "   0 < WELCOME a because JOINED\n"
          "   0 > CREDIT a 10\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 a S e1 attempt 1 because NEW\n"
          "   2 > GONE a\n"
          "   2 > HELLO b webhook with region=eu\n"
          "   2 < WELCOME b because JOINED\n"
          "   2 > CREDIT b 10\n"
          "   2 < DELIVER L2 b S e1 attempt 1 because SESSION_GONE\n"
          "   3 > GONE b\n"
          "   4 > HELLO c webhook with region=eu\n"
          "   4 < WELCOME c because JOINED\n"
          "   4 > CREDIT c 10\n"
          "   4 < DELIVER L3 c S e1 attempt 1 because ALONE\n");
}

static void
one_that_waits_alone_leaves_the_worker_that_no_longer_fits (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE T webhook type other\n"
          "   0 < SAVE 1: T, T floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > SUBSCRIBE S webhook type t wants region=eu\n"
          "   0 < SAVE 2: S, S floor 0 quiet\n"
          "   0 > PERSISTED 2\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > HELLO a webhook with region=eu\n"
          "   0 < WELCOME a because JOINED\n"
          "   0 > CREDIT a 10\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 3 e1 because NEW\n"
          "   1 > PERSISTED 3: e1 seq 1\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 a S e1 attempt 1 because NEW\n"
          "   2 > GONE a\n"
          "   2 > HELLO b webhook with region=eu\n"
          "   2 < WELCOME b because JOINED\n"
          "   2 > CREDIT b 1\n"
          "   2 < DELIVER L2 b S e1 attempt 1 because SESSION_GONE\n"
          "   3 > HELLO c webhook with region=eu\n"
          "   3 < WELCOME c because JOINED\n"
          "   3 > CREDIT c 10\n"
          "   4 > PUBLISH r2 e2 type=other\n"
          "   4 < APPEND 4 e2 because NEW\n"
          "   4 > PERSISTED 4: e2 seq 2\n"
          "   4 < CONFIRM r2 e2 seq 2 because NEW\n"
          "   4 < DELIVER L3 c T e2 attempt 1 because NEW\n"
          "   5 > GONE b\n"
          "   6 > SUBSCRIBE S webhook wants region=us\n"
          "   6 < SAVE 5: S\n"
          "   6 > PERSISTED 5\n"
          "   6 < ANSWER OK because KEPT\n"
          "   7 > SETTLE L3 ok by c\n"
          "   7 < SAVE 6: T 2 attempt 1 ok, T floor 2 quiet\n"
          "   7 > PERSISTED 6\n"
          "   7 < SETTLED L3 because KEPT\n"
          "   8 > HELLO us webhook with region=us\n"
          "   8 < WELCOME us because JOINED\n"
          "   8 > CREDIT us 10\n"
          "   8 < DELIVER L4 us S e1 attempt 1 because ALONE\n");
}

static void
workers_take_turns_in_each_offer_by_itself (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE EU webhook wants region=eu type x\n"
          "   0 < SAVE 1: EU, EU floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > SUBSCRIBE S webhook type t\n"
          "   0 < SAVE 2: S, S floor 0 quiet\n"
          "   0 > PERSISTED 2\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > HELLO eu webhook with region=eu\n"
          "   0 < WELCOME eu because JOINED\n"
          "   0 > CREDIT eu 10\n"
          "   0 > HELLO us webhook with region=us\n"
          "   0 < WELCOME us because JOINED\n"
          "   0 > CREDIT us 10\n"
          "   1 > PUBLISH r1 e1 type=x\n"
          "   1 < APPEND 3 e1 because NEW\n"
          "   1 > PERSISTED 3: e1 seq 1\n"
          "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   1 < DELIVER L1 eu EU e1 attempt 1 because NEW\n"
          "   2 > SETTLE L1 ok by eu\n"
          "   2 < SAVE 4: EU 1 attempt 1 ok, EU floor 1 quiet\n"
          "   2 > PERSISTED 4\n"
          "   2 < SETTLED L1 because KEPT\n"
          "   3 > PUBLISH r2 e2\n"
          "   3 < APPEND 5 e2 because NEW\n"
          "   3 > PERSISTED 5: e2 seq 2\n"
          "   3 < CONFIRM r2 e2 seq 2 because NEW\n"
          "   3 < DELIVER L2 eu S e2 attempt 1 because NEW\n"
          "   4 > SETTLE L2 ok by eu\n"
          "   4 < SAVE 6: S 2 attempt 1 ok, S floor 2 quiet\n"
          "   4 > PERSISTED 6\n"
          "   4 < SETTLED L2 because KEPT\n"
          "   5 > PUBLISH r3 e3\n"
          "   5 < APPEND 7 e3 because NEW\n"
          "   5 > PERSISTED 7: e3 seq 3\n"
          "   5 < CONFIRM r3 e3 seq 3 because NEW\n"
          "   5 < DELIVER L3 us S e3 attempt 1 because NEW\n");
}

static void
a_question_goes_to_a_worker_with_the_labels (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S check phase pre wants region=eu within 500\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > HELLO us check with region=us\n"
          "   0 < WELCOME us because JOINED\n"
          "   0 > CREDIT us 10\n"
          "   1 > ASK r1 q1\n"
          "   2 > HELLO eu check with region=eu\n"
          "   2 < WELCOME eu because JOINED\n"
          "   2 > CREDIT eu 10\n"
          "   2 < DELIVER L1 eu S q1 attempt 1 because ASKED\n"
          "   3 > UNSUBSCRIBE S\n"
          "   3 < SAVE 2: S gone\n"
          "   4 > SETTLE L1 ok says deny by eu\n"
          "   4 < SETTLED L1 because ANSWERED\n"
          "   4 < DECIDE r1 deny; S ANSWERED deny because ANSWERED\n"
          "   5 > PERSISTED 2\n"
          "   5 < ANSWER OK because KEPT\n"
          "   6 > SUBSCRIBE S check phase pre wants region=as within 500\n"
          "   6 < SAVE 3: S, S floor 0 quiet\n"
          "   6 > PERSISTED 3\n"
          "   6 < ANSWER OK because KEPT\n"
          "   7 > ASK r2 q2\n"
          "   8 > UNSUBSCRIBE S\n"
          "   8 < SAVE 4: S gone\n"
          "   8 > PERSISTED 4\n"
          "   8 < ANSWER OK because KEPT\n"
          " 507 > TICK\n"
          " 507 < DECIDE r2 allow; S NO_WORKER allow because ANSWERED\n");
}

static void
a_broadcast_is_for_listeners_with_the_labels (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S cache nowhere mode broadcast wants region=eu\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > HELLO eu cache with region=eu\n"
          "   0 < WELCOME eu because JOINED\n"
          "   0 > HELLO us cache with region=us\n"
          "   0 < WELCOME us because JOINED\n"
          "   0 > LISTEN eu\n"
          "   0 < FEEDS eu S at 0 because JOINED\n"
          "   0 > LISTEN us\n"
          "   0 < FEEDS us because JOINED\n"
          "   1 > CATCH_UP us S above 0\n"
          "   1 > CATCH_UP eu S above 0\n"
          "   1 < CATCH_UP eu S above 0 to 0 first 1 because BEHIND\n");
}

static void
equal_workers_take_turns (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > HELLO w2 webhook\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   0 > CREDIT w2 9\n"
          "   1 > PUBLISH r1 e1 e2 e3 e4\n"
          "   1 < APPEND 2 e1 e2 e3 e4 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3, e4 seq 4\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 e4 seq 4 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 < DELIVER L2 w2 S e2 attempt 1 because NEW\n"
          "   2 < DELIVER L3 w1 S e3 attempt 1 because NEW\n"
          "   2 < DELIVER L4 w2 S e4 attempt 1 because NEW\n");
}

/*  w1 takes 2 at most, w2 8: of five, w1 has one. */
static void
each_is_as_full_as_the_other_whatever_its_size (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 2\n"
          "   0 > HELLO w2 webhook\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   0 > CREDIT w2 8\n"
          "   1 > PUBLISH r1 e1 e2 e3 e4 e5\n"
          "   1 < APPEND 2 e1 e2 e3 e4 e5 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3, e4 seq 4, e5 seq 5\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 e4 seq 4 e5 seq 5 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 < DELIVER L2 w2 S e2 attempt 1 because NEW\n"
          "   2 < DELIVER L3 w2 S e3 attempt 1 because NEW\n"
          "   2 < DELIVER L4 w2 S e4 attempt 1 because NEW\n"
          "   2 < DELIVER L5 w2 S e5 attempt 1 because NEW\n");
}

/*  w1 has four when w2 joins: it is w2's turn until it has as many. */
static void
one_that_joins_has_its_share_at_once (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1 e2 e3 e4\n"
          "   1 < APPEND 2 e1 e2 e3 e4 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3, e4 seq 4\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 e4 seq 4 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   2 < DELIVER L3 w1 S e3 attempt 1 because NEW\n"
          "   2 < DELIVER L4 w1 S e4 attempt 1 because NEW\n"
          "   3 > HELLO w2 webhook\n"
          "   3 < WELCOME w2 because JOINED\n"
          "   3 > CREDIT w2 9\n"
          "   4 > PUBLISH r2 e5 e6 e7 e8 e9\n"
          "   4 < APPEND 3 e5 e6 e7 e8 e9 because NEW\n"
          "   5 > PERSISTED 3: e5 seq 5, e6 seq 6, e7 seq 7, e8 seq 8, e9 seq 9\n"
          "   5 < CONFIRM r2 e5 seq 5 e6 seq 6 e7 seq 7 e8 seq 8 e9 seq 9 because NEW\n"
          "   5 < DELIVER L5 w2 S e5 attempt 1 because NEW\n"
          "   5 < DELIVER L6 w2 S e6 attempt 1 because NEW\n"
          "   5 < DELIVER L7 w2 S e7 attempt 1 because NEW\n"
          "   5 < DELIVER L8 w2 S e8 attempt 1 because NEW\n"
          "   5 < DELIVER L9 w1 S e9 attempt 1 because NEW\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_delivery_goes_only_to_a_worker_with_all_the_labels),
        cmocka_unit_test (who_wants_no_labels_is_served_by_everybody),
        cmocka_unit_test (a_worker_is_there_before_the_subscription),
        cmocka_unit_test (one_that_comes_to_want_others_sends_the_next_to_them),
        cmocka_unit_test (what_the_lost_one_held_waits_for_another_with_the_labels),
        cmocka_unit_test (over_what_workers_died_goes_alone_to_one_with_the_labels),
        cmocka_unit_test (one_that_waits_alone_leaves_the_worker_that_no_longer_fits),
        cmocka_unit_test (workers_take_turns_in_each_offer_by_itself),
        cmocka_unit_test (equal_workers_take_turns),
        cmocka_unit_test (each_is_as_full_as_the_other_whatever_its_size),
        cmocka_unit_test (one_that_joins_has_its_share_at_once),
        cmocka_unit_test (a_question_goes_to_a_worker_with_the_labels),
        cmocka_unit_test (a_broadcast_is_for_listeners_with_the_labels),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
