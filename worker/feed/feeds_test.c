//  The feeds of one broker, played by the test: what it says, and what the worker wants done.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/model/owned.h"
#include "proto/model/subscription.h"
#include "worker/feed/feeds.h"

enum { SESSION = 7, BEAT_MS = 1000, EVENTS_MOST = 8 };

//  A worker, and the broker's side of it.
typedef struct {
    limits_t limits;
    places_t *places;
    feeds_t *feeds;
    int64_t now_ms;
    int64_t version, created;
    int attempts;                //  of the subscription
    const char *start;           //
    bool is_paused;              //
    uint64_t first, last, told;  //  of partition 0: the log, and the feed
    feeds_effect_t effect;
    char said [512];
} play_t;

static void
begin (play_t *play)
{
    feeds_settings_t settings = {.limits = &play->limits,
                                 .places = play->places,
                                 .events_most = EVENTS_MOST,
                                 .bytes_most = 1 << 20,
                                 .runs_most = 4,
                                 .seed = 1};
    play->feeds = feeds_new (&settings, play->now_ms);
    feeds_in_session (play->feeds, SESSION, BEAT_MS, play->now_ms);
}

static int
setup (void **state)
{
    play_t *play = calloc (1, sizeof *play);
    play->limits = limits_default ();
    play->places = places_new ();
    play->version = play->created = 100;
    play->attempts = 3;
    play->start = "now";
    play->first = 1;
    begin (play);
    *state = play;
    return 0;
}

static int
teardown (void **state)
{
    play_t *play = *state;
    feeds_destroy (&play->feeds);
    places_destroy (&play->places);
    free (play);
    return 0;
}

//  The next effect, as words; "" when there is none.
static const char *
next (play_t *play)
{
    feeds_effect_t *effect = &play->effect;
    if (!feeds_take (play->feeds, effect))
        return "";
    switch (effect->kind) {
        case FEEDS_SEND:
            snprintf (play->said, sizeof play->said, "%s %s %lld",
                      command_name (effect->message->command),
                      effect->message->subscription ? effect->message->subscription : "",
                      (long long)effect->message->above);
            break;
        case FEEDS_CONNECT:
            snprintf (play->said, sizeof play->said, "connect %s", effect->endpoint);
            break;
        case FEEDS_WANT:
            snprintf (play->said, sizeof play->said, "want %s", effect->subscription);
            break;
        case FEEDS_LEAVE:
            snprintf (play->said, sizeof play->said, "leave %s", effect->subscription);
            break;
        case FEEDS_BEGIN:
            snprintf (play->said, sizeof play->said, "begin %s %s attempt %d", effect->subscription,
                      effect->delivery->event->id, (int)effect->delivery->attempt);
            break;
        case FEEDS_GIVEN_UP:
            snprintf (play->said, sizeof play->said, "given up %s: %s", effect->delivery->event->id,
                      effect->error);
            break;
        case FEEDS_MISSED:
            snprintf (play->said, sizeof play->said, "missed %lld", (long long)effect->seqs);
            break;
        case FEEDS_REWOUND: snprintf (play->said, sizeof play->said, "rewound"); break;
        case FEEDS_UNKNOWN: snprintf (play->said, sizeof play->said, "unknown"); break;
    }
    return play->said;
}

static void
expect (play_t *play, const char *words)
{
    assert_string_equal (next (play), words);
}

//  ---- the broker's words

static char *
document (const play_t *play)
{
    char text [1000];
    snprintf (
        text, sizeof text,
        "{\"id\": \"S\", \"mode\": \"broadcast\", \"match\": {}, \"created\": %lld, \"start\": \"%s\", "
        "\"last_modified\": %lld, \"paused\": %s, \"action\": {\"name\": \"exec\"}, "
        "\"retry\": {\"max_attempts\": %d, \"schedule_ms\": [500]}}",
        (long long)play->created, play->start, (long long)play->version,
        play->is_paused ? "true" : "false", play->attempts);
    return strdup (text);
}

