//  What is lost on the way, or has left the log.
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
a_question_that_is_lost_is_asked_again (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_expect (play, "LISTEN  0");
    feeds_play_expect (play, "");
    assert_int_equal (feeds_deadline (play->feeds), BEAT_MS);
    play->now_ms = BEAT_MS;
    feeds_tick (play->feeds, play->now_ms);
    feeds_play_expect (play, "LISTEN  0");
}

static void
a_gap_is_asked_for_and_the_feed_goes_on (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    feeds_play_feed (play, 1, 0);
    feeds_play_expect (play, "begin S e1 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
    feeds_play_feed (play, 4, 3);
    feeds_play_expect (play, "CATCH_UP S 1");
    feeds_play_feed (play, 5, 4);
    feeds_play_expect (play, "");
    feeds_play_page (play, 1, 5);
    feeds_play_expect (play, "begin S e2 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
    feeds_play_feed (play, 6, 5);
    feeds_play_expect (play, "begin S e3 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
}

static void
an_answer_that_is_lost_is_asked_for_again (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    feeds_play_feed (play, 2, 1);
    feeds_play_expect (play, "CATCH_UP S 0");
    feeds_play_expect (play, "");
    play->now_ms = 3 * BEAT_MS;
    feeds_tick (play->feeds, play->now_ms);
    feeds_play_expect (play, "CATCH_UP S 0");
}

static void
a_lost_tail_shows_in_two_heartbeats (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    play->told = play->last = 3;
    feeds_play_heartbeat (play, true);
    feeds_play_expect (play, "");
    feeds_play_heartbeat (play, true);
    feeds_play_expect (play, "CATCH_UP S 0");
}

static void
memory_has_a_bound_and_the_rest_is_read_later (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    for (int64_t seq = 1; seq <= 30; seq++)
        feeds_play_feed (play, seq, seq - 1);
    assert_int_equal (feeds_look (play->feeds).held, EVENTS_MOST);
    int64_t asked = 0;
    for (int64_t seq = 1; seq <= 30; seq++) {
        char words [64];
        snprintf (words, sizeof words, "begin S e%lld attempt 1", (long long)seq);
        if (strncmp (feeds_play_next (play), "CATCH_UP", 8) == 0) {
            int64_t above = play->effect.message->above;
            assert_true (above > asked);
            asked = above;
            feeds_play_page (play, above, above + 5 < 30 ? above + 5 : 30);
            feeds_play_next (play);
        }
        assert_string_equal (play->said, words);
        assert_true (feeds_look (play->feeds).held <= 2 * EVENTS_MOST);
        feeds_play_finish (play, OUTCOME_OK);
    }
    assert_true (asked >= EVENTS_MOST);
    assert_int_equal (feeds_play_place (play), 30);
}

static void
what_has_left_the_log_is_told (void **state)
{
    feeds_play_t *play = *state;
    places_put (play->places, "S", play->created, 0, 2);
    play->first = 6;
    play->last = play->told = 7;
    feeds_play_expect (play, "LISTEN  0");
    feeds_play_feeds (play);
    feeds_play_expect (play, "connect tcp://b:1");
    feeds_play_expect (play, "want S");
    feeds_play_expect (play, "CATCH_UP S 2");
    feeds_play_page (play, 2, 7);
    feeds_play_expect (play, "missed 3");
    feeds_play_expect (play, "begin S e6 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
    feeds_play_expect (play, "begin S e7 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
}

static void
a_log_that_was_restored_from_an_old_copy_is_told (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    feeds_play_feed (play, 1, 0);
    feeds_play_expect (play, "begin S e1 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
    feeds_in_session (play->feeds, 0, BEAT_MS, play->now_ms);
    play->last = play->told = 0;
    feeds_in_session (play->feeds, SESSION, BEAT_MS, play->now_ms);
    feeds_play_expect (play, "LISTEN  0");
    feeds_play_feeds (play);
    feeds_play_expect (play, "rewound");
    feeds_play_expect (play, "connect tcp://b:1");
    feeds_play_expect (play, "want S");
    feeds_play_feed (play, 1, 0);
    feeds_play_expect (play, "begin S e1 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
}

//  FEEDS and the feed go two ways: what the one says of the log may be from before the other.
static void
a_feed_that_is_ahead_of_FEEDS_is_no_other_log (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    feeds_in_session (play->feeds, 0, BEAT_MS, play->now_ms);
    feeds_in_session (play->feeds, SESSION, BEAT_MS, play->now_ms);
    feeds_play_expect (play, "LISTEN  0");
    feeds_play_feed (play, 1, 0);
    feeds_play_expect (play, "begin S e1 attempt 1");
    feeds_play_finish (play, OUTCOME_OK);
    play->last = play->told = 0;
    feeds_play_feeds (play);
    feeds_play_expect (play, "connect tcp://b:1");
    feeds_play_expect (play, "want S");
    feeds_play_expect (play, "");
    assert_int_equal (feeds_play_place (play), 1);
}

static void
in_a_new_session_it_asks_for_what_it_may_have_missed (void **state)
{
    feeds_play_t *play = *state;
    feeds_play_join (play);
    feeds_in_session (play->feeds, 0, BEAT_MS, play->now_ms);
    feeds_play_expect (play, "");
    play->last = play->told = 4;
    feeds_in_session (play->feeds, SESSION, BEAT_MS, play->now_ms);
    feeds_play_expect (play, "LISTEN  0");
    feeds_play_feeds (play);
    feeds_play_expect (play, "connect tcp://b:1");
    feeds_play_expect (play, "want S");
    feeds_play_expect (play, "CATCH_UP S 0");
}

int
main (void)
{
#define PLAY(name) cmocka_unit_test_setup_teardown (name, feeds_play_setup, feeds_play_teardown)
    const struct CMUnitTest tests [] = {
        PLAY (a_question_that_is_lost_is_asked_again),
        PLAY (a_gap_is_asked_for_and_the_feed_goes_on),
        PLAY (an_answer_that_is_lost_is_asked_for_again),
        PLAY (a_lost_tail_shows_in_two_heartbeats),
        PLAY (memory_has_a_bound_and_the_rest_is_read_later),
        PLAY (what_has_left_the_log_is_told),
        PLAY (a_log_that_was_restored_from_an_old_copy_is_told),
        PLAY (a_feed_that_is_ahead_of_FEEDS_is_no_other_log),
        PLAY (in_a_new_session_it_asks_for_what_it_may_have_missed),
    };
    return cmocka_run_group_tests_name ("feeds_loss", tests, NULL, NULL);
}
