#include "worker/feed/feeds_play.h"

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

static void
begin (feeds_play_t *play)
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

int
feeds_play_setup (void **state)
{
    feeds_play_t *play = calloc (1, sizeof *play);
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

int
feeds_play_teardown (void **state)
{
    feeds_play_t *play = *state;
    feeds_destroy (&play->feeds);
    places_destroy (&play->places);
    free (play);
    return 0;
}

//  The next effect, as words; "" when there is none.
const char *
feeds_play_next (feeds_play_t *play)
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

void
feeds_play_expect (feeds_play_t *play, const char *words)
{
    assert_string_equal (feeds_play_next (play), words);
}

//  ---- the broker's words

static char *
document (const feeds_play_t *play)
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

void
feeds_play_feeds (feeds_play_t *play)
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
void
feeds_play_heartbeat (feeds_play_t *play, bool has_feed)
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

void
feeds_play_feed (feeds_play_t *play, int64_t seq, int64_t prev)
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
void
feeds_play_page (feeds_play_t *play, int64_t above, int64_t reached)
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

void
feeds_play_finish (feeds_play_t *play, outcome_t outcome)
{
    settlement_t settlement = {.outcome = outcome, .error = "broken"};
    feeds_finish (play->feeds, play->effect.delivery, &settlement, play->now_ms);
}

//  From the first word to listening.
void
feeds_play_join (feeds_play_t *play)
{
    feeds_play_expect (play, "LISTEN  0");
    feeds_play_feeds (play);
    feeds_play_expect (play, "connect tcp://b:1");
    feeds_play_expect (play, "want S");
    feeds_play_expect (play, "");
}

int64_t
feeds_play_place (const feeds_play_t *play)
{
    int64_t seq = -1;
    places_find (play->places, "S", play->created, 0, &seq);
    return seq;
}