static void
say_feeds (play_t *play)
{
    char *text = document (play);
    feed_t feed = {.subscription = "S",
                   .version = play->version,
                   .created_ms = play->created,
                   .document = text,
                   .document_size = strlen (text),
                   .seqs = &play->told,
                   .seq_count = 1};
    feeds_hear (play->feeds,
                &(message_t){.command = COMMAND_FEEDS,
                             .session = SESSION,
                             .endpoint = "tcp://b:1",
                             .feeds = &feed,
                             .feed_count = 1,
                             .firsts = &play->first,
                             .first_count = 1,
                             .lasts = &play->last,
                             .last_count = 1},
                play->now_ms);
    free (text);
}

//  Of S, or of nothing.
static void
say_heartbeat (play_t *play, bool has_feed)
{
    feed_t feed = {
        .subscription = "S", .version = play->version, .seqs = &play->told, .seq_count = 1};
    feeds_hear (play->feeds,
                &(message_t){.command = COMMAND_HEARTBEAT,
                             .session = SESSION,
                             .feeds = &feed,
                             .feed_count = has_feed,
                             .tells_feeds = true,
                             .lasts = &play->last,
                             .last_count = 1},
                play->now_ms);
}

static event_t *
event_of (int64_t seq)
{
    char id [32];
    snprintf (id, sizeof id, "e%lld", (long long)seq);
    event_t *event = event_new (
        &(event_t){.id = id, .type = "t", .subject = "/s", .time = "2026-01-01T00:00:00Z"});
    event_set_place (event, 0, seq, 0);
    return event;
}

static void
say_feed (play_t *play, int64_t seq, int64_t prev)
{
    event_t *event = event_of (seq);
    feeds_hear (
        play->feeds,
        &(message_t){.command = COMMAND_FEED, .subscription = "S", .prev = prev, .event = event},
        play->now_ms);
    event_destroy (&event);
    play->told = (uint64_t)seq;
    if (play->last < play->told)
        play->last = play->told;
}

//  All from above on, up to reached.
static void
say_page (play_t *play, int64_t above, int64_t reached)
{
    event_t *events [64];
    size_t count = 0;
    for (int64_t seq = above + 1; seq <= reached; seq++)
        if (seq >= (int64_t)play->first)
            events [count++] = event_of (seq);
    feeds_hear (play->feeds,
                &(message_t){.command = COMMAND_PAGE,
                             .session = SESSION,
                             .subscription = "S",
                             .above = above,
                             .reached = reached,
                             .first = (int64_t)play->first,
                             .events = events,
                             .event_count = count},
                play->now_ms);
    for (size_t i = 0; i < count; i++)
        event_destroy (&events [i]);
}

static void
finish (play_t *play, outcome_t outcome)
{
    settlement_t settlement = {.outcome = outcome, .error = "broken"};
    feeds_finish (play->feeds, play->effect.delivery, &settlement, play->now_ms);
}

//  From the first word to listening.
static void
join (play_t *play)
{
    expect (play, "LISTEN  0");
    say_feeds (play);
    expect (play, "connect tcp://b:1");
    expect (play, "want S");
    expect (play, "");
}

static int64_t
place_of (const play_t *play)
{
    int64_t seq = -1;
    places_find (play->places, "S", play->created, 0, &seq);
    return seq;
}

//  ---- plays

static void
who_has_joined_asks_and_listens (void **state)
{
    play_t *play = *state;
    play->last = play->told = 40;
    join (play);
    assert_int_equal (place_of (play), 40);
    say_feed (play, 41, 40);
    expect (play, "begin S e41 attempt 1");
    expect (play, "");
    finish (play, OUTCOME_OK);
    assert_int_equal (place_of (play), 41);
    expect (play, "");
}

static void
a_question_that_is_lost_is_asked_again (void **state)
{
    play_t *play = *state;
    expect (play, "LISTEN  0");
    expect (play, "");
    assert_int_equal (feeds_deadline (play->feeds), BEAT_MS);
    play->now_ms = BEAT_MS;
    feeds_tick (play->feeds, play->now_ms);
    expect (play, "LISTEN  0");
}

