/*  bond – a worker's tie to one broker: a link, and the session over it.
 *
 *  The session says what to do, the bond does it: sends, connects anew, hands attempts to the runner.
 *  It belongs to the link thread.
 */
#ifndef BOND_H
#define BOND_H

#include "daemon/metrics.h"
#include "proto/wire/link.h"
#include "worker/feed/places.h"
#include "worker/runner.h"
#include "worker/session.h"

typedef struct bond bond_t;

typedef struct {
    void *zmq;
    const char *endpoint;     //  copied
    const link_keys_t *keys;  //  copied; NULL: without
    runner_t *runner;         //  borrowed, as are the next
    metrics_t *metrics;
    places_t *places;  //  how far broadcasts were performed
    worker_session_settings_t session;
} bond_settings_t;

/*  NULL and a problem (BAD_SETTING) when the endpoint is none. A name that is not known now may be
 *  later: that is logged, and tried again.
 */
bond_t *bond_new (const bond_settings_t *settings, problem_t *problem);
void bond_destroy (bond_t **self_p);  //  its attempts are finished. Safe on NULL

void *bond_socket (const bond_t *self);  //  for the loop; NULL while there is none
bool bond_ready (void *self);            //  a loop_ready_t: hears what has come

void *bond_feed_socket (const bond_t *self);  //  likewise, of the broker's feed
bool bond_feed_ready (void *self);

void bond_finish (bond_t *self, const job_t *job);
void bond_progress (bond_t *self, const runner_word_t *word);  //  how far an attempt of its is
void bond_leave (bond_t *self);
void bond_tick (bond_t *self);

/*  Does what the session wants, after any of the above. True: it has another socket now. */
bool bond_act (bond_t *self);

int64_t bond_deadline (const bond_t *self);  //  monotonic; for the next tick
bool bond_has_left (const bond_t *self);

#endif
