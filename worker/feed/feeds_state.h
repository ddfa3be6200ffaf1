/*  feeds_state – what feeds remember. Only feeds.c and feeds_take.c look inside. */
#ifndef FEEDS_STATE_H
#define FEEDS_STATE_H

#include <uthash.h>

#include "proto/model/random.h"
#include "proto/model/subscription.h"
#include "worker/feed/feeds.h"
#include "worker/feed/topic.h"

enum { FEED_ERROR_SIZE = 512 };

typedef struct feed_state feed_state_t;

//  A topic, and the first event that it holds on its way to be done.
typedef struct {
    topic_t topic;
    feed_state_t *feed;
    int32_t partition;
    int32_t attempts;  //  of the first held one, so far
    int64_t due_ms;    //  its next attempt
    int64_t sure;      //  a broker of this session whose log ends before has another log
    struct run_state *run;
} place_state_t;

//  An attempt; it outlives its feed, if that ends meanwhile.
typedef struct run_state {
    delivery_t delivery;           //  first: by it the end of the attempt finds this
    target_t target;               //
    subscription_t *subscription;  //  ours: the target points into it
    place_state_t *place;          //  NULL: its feed has ended
    struct run_state *prev, *next;
} run_state_t;

//  One broadcast subscription.
struct feed_state {
    char *id;  //  ours
    int64_t version;
    subscription_t *subscription;  //  ours; NULL: it cannot be read
    place_state_t *places;         //  by partition
    size_t partitions;
    bool is_told;  //  of by the heartbeat in hand
    bool is_new;   //  FEEDS_WANT is owed
    UT_hash_handle hh;
};

//  A word that is owed to whoever takes effects.
typedef struct notice {
    int kind;            //  of feeds_effect_t
    char *subscription;  //  ours
    delivery_t delivery;
    int32_t partition;
    int64_t seqs;
    char error [FEED_ERROR_SIZE];
    struct notice *prev, *next;
} notice_t;

struct feeds {
    feeds_settings_t settings;
    random_t random;
    int64_t now_ms;
    uint64_t session;
    int64_t heartbeat_ms;
    bool is_stopping;
    feed_state_t *feeds;  //  by id
    run_state_t *runs;
    size_t run_count;
    size_t bytes;  //  held

    bool wants_listen;
    int64_t listen_due_ms;
    char *endpoint;  //  ours: of the feed; NULL: not told in this session
    bool wants_connection;

    place_state_t *asked;  //  the answer to its CATCH_UP has not come
    int64_t asked_above, asked_ms;
    int64_t ask_due_ms;   //  after an answer that had nothing new
    place_state_t *turn;  //  who asked last

    notice_t *notices;
    notice_t *notice;  //  the last one taken
    message_t out;     //  likewise
};

//  How far it has come is for places.
void feeds_note_place (feeds_t *self, const place_state_t *place);

#endif
