/*  What is settled after its session has ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

/*  It waits again, and its worker is back with the word that it went well, before it grants anything. */
static void
what_went_well_before_its_session_ended_is_not_done_again (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 1\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > GONE w1\n"
          "   4 > HELLO w1 webhook instance 1 former w1\n"
          "   4 < WELCOME w1 former because JOINED\n"
          "   4 > SETTLE L1 ok\n"
          "   4 < SAVE 3: S 1 attempt 1 ok, S floor 1 quiet\n"
          "   4 > CREDIT w1 9\n"
          "   5 > SETTLE L1 ok\n"
          "   6 > PERSISTED 3\n"
          "   6 < SETTLED L1 because KEPT\n"
          "   7 > SETTLE L1 ok\n"
          "   7 < SETTLED L1 because STALE\n");
}

/*  He is told to stop; what he says of it then is stale. */
static void
who_has_it_by_now_is_told (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 1\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > HELLO w2 webhook instance 2\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > CREDIT w2 9\n"
          "   4 > GONE w1\n"
          "   4 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
          "   5 > HELLO w1 webhook instance 1 former w1\n"
          "   5 < WELCOME w1 former because JOINED\n"
          "   5 > SETTLE L1 ok\n"
          "   5 < CANCEL w2 L2 because DELIVERED\n"
          "   5 < SAVE 3: S 1 attempt 1 ok, S floor 1 quiet\n"
          "   6 > LOOK S 1\n"
          "   6 < S 1 unknown\n"
          "   7 > SETTLE L2 retry by w2\n"
          "   7 < SAVE 4\n");
}

/*  What comes next of its key must not overtake it. */
static void
who_has_one_of_a_key_decides (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook order key\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 1\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > HELLO w2 webhook instance 2\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   1 > PUBLISH r1 e1/k e2/k\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > CREDIT w2 9\n"
          "   4 > GONE w1\n"
          "   4 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
          "   5 > HELLO w1 webhook instance 1 former w1\n"
          "   5 < WELCOME w1 former because JOINED\n"
          "   5 > SETTLE L1 ok\n"
          "   5 < SETTLED L1 because STALE\n"
          "   6 > SETTLE L2 ok by w2\n"
          "   6 < DELIVER L3 w2 S e2 attempt 1 because KEY_FREE\n"
          "   6 < SAVE 3: S 1 attempt 1 ok, S floor 1\n");
}

/*  Nobody has it: its key is free, and the next goes. */
static void
one_of_a_key_that_waits_ends_and_the_next_goes (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook order key\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 1\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1/k e2/k\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > GONE w1\n"
          "   4 > HELLO w1 webhook instance 1 former w1\n"
          "   4 < WELCOME w1 former because JOINED\n"
          "   4 > SETTLE L1 ok\n"
          "   4 < SAVE 3: S 1 attempt 1 ok, S floor 1\n"
          "   5 > CREDIT w1 9\n"
          "   5 < DELIVER L2 w1 S e2 attempt 1 because KEY_FREE\n");
}

static void
what_failed_is_made_again_without_a_word (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook attempts 1\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 1\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1 e2\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   3 > GONE w1\n"
          "   4 > HELLO w1 webhook instance 1 former w1\n"
          "   4 < WELCOME w1 former because JOINED\n"
          "   4 > SETTLE L1 retry\n"
          "   4 < SETTLED L1 because STALE\n"
          "   4 > SETTLE L2 fail\n"
          "   4 < SETTLED L2 because STALE\n"
          "   5 > CREDIT w1 9\n"
          "   5 < DELIVER L3 w1 S e2 attempt 1 because SESSION_GONE\n"
          "   5 < DELIVER L4 w1 S e1 attempt 1 because SESSION_GONE\n");
}

/*  The other one failed: it would have been tried once more. */
static void
one_that_is_to_be_tried_again_ends (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 1\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > HELLO w2 webhook instance 2\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > CREDIT w2 9\n"
          "   4 > GONE w1\n"
          "   4 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
          "   5 > SETTLE L2 retry by w2\n"
          "   5 < SAVE 3: S 1 attempt 1 retry, S 1 retry attempts 1, S floor 1 quiet\n"
          "   6 > HELLO w1 webhook instance 1 former w1\n"
          "   6 < WELCOME w1 former because JOINED\n"
          "   7 > SETTLE L1 ok\n"
          "   7 < SAVE 4: S 1 attempt 2 ok, S 1 ended, S floor 1 quiet\n"
          "   8 > LOOK S 1\n"
          "   8 < S 1 unknown\n");
}

