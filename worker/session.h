/*  session – a worker's side of the protocol with one broker, as a pure state machine.
 *
 *  It knows no socket, clock, thread or log. Messages and the ends of attempts go in, with the time;
 *  what it wants done is taken out, one effect after another. Same inputs, times and seed, same
 *  effects.
 *
 *      stranger   HELLO, repeated, until WELCOME                      → member
 *      member     CREDIT, HEARTBEAT, RELEASE, SETTLE until SETTLED    → stranger, when it is lost
 *      leaving    BYE; begins nothing more, settles what it has begun → left
 *
 *  A session is lost by RESET, when three heartbeats of the broker failed to come, and when we were
 *  ourselves stopped so long that the broker cannot have kept it. With it go its leases: the broker
 *  gives them to others. What went well and was not SETTLED yet is kept until the next WELCOME, which
 *  says whether it may still count; a restarted broker counts its leases from 1 again, so that a word on
 *  an old one could end a new one.
 *
 *  A BYE that says why is the end of the session, too, and the next HELLO has time: the broker has
 *  heard too much that is wrong.
 *
 *  Deliveries are numbered. A number that was skipped was lost on the way, and its credit is granted
 *  again; one that is not higher than the last is a repeat, and is ignored. That the last ones were
 *  lost shows when two HEARTBEATs of the broker name, in `received`, a number beyond our last; 0
 *  there says nothing.
 *
 *  How to use it: after each hear, finish, tick or leave, take effects until there are none; then
 *  wait for a message, the end of an attempt, or worker_session_deadline, which wants a tick.
 */
#ifndef WORKER_SESSION_H
#define WORKER_SESSION_H

#include "proto/wire/message.h"

typedef struct worker_session worker_session_t;
typedef struct holding holding_t;  //  a delivery in this worker's hands

typedef struct {
    const char *name, *version;  //  borrowed for the life of the session, as are the actions
    const char *const *actions;
    const char *const *schemas;  //  of each action; NULL: there are none
    size_t action_count;
    const char *const *labels;  //  of the worker: NAME=VALUE; NULL: it has none
    size_t label_count;
    const char *const *subscriptions;  //  that it brings: JSON of each
    size_t subscription_count;
    int64_t
        capacity;  //  deliveries begun at a time, unless the broker wants another; a quarter more wait their turn here, and what
                   //  waits behind a slow consumer (holding.h)
    int64_t capacity_bytes;  //  data of the events held at a time
    const limits_t *limits;  //  borrowed
    uint64_t seed;           //  of jitter
    uint64_t instance;       //  of this process, below 2^63; 0: it is not told
} worker_session_settings_t;

typedef struct {
    enum {
        WORKER_SEND,    //  message: to the broker. May be lost: what matters is repeated
        WORKER_BEGIN,   //  an attempt; worker_session_finish is owed
        WORKER_CANCEL,  //  this attempt, whose lease is over; its finish is owed all the same
        WORKER_CONNECT  //  anew, with another socket: what waits in the old one is of the past
    } kind;
    const message_t *message;             //  SEND: until the next call
    holding_t *holding;                   //  BEGIN, CANCEL: its name, until finish
    const delivery_t *delivery;           //  BEGIN: until finish
    const delivery_t *const *deliveries;  //  BEGIN: a batch, `delivery` its first; until finish
    size_t delivery_count;                //  BEGIN: of the batch; 1: alone, and deliveries is NULL
    const target_t *target;               //  BEGIN: until finish
} worker_effect_t;

//  The first connection is there, or on its way: HELLO is said at once.
worker_session_t *worker_session_new (const worker_session_settings_t *settings, int64_t now_ms);
//  Every attempt has been finished. Safe on NULL.
void worker_session_destroy (worker_session_t **self_p);

/*  now_ms never falls; any clock. `message` was decoded from the connection that was made last; it is
 *  taken over and is zero afterwards.
 */
void worker_session_hear (worker_session_t *self, message_t *message, int64_t now_ms);

/*  An attempt has ended. The settlements' leases are filled in here, their texts are copied.
 *
 *  settlements   one for each delivery of the attempt. NULL: it was given up before it began, or because it
 *                was cancelled
 */
void worker_session_finish (worker_session_t *self, holding_t *holding,
                            const settlement_t *settlements, int64_t now_ms);
//  What its action says of an attempt that is under way; copied. percent: 0 … 100, 0: it is not said.
void worker_session_progress (worker_session_t *self, holding_t *holding, int32_t percent,
                              const char *text, int64_t now_ms);
void worker_session_tick (worker_session_t *self, int64_t now_ms);
void worker_session_leave (worker_session_t *self, int64_t now_ms);  //  as on SIGTERM

/*  What it wants done next; false: nothing more now. */
bool worker_session_take (worker_session_t *self, worker_effect_t *effect);

//  When it wants a tick; INT64_MAX: never. To be asked after take has said false.
int64_t worker_session_deadline (const worker_session_t *self);

uint64_t worker_session_id (const worker_session_t *self);           //  0: it is none now
int64_t worker_session_heartbeat_ms (const worker_session_t *self);  //  of the last one
bool worker_session_is_member (const worker_session_t *self);        //  WELCOME, and not lost since
//  Nothing is in flight any more, and every outcome has been SETTLED, or the session is lost.
bool worker_session_has_left (const worker_session_t *self);

#endif