static void
a_newcomer_may_begin_with_what_the_log_has (void **state)
{
    play_t *play = *state;
    play->start = "earliest";
    play->first = 5;
    play->last = play->told = 7;
    expect (play, "LISTEN  0");
    say_feeds (play);
    expect (play, "connect tcp://b:1");
    expect (play, "want S");
    expect (play, "CATCH_UP S 4");
    say_page (play, 4, 7);
    for (int seq = 5; seq <= 7; seq++) {
        char words [64];
        snprintf (words, sizeof words, "begin S e%d attempt 1", seq);
        expect (play, words);
        finish (play, OUTCOME_OK);
    }
    expect (play, "");
}

static void
who_comes_back_goes_on_from_its_place (void **state)
{
    play_t *play = *state;
    play->last = play->told = 9;
    places_put (play->places, "S", play->created, 0, 6);
    expect (play, "LISTEN  0");
    say_feeds (play);
    expect (play, "connect tcp://b:1");
    expect (play, "want S");
    expect (play, "CATCH_UP S 6");
    say_page (play, 6, 9);
    expect (play, "begin S e7 attempt 1");
    feeds_stop (play->feeds);
    finish (play, OUTCOME_OK);
    assert_int_equal (place_of (play), 7);
    expect (play, "");
}

static void
a_gap_is_asked_for_and_the_feed_goes_on (void **state)
{
    play_t *play = *state;
    join (play);
    say_feed (play, 1, 0);
    expect (play, "begin S e1 attempt 1");
    finish (play, OUTCOME_OK);
    say_feed (play, 4, 3);
    expect (play, "CATCH_UP S 1");
    say_feed (play, 5, 4);
    expect (play, "");
    say_page (play, 1, 5);
    expect (play, "begin S e2 attempt 1");
    finish (play, OUTCOME_OK);
    say_feed (play, 6, 5);
    expect (play, "begin S e3 attempt 1");
    finish (play, OUTCOME_OK);
}

static void
an_answer_that_is_lost_is_asked_for_again (void **state)
{
    play_t *play = *state;
    join (play);
    say_feed (play, 2, 1);
    expect (play, "CATCH_UP S 0");
    expect (play, "");
    play->now_ms = 3 * BEAT_MS;
    feeds_tick (play->feeds, play->now_ms);
    expect (play, "CATCH_UP S 0");
}

static void
a_lost_tail_shows_in_two_heartbeats (void **state)
{
    play_t *play = *state;
    join (play);
    play->told = play->last = 3;
    say_heartbeat (play, true);
    expect (play, "");
    say_heartbeat (play, true);
    expect (play, "CATCH_UP S 0");
}

static void
what_fails_is_tried_again_and_what_follows_waits (void **state)
{
    play_t *play = *state;
    join (play);
    say_feed (play, 1, 0);
    say_feed (play, 2, 1);
    expect (play, "begin S e1 attempt 1");
    finish (play, OUTCOME_RETRY);
    expect (play, "");
    assert_int_equal (feeds_deadline (play->feeds), 500);
    play->now_ms = 500;
    expect (play, "");
    feeds_tick (play->feeds, play->now_ms);
    expect (play, "begin S e1 attempt 2");
    finish (play, OUTCOME_OK);
    expect (play, "begin S e2 attempt 1");
    finish (play, OUTCOME_OK);
}

static void
what_has_used_up_its_attempts_is_given_up_and_told (void **state)
{
    play_t *play = *state;
    join (play);
    say_feed (play, 1, 0);
    say_feed (play, 2, 1);
    for (int attempt = 1; attempt <= 3; attempt++) {
        char words [64];
        snprintf (words, sizeof words, "begin S e1 attempt %d", attempt);
        expect (play, words);
        finish (play, OUTCOME_RETRY);
        play->now_ms += 500;
        feeds_tick (play->feeds, play->now_ms);
    }
    expect (play, "given up e1: broken");
    assert_int_equal (place_of (play), 1);
    expect (play, "begin S e2 attempt 1");
    finish (play, OUTCOME_FAIL);
    expect (play, "given up e2: broken");
    expect (play, "");
}

