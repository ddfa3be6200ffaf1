//  What becomes of results: plays of the core.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

static void
a_result_is_written_with_its_settle_and_goes_the_road_of_every_event (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S exec nowhere emit done type t\n"
        "   0 < SAVE 1: S, S floor 0 quiet\n"
        "   0 > SUBSCRIBE D webhook type done\n"
        "   0 < SAVE 2: D, D floor 0 quiet\n"
        "   0 > HELLO w1 exec\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   0 > HELLO w2 webhook\n"
        "   0 < WELCOME w2 because JOINED\n"
        "   0 > CREDIT w2 9\n"
        "   0 > PUBLISH r1 e1\n"
        "   0 < APPEND 3 e1 because NEW\n"
        "   1 > PERSISTED 3: e1 seq 1\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
        "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   2 > SETTLE L1 ok result 42\n"
        "   2 < SAVE 4 r_tz5ovdq2uwtdniistum3qop45urlvgk6 done of e1 hops 1 says 42: S 1 attempt 1 ok, S floor 1 quiet\n"
        "   3 > PERSISTED 4: r1 seq 2\n"
        "   3 < SETTLED L1 because KEPT\n"
        "   3 < DELIVER L2 w2 D r_tz5ovdq2uwtdniistum3qop45urlvgk6 attempt 1 because NEW\n"
        "   4 > SETTLE L2 ok by w2\n"
        "   4 < SAVE 5: D 2 attempt 1 ok, D floor 2 quiet\n");
}

static void
words_that_are_no_json_become_a_string_and_nothing_becomes_null (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S exec nowhere emit done type t\n"
        "   0 < SAVE 1: S, S floor 0 quiet\n"
        "   0 > HELLO w1 exec\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   0 > PUBLISH r1 e1 e2\n"
        "   0 < APPEND 2 e1 e2 because NEW\n"
        "   1 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
        "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   1 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
        "   2 > SETTLE L1 ok result built\n"
        "   2 < SAVE 3 r_tz5ovdq2uwtdniistum3qop45urlvgk6 done of e1 hops 1 says \"built\": S 1 attempt 1 ok, S floor 1\n"
        "   2 > SETTLE L2 ok\n"
        "   2 < SAVE 4 r_pzoeia5u7q4fubf3wapmhutnypf62gmo done of e2 hops 1 says null: S 2 attempt 1 ok, S floor 2 quiet\n");
}

static void
what_failed_gives_no_event (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S exec nowhere emit done type t attempts 2\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 exec\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 9\n"
          "   0 > PUBLISH r1 e1 e2\n"
          "   0 < APPEND 2 e1 e2 because NEW\n"
          "   1 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   1 < ANSWER OK because KEPT\n"
          "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   1 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   2 > SETTLE L1 retry result 1\n"
          "   2 < SAVE 3: S 1 attempt 1 retry, S 1 retry attempts 1, S floor 1\n"
          "   2 > SETTLE L2 fail result 2\n"
          "   2 < SAVE 4: S 2 attempt 1 fail, S 2 dead attempts 1, S floor 2 quiet\n");
}

static void
a_companion_comes_with_deliver_url_and_goes_with_it (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S exec type t\n"
          "   0 < SAVE 1: S, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
          "   1 > SUBSCRIBE S exec type t paused\n"
          "   1 < SAVE 2: S, S~results\n"
          "   2 > SUBSCRIBE S exec type t nowhere\n"
          "   2 < SAVE 3: S, S~results gone\n"
          "   3 > SUBSCRIBE S exec type t\n"
          "   3 < SAVE 4: S, S~results, S~results floor 0 quiet\n"
          "   4 > UNSUBSCRIBE S\n"
          "   4 < SAVE 5: S~results gone, S gone\n");
}

static void
a_companion_delivers_what_the_action_made_and_tries_again_by_itself (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S exec type t\n"
        "   0 < SAVE 1: S, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
        "   0 > SUBSCRIBE ALL webhook\n"
        "   0 < SAVE 2: ALL, ALL floor 0 quiet\n"
        "   0 > HELLO w1 exec\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   0 > PUBLISH r1 e1\n"
        "   0 < APPEND 3 e1 because NEW\n"
        "   1 > PERSISTED 3: e1 seq 1\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
        "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   2 > SETTLE L1 ok result 1\n"
        "   2 < SAVE 4 r_tz5ovdq2uwtdniistum3qop45urlvgk6 tocsin.result of e1 hops 1 says 1: S 1 attempt 1 ok, S floor 1 quiet\n"
        "   3 > PERSISTED 4: r1 seq 2\n"
        "   3 < SETTLED L1 because KEPT\n"
        "   4 > HELLO w2 webhook\n"
        "   4 < WELCOME w2 because JOINED\n"
        "   4 > CREDIT w2 9\n"
        "   4 < DELIVER L2 w2 ALL e1 attempt 1 because NEW\n"
        "   4 < DELIVER L3 w2 S~results r_tz5ovdq2uwtdniistum3qop45urlvgk6 attempt 1 because NEW\n"
        "   5 > SETTLE L3 retry by w2\n"
        "   5 < SAVE 5: S~results 2 attempt 1 retry, S~results 2 retry attempts 1, S~results floor 2 quiet\n"
        "1005 > TICK\n"
        "1005 < READ 1 above 1 one because BEHIND\n");
}

