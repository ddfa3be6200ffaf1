#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "broker/core/play.h"

static void
the_first_that_brings_it_makes_it (void **state)
{
    (void)state;
    play ("   0 > HELLO w1 print\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 10\n"
          "   0 > BRING w1 S print revision 1\n"
          "   0 < SAVE 1: S revision 1 of w1, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   1 > PERSISTED 1\n"
          "   1 > HELLO w2 print\n"
          "   1 < WELCOME w2 because JOINED\n"
          "   1 > BRING w2 S print revision 1\n"
          "   2 > PUBLISH r1 e1\n"
          "   2 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n");
}

static void
a_higher_revision_replaces_it_and_no_other (void **state)
{
    (void)state;
    play ("   0 > HELLO w1 print\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > BRING w1 S print revision 2\n"
          "   0 < SAVE 1: S revision 2 of w1, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   1 > PERSISTED 1\n"
          "   1 > HELLO w2 print\n"
          "   1 < WELCOME w2 because JOINED\n"
          "   1 > BRING w2 S print revision 1\n"
          "   2 > BRING w2 S print revision 2\n"
          "   3 > BRING w2 S print revision 3 type x\n"
          "   3 < SAVE 2: S revision 3 of w2, S~results\n"
          "   3 > PERSISTED 2\n"
          "   4 > BRING w1 S print revision 2\n");
}

static void
it_goes_three_heartbeats_after_the_last_that_brought_it (void **state)
{
    (void)state;
    play ("   0 > HELLO w1 print\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > BRING w1 S print revision 1\n"
          "   0 < SAVE 1: S revision 1 of w1, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 > HELLO w2 print\n"
          "   0 < WELCOME w2 because JOINED\n"
          "   0 > BRING w2 S print revision 1\n"
          "  10 > GONE w1\n"
          "1500 > ALIVE w2\n"
          "3100 > ALIVE w2\n"
          "4000 > BYE w2\n"
          "4010 > GONE w2\n"
          "7009 > TICK\n"
          "7010 > TICK\n"
          "7010 < SAVE 2: S~results gone, S gone\n"
          "7010 > PERSISTED 2\n");
}

static void
one_that_comes_back_in_time_keeps_it (void **state)
{
    (void)state;
    play ("   0 > HELLO w1 print\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > BRING w1 S print revision 1\n"
          "   0 < SAVE 1: S revision 1 of w1, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "  10 > GONE w1\n"
          "3009 > HELLO w2 print\n"
          "3009 < WELCOME w2 because JOINED\n"
          "3009 > BRING w2 S print revision 1\n"
          "4000 > TICK\n"
          "5000 > TICK\n");
}

static void
silence_counts_from_the_end_of_the_session (void **state)
{
    (void)state;
    play ("   0 > HELLO w1 print\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > BRING w1 S print revision 1\n"
          "   0 < SAVE 1: S revision 1 of w1, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "1000 > TICK\n"
          "2000 > TICK\n"
          "3000 > TICK\n"
          "4000 > TICK\n"
          "5000 > TICK\n"
          "6000 > TICK\n"
          "6000 < SAVE 2: S~results gone, S gone\n");
}

static void
one_that_is_to_be_kept_stays_until_a_revision_lets_it_go (void **state)
{
    (void)state;
    play ("   0 > HELLO w1 print\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > BRING w1 S print revision 1 kept\n"
          "   0 < SAVE 1: S revision 1 of w1, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "  10 > GONE w1\n"
          "1000 > TICK\n"
          "2000 > TICK\n"
          "4000 > TICK\n"
          "4000 > HELLO w2 print\n"
          "4000 < WELCOME w2 because JOINED\n"
          "4000 > BRING w2 S print revision 2\n"
          "4000 < SAVE 2: S revision 2 of w2, S~results\n"
          "4000 > PERSISTED 2\n"
          "4010 > GONE w2\n"
          "5010 > TICK\n"
          "6010 > TICK\n"
          "7010 > TICK\n"
          "7010 < SAVE 3: S~results gone, S gone\n");
}

static void
somebodys_is_not_touched (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S print\n"
          "   0 < SAVE 1: S, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   0 < ANSWER OK because KEPT\n"
          "   0 > HELLO w1 print\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > BRING w1 S print revision 1\n"
          "   1 > GONE w1\n"
          "1000 > TICK\n"
          "2000 > TICK\n"
          "3001 > TICK\n");
}