/*  The consumer has been found away meanwhile; that it was there before says nothing. */
static void
the_breaker_does_not_close_by_it (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S webhook failures 1\n"
        "   0 < SAVE 1: S, S floor 0 quiet\n"
        "   0 > HELLO w1 webhook instance 1\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   1 > PUBLISH r1 e1\n"
        "   1 < APPEND 2 e1 because NEW\n"
        "   2 > PERSISTED 2: e1 seq 1\n"
        "   2 < ANSWER OK because KEPT\n"
        "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
        "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   3 > GONE w1\n"
        "   4 > HELLO w2 webhook instance 2\n"
        "   4 < WELCOME w2 because JOINED\n"
        "   4 > CREDIT w2 9\n"
        "   4 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
        "   5 > SETTLE L2 retry by w2\n"
        "   5 < SAVE 3: S 1 attempt 1 retry, S 1 retry attempts 1, S failures 1 probe 4661, S floor 1 quiet\n"
        "   6 > HELLO w1 webhook instance 1 former w1\n"
        "   6 < WELCOME w1 former because JOINED\n"
        "   7 > SETTLE L1 ok\n"
        "   7 < SAVE 4: S 1 attempt 2 ok, S 1 ended, S floor 1 quiet\n"
        "   8 > PUBLISH r2 e2\n"
        "   8 < APPEND 5 e2 because NEW\n"
        "   9 > PERSISTED 5: e2 seq 2\n"
        "   9 < SETTLED L2 because KEPT\n"
        "   9 < SETTLED L1 because KEPT\n"
        "   9 < CONFIRM r2 e2 seq 2 because NEW\n"
        "  10 > CREDIT w2 10\n");
}

/*  Its connection stands in the broker's eyes; the worker knows better. Nobody else does. */
static void
who_names_a_session_that_lives_has_ended_it (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 1\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1 e2\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   2 > HELLO w3 webhook instance 3 former w1\n"
          "   2 < WELCOME w3 because JOINED\n"
          "   3 > HELLO w2 webhook instance 1 former w1\n"
          "   3 < WELCOME w2 former because JOINED\n"
          "   3 > SETTLE L1 ok by w2\n"
          "   3 < SAVE 3: S 1 attempt 1 ok, S floor 1\n"
          "   4 > CREDIT w2 9\n"
          "   4 < DELIVER L3 w2 S e2 attempt 1 because SESSION_GONE\n"
          "   5 > SETTLE L2 ok\n"
          "   5 < RESET w1 because STRANGER\n");
}

/*  Nobody has named the session, or it is another's: the lease is none of his. */
static void
who_has_not_named_it_settles_nothing (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 1\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > HELLO w2 webhook instance 2\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > GONE w1\n"
          "   4 > SETTLE L1 ok by w2\n"
          "   4 < SETTLED L1 because STALE\n"
          "   5 > HELLO w3 webhook instance 3 former w1\n"
          "   5 < WELCOME w3 because JOINED\n"
          "   5 > SETTLE L1 ok by w3\n"
          "   5 < SETTLED L1 because STALE\n"
          "   6 > HELLO w1 webhook instance 1\n"
          "   6 < WELCOME w1 because JOINED\n"
          "   6 > SETTLE L1 ok\n"
          "   6 < SETTLED L1 because STALE\n"
          "   7 > CREDIT w1 9\n"
          "   7 < DELIVER L2 w1 S e1 attempt 1 because SESSION_GONE\n");
}

