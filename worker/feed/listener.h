/*  listener – a worker's ear for the feed of one broker: the socket, and the feeds over it.
 *
 *  The feeds say what to do, the listener does it: subscribes, asks, hands attempts to the runner,
 *  tells people. It belongs to the link thread, and to a bond.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include "daemon/metrics.h"
#include "proto/wire/link.h"
#include "worker/feed/feeds.h"
#include "worker/runner.h"

typedef struct listener listener_t;

typedef struct {
    void *zmq;
    const char *endpoint;     //  of the broker's socket for workers; borrowed
    const link_keys_t *keys;  //  likewise; NULL: without
    const limits_t *limits;
    places_t *places;  //  borrowed, as are the next
    metrics_t *metrics;
    runner_t *runner;
    void *owner;  //  of its attempts; their holding is NULL
    size_t bytes_most;
    uint64_t seed;
    //  Says it to the broker.
    void (*send) (void *owner, const message_t *message);
} listener_settings_t;

enum { LISTENER_RUNS = 64 };  //  attempts at a time

listener_t *listener_new (const listener_settings_t *settings);
void listener_destroy (listener_t **self_p);  //  its attempts are finished. Safe on NULL

void *listener_socket (const listener_t *self);  //  for the loop; NULL while there is none
bool listener_ready (void *self);                //  a loop_ready_t: hears what has come

void listener_in_session (listener_t *self, uint64_t session, int64_t heartbeat_ms);
void listener_hear (listener_t *self, const message_t *message);  //  from the broker's socket
void listener_finish (listener_t *self, const job_t *job);
void listener_stop (listener_t *self);

/*  Does what the feeds want, after any of the above. True: it has another socket now. */
bool listener_act (listener_t *self);
int64_t listener_deadline (const listener_t *self);  //  monotonic

#endif
