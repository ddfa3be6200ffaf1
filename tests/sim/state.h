/*  state – what the world is made of. Only tests/sim looks inside. */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include "proto/model/limits.h"
#include "proto/model/random.h"
#include "tests/sim/checker.h"
#include "tests/sim/luggage.h"
#include "tests/sim/net.h"
#include "tests/sim/questions.h"
#include "tests/sim/schedule.h"
#include "tests/sim/watch.h"
#include "tests/sim/world.h"

enum { WORLD_HEARTBEAT_MS = 1000, WORLD_GRACE_MS = 4000, WORLD_SESSIONS = 64 };
enum { WORLD_LISTENERS = 4, WORLD_BROADCAST_MS = 77 };  //  77: when a broadcast was made
enum { WORLD_WORKERS = 8, WORLD_NOTES = 200, WORLD_NOTES_IN_FULL = 20000, WORLD_NOTE_SIZE = 160 };

#define WORLD_EU "v8"  //  a worker with all the labels that are wanted in one region,
#define WORLD_US "v9"  //  and in the other; they come when nothing goes wrong any more

struct world {
    uint64_t seed;
    random_t random;
    int64_t now_ms;
    int64_t clock_ms;   //  the wall clock is so far before now_ms; a broker that starts reads it
    int64_t latest_ms;  //  that a clock of a broker has ever shown
    bool tells;         //  the broker tells of itself in its log
    bool is_calm;       //  no more faults, of any kind
    bool is_wild;       //  faults come by chance, not only when a play says so
    telling_t telling;
    limits_t limits;
    schedule_t *schedule;
    line_t *lines;
    uint64_t last_peer;
    struct broker_actor *broker;
    struct client_actor *client;
    struct operator_actor *operator;
    struct worker_actor *workers [WORLD_WORKERS];
    size_t worker_count;
    struct listener_actor *listeners [WORLD_LISTENERS];
    size_t listener_count;
    const char *brought [LUGGAGE_MOST];  //  the words of what workers bring; NULL: nobody does
    bool has_broadcast;                  //  on disk: before, nothing is promised
    struct chronicle *chronicle;
    ledger_t *ledger;
    checker_t *checker;
    watch_t *watch;
    questions_t *questions;
    struct {
        char subscription [32];
        consumer_mood_t mood;
    } moods [LEDGER_SUBSCRIPTIONS];
    size_t mood_count;
    int64_t disk_full_until_ms;
    int unknown_commits;  //  of which nobody knows whether they are on disk
    int64_t refused_ms;   //  a commit failed last for want of room
    bool is_sound;
    char verdict [400];
    char (*notes) [WORLD_NOTE_SIZE];  //  a ring of note_room; NULL: untold
    size_t note_count, note_room;
};

#endif
