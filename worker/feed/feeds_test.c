//  What a worker makes of feeds: which there are, what is performed, what is given up.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/feed/feeds_play.h"

static void
who_has_joined_asks_and_listens (void **state)
{
    feeds_play_t *play = *state;
    play->last = play->told = 40;
    feeds_play_join (play);
    assert_int_equal (feeds_play_place (play), 40);
    feeds_play_feed (play, 41, 40);
    feeds_play_expect (play, "begin S e41 attempt 1");
    feeds_play_expect (play, "");
    feeds_play_finish (play, OUTCOME_OK);
    assert_int_equal (feeds_play_place (play), 41);
    feeds_play_expect (play, "");
}

static void
a_newcomer_may_begin_with_what_the_log_has (void **state)
{
    feeds_play_t *play = *state;
    play->start = "earliest";
    play->first = 5;
    play->last = play->told = 7;
    feeds_play_expect (play, "LISTEN  0");
    feeds_play_feeds (play);
    feeds_play_expect (play, "connect tcp://b:1");
    feeds_play_expect (play, "want S");
    feeds_play_expect (play, "CATCH_UP S 4");
    feeds_play_page (play, 4, 7);
    for (int seq = 5; seq <= 7; seq++) {
        char words [64];
        snprintf (words, sizeof words, "begin S e%d attempt 1", seq);
        feeds_play_expect (play, words);
        feeds_play_finish (play, OUTCOME_OK);
    }
    feeds_play_expect (play, "");
}

static void
who_comes_back_goes_on_from_its_place (void **state)
{
    feeds_play_t *play = *state;
    play->last = play->told = 9;
    places_put (play->places, "S", play->created, 0, 6);
    feeds_play_expect (play, "LISTEN  0");
    feeds_play_feeds (play);
    feeds_play_expect (play, "connect tcp://b:1");
    feeds_play_expect (play, "want S");
    feeds_play_expect (play, "CATCH_UP S 6");
    feeds_play_page (play, 6, 9);
    feeds_play_expect (play, "begin S e7 attempt 1");
    feeds_stop (play->feeds);
    feeds_play_finish (play, OUTCOME_OK);
    assert_int_equal (feeds_play_place (play), 7);
    feeds_play_expect (play, "");
}