static void
a_change_makes_it_somebodys (void **state)
{
    (void)state;
    play ("   0 > HELLO w1 print\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > BRING w1 S print revision 1\n"
          "   0 < SAVE 1: S revision 1 of w1, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   1 > SUBSCRIBE S print type x\n"
          "   1 < SAVE 2: S, S~results\n"
          "   1 > PERSISTED 2\n"
          "   1 < ANSWER OK because KEPT\n"
          "   2 > BRING w1 S print revision 2\n"
          "   3 > GONE w1\n"
          "1000 > TICK\n"
          "2000 > TICK\n"
          "3003 > TICK\n");
}

static void
one_that_is_deleted_comes_again_with_the_next_that_brings_it (void **state)
{
    (void)state;
    play ("   0 > HELLO w1 print\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > BRING w1 S print revision 1\n"
          "   0 < SAVE 1: S revision 1 of w1, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   1 > UNSUBSCRIBE S\n"
          "   1 < SAVE 2: S~results gone, S gone\n"
          "   1 > PERSISTED 2\n"
          "   1 < ANSWER OK because KEPT\n"
          "   2 > HELLO w2 print\n"
          "   2 < WELCOME w2 because JOINED\n"
          "   2 > BRING w2 S print revision 1\n"
          "   2 < SAVE 3: S revision 1 of w2, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   2 > PERSISTED 3\n"
          "   3 > GONE w1\n"
          "   4 > GONE w2\n"
          "1000 > TICK\n"
          "2000 > TICK\n"
          "3004 > TICK\n"
          "3004 < SAVE 4: S~results gone, S gone\n");
}

static void
a_restart_of_the_broker_leaves_time_to_bring_it_again (void **state)
{
    (void)state;
    core_settings_t settings = play_settings ();
    settings.grace_ms = 5000;
    play_with (&settings, "   0 > SUBSCRIBE S print by w1 revision 1\n"
                          "   0 > SUBSCRIBE T print by w1 revision 1\n"
                          "   0 > SUBSCRIBE K print by w1 revision 1 kept\n"
                          "   0 > TENURE last 0\n"
                          "1000 > TICK\n"
                          "2000 > TICK\n"
                          "3000 > TICK\n"
                          "4000 > TICK\n"
                          "5000 > TICK\n"
                          "6000 > TICK\n"
                          "7000 > HELLO w1 print\n"
                          "7000 < WELCOME w1 because JOINED\n"
                          "7000 > BRING w1 S print revision 1\n"
                          "7999 > TICK\n"
                          "8000 > TICK\n"
                          "8000 < SAVE 1: T gone\n"
                          "8000 > PERSISTED 1\n");
}

static void
a_broker_that_was_stopped_takes_nobody_for_gone (void **state)
{
    (void)state;
    play ("   0 > HELLO w1 print\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > BRING w1 S print revision 1\n"
          "   0 < SAVE 1: S revision 1 of w1, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   1 > GONE w1\n"
          "9000 > TICK\n"
          "9001 > HELLO w2 print\n"
          "9001 < WELCOME w2 because JOINED\n"
          "9001 > BRING w2 S print revision 1\n"
          "9900 > TICK\n");
}

static void
what_waits_for_it_goes_with_it (void **state)
{
    (void)state;
    play ("   0 > HELLO w1 print\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 1\n"
          "   0 > BRING w1 S print revision 1\n"
          "   0 < SAVE 1: S revision 1 of w1, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   0 > PERSISTED 1\n"
          "   1 > PUBLISH r1 e1 e2\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 > BYE w1\n"
          "   2 > GONE w1\n"
          "1000 > TICK\n"
          "2000 > TICK\n"
          "3002 > TICK\n"
          "3002 < SAVE 3: S~results gone, S gone\n"
          "3002 > PERSISTED 3\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_first_that_brings_it_makes_it),
        cmocka_unit_test (a_higher_revision_replaces_it_and_no_other),
        cmocka_unit_test (it_goes_three_heartbeats_after_the_last_that_brought_it),
        cmocka_unit_test (one_that_comes_back_in_time_keeps_it),
        cmocka_unit_test (silence_counts_from_the_end_of_the_session),
        cmocka_unit_test (one_that_is_to_be_kept_stays_until_a_revision_lets_it_go),
        cmocka_unit_test (somebodys_is_not_touched),
        cmocka_unit_test (a_change_makes_it_somebodys),
        cmocka_unit_test (one_that_is_deleted_comes_again_with_the_next_that_brings_it),
        cmocka_unit_test (a_restart_of_the_broker_leaves_time_to_bring_it_again),
        cmocka_unit_test (a_broker_that_was_stopped_takes_nobody_for_gone),
        cmocka_unit_test (what_waits_for_it_goes_with_it),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
