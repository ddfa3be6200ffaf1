/*  feeds – a worker's side of the feeds of one broker, as a pure state machine.
 *
 *  It knows no socket, clock, thread, file or log. Messages of both sockets and the ends of attempts
 *  go in, with the time; what it wants done is taken out, one effect after another.
 *
 *  Of each broadcast subscription whose action we offer every event is performed here, in the order
 *  of the log within its partition, one after the other; different subscriptions and partitions go
 *  side by side. One that fails is tried again by its subscription's policy, and those after it wait;
 *  when its attempts are used up, or its consumer's answer was final, it is given up, and told.
 *  Memory is bounded: what comes while there is no room is asked for again later.
 *
 *  Which feeds there are is learnt by LISTEN, and again whenever a heartbeat of the broker tells of
 *  one that is not known, or known in another version; one that it does not tell of is gone.
 */
#ifndef FEEDS_H
#define FEEDS_H

#include "proto/wire/message.h"
#include "worker/feed/places.h"

typedef struct feeds feeds_t;

typedef struct {
    const limits_t *limits;  //  borrowed, as is places
    places_t *places;
    size_t events_most;  //  held of one subscription in one partition
    size_t bytes_most;   //  held of all
    size_t runs_most;    //  attempts at a time
    uint64_t seed;       //  of jitter
} feeds_settings_t;

typedef struct {
    enum {
        FEEDS_SEND,      //  message: to the broker. May be lost: it is asked again
        FEEDS_CONNECT,   //  endpoint: the feed is there, as the broker has bound it; a new socket
        FEEDS_WANT,      //  subscription: its topics, on that socket
        FEEDS_LEAVE,     //  no more
        FEEDS_BEGIN,     //  an attempt; feeds_finish is owed
        FEEDS_GIVEN_UP,  //  an event that failed for good
        FEEDS_MISSED,    //  the log no longer reaches back to where we were
        FEEDS_REWOUND,   //  it ends before that: another log, or an old copy; we go on from its end
        FEEDS_UNKNOWN    //  a subscription that cannot be read: problem
    } kind;
    const message_t *message;    //  SEND; as all that is pointed to: until the next call
    const char *endpoint;        //  CONNECT
    const char *subscription;    //  all but SEND and CONNECT
    const delivery_t *delivery;  //  BEGIN, GIVEN_UP. BEGIN: until finish
    const target_t *target;      //  BEGIN: until finish
    const char *error;           //  GIVEN_UP, UNKNOWN
    int32_t partition;           //  MISSED, REWOUND
    int64_t seqs;                //  MISSED: so many of the log were passed over
} feeds_effect_t;

feeds_t *feeds_new (const feeds_settings_t *settings, int64_t now_ms);
void feeds_destroy (feeds_t **self_p);  //  every attempt has been finished. Safe on NULL

//  The session with the broker is this one; 0: it is lost. As often as it may have changed.
void feeds_in_session (feeds_t *self, uint64_t session, int64_t heartbeat_ms, int64_t now_ms);

//  What the broker says, of whichever socket. It stays the caller's.
void feeds_hear (feeds_t *self, const message_t *message, int64_t now_ms);

//  settlement NULL: it was given up before it began, or was cancelled.
void feeds_finish (feeds_t *self, const delivery_t *delivery, const settlement_t *settlement,
                   int64_t now_ms);
void feeds_tick (feeds_t *self, int64_t now_ms);
void feeds_stop (feeds_t *self);  //  begins nothing more

bool feeds_take (feeds_t *self, feeds_effect_t *effect);
int64_t feeds_deadline (const feeds_t *self);  //  after take has said false; INT64_MAX: never

typedef struct {
    size_t held, lacking;  //  events held; topics that lack some
    size_t runs;           //  attempts under way
} feeds_view_t;
feeds_view_t feeds_look (const feeds_t *self);

#endif
