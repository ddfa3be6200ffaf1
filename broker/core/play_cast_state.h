/*  play_cast_state – who and what a play has named so far, and the words of the line in hand. */
#ifndef PLAY_CAST_STATE_H
#define PLAY_CAST_STATE_H

#include "broker/core/arena.h"
#include "broker/core/play_cast.h"

enum { CAST_EVENTS = 8192, CAST_WORKERS = 16, CAST_GATEWAY = 1, CAST_FIRST_WORKER = 2 };

struct cast {
    event_t *events [CAST_EVENTS];
    size_t event_count;
    struct {
        char name [16];
        session_id_t session;
    } workers [CAST_WORKERS];
    size_t worker_count;
    bool tenure_to_come;
    arena_t line;                  //  of the line in hand
    subscription_t *subscription;  //  of the line in hand
    char **words;
    size_t count, at;
};

//  The words of the line, one after another.
const char *cast_next (cast_t *self);
bool cast_next_is (cast_t *self, const char *word);  //  then it is taken
long long cast_next_number (cast_t *self);           //  of a word like L12
bool cast_has_more (const cast_t *self);

//  Lines about subscriptions: play_policy.c.
input_t cast_read_subscribe (cast_t *self);
input_t cast_read_bring (cast_t *self, input_t of_worker);
input_t cast_read_replay (cast_t *self);
input_t cast_read_redrive (cast_t *self);
input_t cast_read_discard (cast_t *self);
input_t cast_read_cancel (cast_t *self);
input_t cast_read_trim (cast_t *self);

//  Lines about questions: play_asking.c.
input_t cast_read_ask (cast_t *self);
const char *cast_read_result (cast_t *self);  //  of a SETTLE; NULL: it has none

#endif
