/*  broker_actor_state – what the broker's actor is made of. */
#ifndef BROKER_ACTOR_STATE_H
#define BROKER_ACTOR_STATE_H

#include "broker/core/core.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/broker_writer.h"
#include "tests/sim/state.h"

typedef struct heard {
    uint64_t peer;
    message_t message;
    struct heard *prev, *next;
} heard_t;

//  A worker as the edge knows it: for heartbeats.
typedef struct {
    uint64_t peer, session, sent;
    bool listens;  //  to feeds
} known_t;

struct broker_actor {
    world_t *world;
    store_t *store;  //  outlives crashes
    int32_t partitions;
    core_t *core;  //  NULL while it is down
    effects_t *effects;
    broker_writer_t *writer;
    uint64_t life;  //  happenings of earlier lives are void
    int64_t frozen_until_ms;
    heard_t *inbox;    //  what came while it was frozen
    int64_t tick_ms;   //  planned; INT64_MAX: none
    int64_t clock_ms;  //  its clock is so far before the world's; set anew when it starts
    known_t known [WORLD_SESSIONS];
    size_t known_count;
};

//  Looked on by all who judge, and what it says is done.
void broker_actor_step (broker_actor_t *self, const input_t *input);

#endif