static void
memory_has_a_bound_and_the_rest_is_read_later (void **state)
{
    play_t *play = *state;
    join (play);
    for (int64_t seq = 1; seq <= 30; seq++)
        say_feed (play, seq, seq - 1);
    assert_int_equal (feeds_look (play->feeds).held, EVENTS_MOST);
    int64_t asked = 0;
    for (int64_t seq = 1; seq <= 30; seq++) {
        char words [64];
        snprintf (words, sizeof words, "begin S e%lld attempt 1", (long long)seq);
        if (strncmp (next (play), "CATCH_UP", 8) == 0) {
            int64_t above = play->effect.message->above;
            assert_true (above > asked);
            asked = above;
            say_page (play, above, above + 5 < 30 ? above + 5 : 30);
            next (play);
        }
        assert_string_equal (play->said, words);
        assert_true (feeds_look (play->feeds).held <= 2 * EVENTS_MOST);
        finish (play, OUTCOME_OK);
    }
    assert_true (asked >= EVENTS_MOST);
    assert_int_equal (place_of (play), 30);
}

static void
what_has_left_the_log_is_told (void **state)
{
    play_t *play = *state;
    places_put (play->places, "S", play->created, 0, 2);
    play->first = 6;
    play->last = play->told = 7;
    expect (play, "LISTEN  0");
    say_feeds (play);
    expect (play, "connect tcp://b:1");
    expect (play, "want S");
    expect (play, "CATCH_UP S 2");
    say_page (play, 2, 7);
    expect (play, "missed 3");
    expect (play, "begin S e6 attempt 1");
    finish (play, OUTCOME_OK);
    expect (play, "begin S e7 attempt 1");
    finish (play, OUTCOME_OK);
}

static void
a_log_that_was_restored_from_an_old_copy_is_told (void **state)
{
    play_t *play = *state;
    join (play);
    say_feed (play, 1, 0);
    expect (play, "begin S e1 attempt 1");
    finish (play, OUTCOME_OK);
    feeds_in_session (play->feeds, 0, BEAT_MS, play->now_ms);
    play->last = play->told = 0;
    feeds_in_session (play->feeds, SESSION, BEAT_MS, play->now_ms);
    expect (play, "LISTEN  0");
    say_feeds (play);
    expect (play, "rewound");
    expect (play, "connect tcp://b:1");
    expect (play, "want S");
    say_feed (play, 1, 0);
    expect (play, "begin S e1 attempt 1");
    finish (play, OUTCOME_OK);
}

//  FEEDS and the feed go two ways: what the one says of the log may be from before the other.
static void
a_feed_that_is_ahead_of_FEEDS_is_no_other_log (void **state)
{
    play_t *play = *state;
    join (play);
    feeds_in_session (play->feeds, 0, BEAT_MS, play->now_ms);
    feeds_in_session (play->feeds, SESSION, BEAT_MS, play->now_ms);
    expect (play, "LISTEN  0");
    say_feed (play, 1, 0);
    expect (play, "begin S e1 attempt 1");
    finish (play, OUTCOME_OK);
    play->last = play->told = 0;
    say_feeds (play);
    expect (play, "connect tcp://b:1");
    expect (play, "want S");
    expect (play, "");
    assert_int_equal (place_of (play), 1);
}

static void
in_a_new_session_it_asks_for_what_it_may_have_missed (void **state)
{
    play_t *play = *state;
    join (play);
    feeds_in_session (play->feeds, 0, BEAT_MS, play->now_ms);
    expect (play, "");
    play->last = play->told = 4;
    feeds_in_session (play->feeds, SESSION, BEAT_MS, play->now_ms);
    expect (play, "LISTEN  0");
    say_feeds (play);
    expect (play, "connect tcp://b:1");
    expect (play, "want S");
    expect (play, "CATCH_UP S 0");
}

