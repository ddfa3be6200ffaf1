/*  feeds_play – the feeds of one broker, played by a test: what it says, and what the worker wants done.
 *
 *  For tests only. The broker has one subscription, S, in one partition.
 */
#ifndef FEEDS_PLAY_H
#define FEEDS_PLAY_H

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
} feeds_play_t;

int feeds_play_setup (void **state);  //  of cmocka; the worker has a session, and has said nothing
int feeds_play_teardown (void **state);

const char *
feeds_play_next (feeds_play_t *play);  //  the next effect, as words; "" when there is none
void feeds_play_expect (feeds_play_t *play, const char *words);

//  What the broker says: of S as it is in the play; a heartbeat of S, or of nothing; all events after
//  `above` up to `reached`.
void feeds_play_feeds (feeds_play_t *play);
void feeds_play_heartbeat (feeds_play_t *play, bool has_feed);
void feeds_play_feed (feeds_play_t *play, int64_t seq, int64_t prev);
void feeds_play_page (feeds_play_t *play, int64_t above, int64_t reached);

void feeds_play_finish (feeds_play_t *play, outcome_t outcome);  //  the attempt that was begun last
void feeds_play_join (feeds_play_t *play);            //  from the first word to listening
int64_t feeds_play_place (const feeds_play_t *play);  //  of S; -1: none

#endif