static void
a_row_of_actions_ends_at_its_limit_with_a_dead_letter (void **state)
{
    (void)state;
    core_settings_t settings = play_settings ();
    settings.limits.hops = 1;
    play_with (
        &settings,
        "   0 > SUBSCRIBE S exec nowhere emit t type t\n"
        "   0 < SAVE 1: S, S floor 0 quiet\n"
        "   0 > HELLO w1 exec\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   0 > PUBLISH r1 e1\n"
        "   0 < APPEND 2 e1 because NEW\n"
        "   1 > PERSISTED 2: e1 seq 1\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
        "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   2 > SETTLE L1 ok\n"
        "   2 < SAVE 3 r_tz5ovdq2uwtdniistum3qop45urlvgk6 t of e1 hops 1 says null: S 1 attempt 1 ok, S floor 1 quiet\n"
        "   3 > PERSISTED 3: r1 seq 2\n"
        "   3 < SETTLED L1 because KEPT\n"
        "   3 < SAVE 4: S 2 attempt 1 fail, S 2 dead attempts 1, S floor 2 quiet\n");
}

static void
an_action_done_again_after_a_crash_gives_the_same_event (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S exec nowhere emit done type t\n"
        "   0 > TENURE last 2 level 0 S floor 0\n"
        "   0 > HELLO w1 exec\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 < READ 1 above 0 because BEHIND\n"
        "   0 > PAGE 1: e1 e2\n"
        "   0 > CREDIT w1 1\n"
        "   0 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   1 > SETTLE L1 ok result 1\n"
        "   1 < SAVE 1 r_tz5ovdq2uwtdniistum3qop45urlvgk6 done of e1 hops 1 says 1: S 1 attempt 1 ok, S floor 1\n");
}

static void
where_there_is_no_room_for_a_result_its_action_is_done_again_later (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S exec nowhere emit done type t\n"
        "   0 < SAVE 1: S, S floor 0 quiet\n"
        "   0 > SUBSCRIBE O webhook type t\n"
        "   0 < SAVE 2: O, O floor 0 quiet\n"
        "   0 > HELLO w1 exec\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   0 > HELLO w2 webhook\n"
        "   0 < WELCOME w2 because JOINED\n"
        "   0 > CREDIT w2 9\n"
        "   0 > PUBLISH r1 e1 e2\n"
        "   0 < APPEND 3 e1 e2 because NEW\n"
        "   1 > PERSISTED 3: e1 seq 1, e2 seq 2\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
        "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   1 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
        "   1 < DELIVER L3 w2 O e1 attempt 1 because NEW\n"
        "   1 < DELIVER L4 w2 O e2 attempt 1 because NEW\n"
        "   2 > SETTLE L1 ok result 1 counts k\n"
        "   2 < SAVE 4 r_tz5ovdq2uwtdniistum3qop45urlvgk6 done of e1 hops 1 says 1: S 1 attempt 1 ok, S counts k, S floor 1\n"
        "   2 > SETTLE L3 ok counts k by w2\n"
        "   2 < SAVE 5: O 1 attempt 1 ok, O counts k, O floor 1\n"
        "   3 > NOT_PERSISTED 4 FULL\n"
        " 900 > TICK\n"
        "1003 > TICK\n"
        "1003 < READ 1 above 0 one because BEHIND\n"
        "1003 < SAVE 6: S 1 attempt 1 ok, S floor 1, S 1 slow attempts 1, O 1 attempt 1 ok, O counts k, O floor 1, S 1 retry attempts 1, S floor 1\n");
}

//  The action's other event ends while the store is closed, and its result finds no room either: what
//  others have done does not wait for that.
static void
what_needs_no_room_does_not_wait_for_what_does (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S exec nowhere emit done type t\n"
        "   0 < SAVE 1: S, S floor 0 quiet\n"
        "   0 > SUBSCRIBE O webhook type t\n"
        "   0 < SAVE 2: O, O floor 0 quiet\n"
        "   0 > HELLO w1 exec\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   0 > HELLO w2 webhook\n"
        "   0 < WELCOME w2 because JOINED\n"
        "   0 > CREDIT w2 9\n"
        "   0 > PUBLISH r1 e1 e2\n"
        "   0 < APPEND 3 e1 e2 because NEW\n"
        "   1 > PERSISTED 3: e1 seq 1, e2 seq 2\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
        "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   1 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
        "   1 < DELIVER L3 w2 O e1 attempt 1 because NEW\n"
        "   1 < DELIVER L4 w2 O e2 attempt 1 because NEW\n"
        "   2 > SETTLE L1 ok result 1\n"
        "   2 < SAVE 4 r_tz5ovdq2uwtdniistum3qop45urlvgk6 done of e1 hops 1 says 1: S 1 attempt 1 ok, S floor 1\n"
        "   3 > NOT_PERSISTED 4 FULL\n"
        "   4 > SETTLE L3 ok by w2\n"
        "   5 > SETTLE L2 ok result 2\n"
        "1003 > TICK\n"
        "1003 < READ 1 above 0 one because BEHIND\n"
        "1003 < SAVE 5: S 1 attempt 1 ok, S floor 1, S 1 slow attempts 1, S 1 retry attempts 1, S floor 1, O 1 attempt 1 ok, O floor 1\n"
        "1003 < SAVE 6 r_pzoeia5u7q4fubf3wapmhutnypf62gmo done of e2 hops 1 says 2: S 2 attempt 1 ok, S floor 2 quiet\n"
        "1004 > PERSISTED 5:\n"
        "1004 < SETTLED L1 because KEPT\n"
        "1004 < SETTLED L3 because KEPT\n"
        "1005 > NOT_PERSISTED 6 FULL\n");
}