static void
one_that_is_new_or_has_changed_is_asked_about (void **state)
{
    play_t *play = *state;
    join (play);
    play->version++;
    play->attempts = 1;
    play->now_ms = 10;
    say_heartbeat (play, true);
    assert_int_equal (feeds_deadline (play->feeds), BEAT_MS);
    play->now_ms = BEAT_MS;
    feeds_tick (play->feeds, play->now_ms);
    expect (play, "LISTEN  0");
    say_feeds (play);
    say_feed (play, 1, 0);
    expect (play, "begin S e1 attempt 1");
    finish (play, OUTCOME_RETRY);
    expect (play, "given up e1: broken");
}

static void
one_that_is_gone_is_left_and_its_place_forgotten (void **state)
{
    play_t *play = *state;
    join (play);
    say_feed (play, 1, 0);
    expect (play, "begin S e1 attempt 1");
    const delivery_t *delivery = play->effect.delivery;
    say_heartbeat (play, false);
    expect (play, "leave S");
    assert_int_equal (place_of (play), -1);
    say_feed (play, 2, 1);
    expect (play, "");
    feeds_finish (play->feeds, delivery, &(settlement_t){.outcome = OUTCOME_OK}, play->now_ms);
    expect (play, "");
}

static void
a_subscription_made_anew_under_its_name_is_another (void **state)
{
    play_t *play = *state;
    join (play);
    say_feed (play, 1, 0);
    expect (play, "begin S e1 attempt 1");
    finish (play, OUTCOME_OK);
    play->created = play->version = 200;
    play->last = play->told = 9;
    say_feeds (play);
    expect (play, "leave S");
    expect (play, "want S");
    assert_int_equal (place_of (play), 9);
    expect (play, "");
}

static void
a_paused_one_begins_nothing_and_goes_on_when_resumed (void **state)
{
    play_t *play = *state;
    play->is_paused = true;
    join (play);
    play->last = play->told = 2;
    say_heartbeat (play, true);
    say_heartbeat (play, true);
    expect (play, "");
    play->is_paused = false;
    play->version++;
    say_feeds (play);
    expect (play, "CATCH_UP S 0");
    say_page (play, 0, 2);
    expect (play, "begin S e1 attempt 1");
    finish (play, OUTCOME_OK);
    expect (play, "begin S e2 attempt 1");
    finish (play, OUTCOME_OK);
}

static void
what_cannot_be_read_is_told_and_does_no_harm (void **state)
{
    play_t *play = *state;
    play->start = "never";
    expect (play, "LISTEN  0");
    say_feeds (play);
    expect (play, "unknown");
    say_heartbeat (play, true);
    say_feed (play, 1, 0);
    next (play);  //  it connects, or not: nothing is wanted there
    expect (play, "");
}

int
main (void)
{
#define PLAY(name) cmocka_unit_test_setup_teardown (name, setup, teardown)
    const struct CMUnitTest tests [] = {
        PLAY (who_has_joined_asks_and_listens),
        PLAY (a_question_that_is_lost_is_asked_again),
        PLAY (a_newcomer_may_begin_with_what_the_log_has),
        PLAY (who_comes_back_goes_on_from_its_place),
        PLAY (a_gap_is_asked_for_and_the_feed_goes_on),
        PLAY (an_answer_that_is_lost_is_asked_for_again),
        PLAY (a_lost_tail_shows_in_two_heartbeats),
        PLAY (what_fails_is_tried_again_and_what_follows_waits),
        PLAY (what_has_used_up_its_attempts_is_given_up_and_told),
        PLAY (memory_has_a_bound_and_the_rest_is_read_later),
        PLAY (what_has_left_the_log_is_told),
        PLAY (a_log_that_was_restored_from_an_old_copy_is_told),
        PLAY (a_feed_that_is_ahead_of_FEEDS_is_no_other_log),
        PLAY (in_a_new_session_it_asks_for_what_it_may_have_missed),
        PLAY (one_that_is_new_or_has_changed_is_asked_about),
        PLAY (one_that_is_gone_is_left_and_its_place_forgotten),
        PLAY (a_subscription_made_anew_under_its_name_is_another),
        PLAY (a_paused_one_begins_nothing_and_goes_on_when_resumed),
        PLAY (what_cannot_be_read_is_told_and_does_no_harm),
    };
    return cmocka_run_group_tests_name ("feeds", tests, NULL, NULL);
}
