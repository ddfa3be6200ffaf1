/*  state – what the world is made of. Only tests/sim looks inside. */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include "broker/core/random.h"
#include "proto/model/limits.h"
#include "tests/sim/checker.h"
#include "tests/sim/net.h"
#include "tests/sim/schedule.h"
#include "tests/sim/world.h"

enum { WORLD_WORKERS = 6, WORLD_NOTES = 200, WORLD_NOTES_IN_FULL = 20000, WORLD_NOTE_SIZE = 160 };

struct world {
    uint64_t seed;
    random_t random;
    int64_t now_ms;
    bool is_calm;  //  no more faults, of any kind
    bool is_wild;  //  faults come by chance, not only when a play says so
    telling_t telling;
    limits_t limits;
    schedule_t *schedule;
    line_t *lines;
    uint64_t last_peer;
    struct broker_actor *broker;
    struct client_actor *client;
    struct worker_actor *workers [WORLD_WORKERS];
    size_t worker_count;
    ledger_t *ledger;
    checker_t *checker;
    struct {
        char subscription [32];
        consumer_mood_t mood;
    } moods [8];
    size_t mood_count;
    int64_t disk_full_until_ms;
    bool is_sound;
    char verdict [400];
    char (*notes) [WORLD_NOTE_SIZE];  //  a ring of note_room; NULL: untold
    size_t note_count, note_room;
};

#endif