static void
what_may_be_written_is_written_again_with_its_event (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S exec nowhere emit done type t\n"
        "   0 < SAVE 1: S, S floor 0 quiet\n"
        "   0 > HELLO w1 exec\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   0 > PUBLISH r1 e1 e2\n"
        "   0 < APPEND 2 e1 e2 because NEW\n"
        "   1 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
        "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   1 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
        "   2 > SETTLE L1 ok result 1\n"
        "   2 < SAVE 3 r_tz5ovdq2uwtdniistum3qop45urlvgk6 done of e1 hops 1 says 1: S 1 attempt 1 ok, S floor 1\n"
        "   2 > SETTLE L2 ok result 2\n"
        "   2 < SAVE 4 r_pzoeia5u7q4fubf3wapmhutnypf62gmo done of e2 hops 1 says 2: S 2 attempt 1 ok, S floor 2 quiet\n"
        "   3 > NOT_PERSISTED 3 OUTCOME_UNKNOWN\n"
        "1003 > TICK\n"
        "1003 < SAVE 5 r_tz5ovdq2uwtdniistum3qop45urlvgk6 done of e1 hops 1 says 1 r_pzoeia5u7q4fubf3wapmhutnypf62gmo done of e2 hops 1 says 2: S 1 attempt 1 ok, S floor 1, S 2 attempt 1 ok, S floor 2 quiet\n");
}

static void
a_consumer_of_results_that_is_gone_stops_no_action (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S exec type t\n"
        "   0 < SAVE 1: S, S~results, S floor 0 quiet, S~results floor 0 quiet\n"
        "   0 > HELLO w1 exec\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 9\n"
        "   0 > HELLO w2 webhook\n"
        "   0 < WELCOME w2 because JOINED\n"
        "   0 > CREDIT w2 9\n"
        "   0 > PUBLISH r1 e1\n"
        "   0 < APPEND 2 e1 because NEW\n"
        "   1 > PERSISTED 2: e1 seq 1\n"
        "   1 < ANSWER OK because KEPT\n"
        "   1 < CONFIRM r1 e1 seq 1 because NEW\n"
        "   1 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
        "   2 > SETTLE L1 ok result 1\n"
        "   2 < SAVE 3 r_tz5ovdq2uwtdniistum3qop45urlvgk6 tocsin.result of e1 hops 1 says 1: S 1 attempt 1 ok, S floor 1 quiet\n"
        "   3 > PERSISTED 3: r1 seq 2\n"
        "   3 < SETTLED L1 because KEPT\n"
        "   3 < DELIVER L2 w2 S~results r_tz5ovdq2uwtdniistum3qop45urlvgk6 attempt 1 because NEW\n"
        "   4 > SETTLE L2 retry disables by w2\n"
        "   4 < SAVE 4: S~results 2 attempt 1 retry, S~results 2 retry attempts 1, S~results disabled, S~results floor 2 quiet\n"
        "   5 > PUBLISH r2 e2\n"
        "   5 < APPEND 5 e2 because NEW\n"
        "   6 > PERSISTED 5: e2 seq 3\n"
        "   6 < SETTLED L2 because KEPT\n"
        "   6 < CONFIRM r2 e2 seq 3 because NEW\n"
        "   6 < DELIVER L3 w1 S e2 attempt 1 because NEW\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_result_is_written_with_its_settle_and_goes_the_road_of_every_event),
        cmocka_unit_test (words_that_are_no_json_become_a_string_and_nothing_becomes_null),
        cmocka_unit_test (what_failed_gives_no_event),
        cmocka_unit_test (a_companion_comes_with_deliver_url_and_goes_with_it),
        cmocka_unit_test (a_companion_delivers_what_the_action_made_and_tries_again_by_itself),
        cmocka_unit_test (a_row_of_actions_ends_at_its_limit_with_a_dead_letter),
        cmocka_unit_test (an_action_done_again_after_a_crash_gives_the_same_event),
        cmocka_unit_test (where_there_is_no_room_for_a_result_its_action_is_done_again_later),
        cmocka_unit_test (what_needs_no_room_does_not_wait_for_what_does),
        cmocka_unit_test (what_may_be_written_is_written_again_with_its_event),
        cmocka_unit_test (a_consumer_of_results_that_is_gone_stops_no_action),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