static void
what_fails_is_tried_again_and_what_follows_waits (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    feeds_play_feed (play, 1, 0);
    feeds_play_feed (play, 2, 1);
    feeds_play_expect (play, "begin S e1 attempt 1");
    feeds_play_finish (play, OUTCOME_RETRY);
    feeds_play_expect (play, "");
    assert_int_equal (feeds_deadline (play->feeds), 500);
    play->now_ms = 500;
    feeds_play_expect (play, "");
    feeds_tick (play->feeds, play->now_ms);
    feeds_play_expect (play, "begin S e1 attempt 2");
    feeds_play_finish (play, OUTCOME_OK);
    feeds_play_expect (play, "begin S e2 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
}

static void
what_has_used_up_its_attempts_is_given_up_and_told (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    feeds_play_feed (play, 1, 0);
    feeds_play_feed (play, 2, 1);
    for (int attempt = 1; attempt <= 3; attempt++) {
        char words [64];
        snprintf (words, sizeof words, "begin S e1 attempt %d", attempt);
        feeds_play_expect (play, words);
        feeds_play_finish (play, OUTCOME_RETRY);
        play->now_ms += 500;
        feeds_tick (play->feeds, play->now_ms);
    }
    feeds_play_expect (play, "given up e1: broken");
    assert_int_equal (feeds_play_place (play), 1);
    feeds_play_expect (play, "begin S e2 attempt 1");
    feeds_play_finish (play, OUTCOME_FAIL);
    feeds_play_expect (play, "given up e2: broken");
    feeds_play_expect (play, "");
}

static void
one_that_is_new_or_has_changed_is_asked_about (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    play->version++;
    play->attempts = 1;
    play->now_ms = 10;
    feeds_play_heartbeat (play, true);
    assert_int_equal (feeds_deadline (play->feeds), BEAT_MS);
    play->now_ms = BEAT_MS;
    feeds_tick (play->feeds, play->now_ms);
    feeds_play_expect (play, "LISTEN  0");
    feeds_play_feeds (play);
    feeds_play_feed (play, 1, 0);
    feeds_play_expect (play, "begin S e1 attempt 1");
    feeds_play_finish (play, OUTCOME_RETRY);
    feeds_play_expect (play, "given up e1: broken");
}

static void
one_that_is_gone_is_left_and_its_place_forgotten (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    feeds_play_feed (play, 1, 0);
    feeds_play_expect (play, "begin S e1 attempt 1");
    const delivery_t *delivery = play->effect.delivery;
    feeds_play_heartbeat (play, false);
    feeds_play_expect (play, "leave S");
    assert_int_equal (feeds_play_place (play), -1);
    feeds_play_feed (play, 2, 1);
    feeds_play_expect (play, "");
    feeds_finish (play->feeds, delivery, &(settlement_t){.outcome = OUTCOME_OK}, play->now_ms);
    feeds_play_expect (play, "");
}

static void
a_subscription_made_anew_under_its_name_is_another (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    feeds_play_feed (play, 1, 0);
    feeds_play_expect (play, "begin S e1 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
    play->created = play->version = 200;
    play->last = play->told = 9;
    feeds_play_feeds (play);
    feeds_play_expect (play, "leave S");
    feeds_play_expect (play, "want S");
    assert_int_equal (feeds_play_place (play), 9);
    feeds_play_expect (play, "");
}

static void
a_paused_one_begins_nothing_and_goes_on_when_resumed (void **state)
{
    feeds_play_t *play = *state;
    play->is_paused = true;
    feeds_play_join (play);
    play->last = play->told = 2;
    feeds_play_heartbeat (play, true);
    feeds_play_heartbeat (play, true);
    feeds_play_expect (play, "");
    play->is_paused = false;
    play->version++;
    feeds_play_feeds (play);
    feeds_play_expect (play, "CATCH_UP S 0");
    feeds_play_page (play, 0, 2);
    feeds_play_expect (play, "begin S e1 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
    feeds_play_expect (play, "begin S e2 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
}

static void
what_cannot_be_read_is_told_and_does_no_harm (void **state)
{
    feeds_play_t *play = *state;
    play->start = "never";
    feeds_play_expect (play, "LISTEN  0");
    feeds_play_feeds (play);
    feeds_play_expect (play, "unknown");
    feeds_play_heartbeat (play, true);
    feeds_play_feed (play, 1, 0);
    feeds_play_next (play);  //  it connects, or not: nothing is wanted there
    feeds_play_expect (play, "");
}

int
main (void)
{
#define PLAY(name) cmocka_unit_test_setup_teardown (name, feeds_play_setup, feeds_play_teardown)
    const struct CMUnitTest tests [] = {
        PLAY (who_has_joined_asks_and_listens),
        PLAY (a_newcomer_may_begin_with_what_the_log_has),
        PLAY (who_comes_back_goes_on_from_its_place),
        PLAY (what_fails_is_tried_again_and_what_follows_waits),
        PLAY (what_has_used_up_its_attempts_is_given_up_and_told),
        PLAY (one_that_is_new_or_has_changed_is_asked_about),
        PLAY (one_that_is_gone_is_left_and_its_place_forgotten),
        PLAY (a_subscription_made_anew_under_its_name_is_another),
        PLAY (a_paused_one_begins_nothing_and_goes_on_when_resumed),
        PLAY (what_cannot_be_read_is_told_and_does_no_harm),
    };
    return cmocka_run_group_tests_name ("feeds", tests, NULL, NULL);
}