/*  Nothing of it is remembered, and WELCOME says so. */
static void
a_session_whose_deliveries_have_ended_is_forgotten (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 1\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > HELLO w2 webhook instance 2\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > CREDIT w2 9\n"
          "   4 > GONE w1\n"
          "   4 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
          "   5 > SETTLE L2 ok by w2\n"
          "   5 < SAVE 3: S 1 attempt 1 ok, S floor 1 quiet\n"
          "   6 > HELLO w1 webhook instance 1 former w1\n"
          "   6 < WELCOME w1 because JOINED\n"
          "   7 > SETTLE L1 ok\n"
          "   7 < SETTLED L1 because STALE\n");
}

/*  Once, with the word of the first, though another was at work on it as well. */
static void
its_result_is_emitted_and_counted_once (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S webhook emit made\n"
        "   0 < SAVE 1: S, S floor 0 quiet\n"
        "   0 > HELLO w1 webhook instance 1\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   0 > HELLO w2 webhook instance 2\n"
        "   0 < WELCOME w2 because JOINED\n"
        "   1 > PUBLISH r1 e1\n"
        "   1 < APPEND 2 e1 because NEW\n"
        "   2 > PERSISTED 2: e1 seq 1\n"
        "   2 < ANSWER OK because KEPT\n"
        "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
        "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   3 > CREDIT w2 9\n"
        "   4 > GONE w1\n"
        "   4 < DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE\n"
        "   5 > HELLO w1 webhook instance 1 former w1\n"
        "   5 < WELCOME w1 former because JOINED\n"
        "   5 > SETTLE L1 ok result 1 counts k\n"
        "   5 < CANCEL w2 L2 because DELIVERED\n"
        "   5 < SAVE 3 r_tz5ovdq2uwtdniistum3qop45urlvgk6 made of e1 hops 1 says 1: S 1 attempt 1 ok, S counts k, S floor 1 quiet\n"
        "   6 > SETTLE L2 ok result 2 counts k by w2\n"
        "   6 < SAVE 4\n");
}

/*  Settled while the session lived, and not on disk when it ended. */
static void
what_is_on_its_way_to_the_disk_is_answered_when_it_is_there (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook instance 1\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   1 > PUBLISH r1 e1 e2\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   3 > SETTLE L1 ok\n"
          "   3 < SAVE 3: S 1 attempt 1 ok, S floor 1\n"
          "   4 > GONE w1\n"
          "   5 > HELLO w1 webhook instance 1 former w1\n"
          "   5 < WELCOME w1 former because JOINED\n"
          "   5 > SETTLE L1 ok\n"
          "   6 > PERSISTED 3\n"
          "   6 < SETTLED L1 because KEPT\n"
          "   7 > SETTLE L1 ok\n"
          "   7 < SETTLED L1 because STALE\n");
}

/*  As when all come back after a blip of the network. */
static void
there_is_room_for_who_takes_the_place_of_his_former_session (void **state)
{
    (void)state;
    core_settings_t settings = play_settings ();
    settings.limits.sessions = 1;
    play_with (&settings, "   0 > HELLO w1 webhook instance 1\n"
                          "   0 < WELCOME w1 because JOINED\n"
                          "   1 > HELLO w2 webhook instance 2\n"
                          "   1 < ERROR w2 FULL because FULL\n"
                          "   2 > HELLO w3 webhook instance 1 former w1\n"
                          "   2 < WELCOME w3 because JOINED\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_went_well_before_its_session_ended_is_not_done_again),
        cmocka_unit_test (who_has_it_by_now_is_told),
        cmocka_unit_test (who_has_one_of_a_key_decides),
        cmocka_unit_test (one_of_a_key_that_waits_ends_and_the_next_goes),
        cmocka_unit_test (what_failed_is_made_again_without_a_word),
        cmocka_unit_test (one_that_is_to_be_tried_again_ends),
        cmocka_unit_test (the_breaker_does_not_close_by_it),
        cmocka_unit_test (who_names_a_session_that_lives_has_ended_it),
        cmocka_unit_test (there_is_room_for_who_takes_the_place_of_his_former_session),
        cmocka_unit_test (who_has_not_named_it_settles_nothing),
        cmocka_unit_test (a_session_whose_deliveries_have_ended_is_forgotten),
        cmocka_unit_test (its_result_is_emitted_and_counted_once),
        cmocka_unit_test (what_is_on_its_way_to_the_disk_is_answered_when_it_is_there),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
