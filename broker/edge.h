/*  edge – the broker's own thread: the pure core, and the hands that do what it says.
 *
 *  Everything here belongs to that one thread. front, back and calls hand inputs to edge_step, which
 *  performs the effects before it returns; none of them calls it from within an effect.
 */
#ifndef EDGE_H
#define EDGE_H

#include "broker/capacities.h"
#include "broker/core/core.h"
#include "broker/offers.h"
#include "broker/reader.h"
#include "broker/transcript.h"
#include "broker/writer.h"
#include "daemon/clock.h"
#include "daemon/metrics.h"

typedef struct edge {
    const char *name;  //  the broker's; borrowed, as all pointers but core, effects and transcript
    const char *store_url;
    const limits_t *limits;
    int64_t heartbeat_ms;
    int32_t partitions;
    bool takes_brought;  //  workers may bring subscriptions along
    metrics_t *metrics;
    writer_t *writer;
    reader_t *reader;
    struct doorman *doorman;
    struct front *front;
    struct back *back;
    struct feed_socket *feed;
    struct listening *listening;
    struct calls *calls;
    offers_t offers;          //  of the workers; back keeps it
    capacities_t capacities;  //  wanted of them
    struct retention *retention;
    struct waits *waits;
    struct redrive *redrives;  //  jobs that are under way; each its call's

    core_t *core;
    effects_t *effects;
    transcript_t *transcript;
    steady_clock_t clock;
    bool has_saved;                   //  this turn, something that may end a wait
    bool is_performing;               //  effects are being performed: no step now
    uint64_t last_ticket;             //  as the core gave it out
    uint64_t last_persisted;          //  up to here everything is on disk, or was withdrawn
    int64_t delivered [REASONS];      //  this turn, by reason, not counted in metrics yet
    int64_t settled [OUTCOMES];       //  this turn, by outcome, likewise
    int64_t settled_ever [OUTCOMES];  //  since the start, but for this turn
} edge_t;

int64_t edge_now_ms (edge_t *self);
void edge_step (edge_t *self, const input_t *input);

//  Takes in what the writer and the reader have finished.
void edge_hear (edge_t *self);

//  At the end of a turn: what was gathered in it leaves, as one message or one lock each.
void edge_end_turn (edge_t *self);

//  Whether nothing is on its way to the store.
bool edge_is_persisted (const edge_t *self);

//  The gauges of metrics.tbl, as of now.
void edge_measure (edge_t *self);

#endif
