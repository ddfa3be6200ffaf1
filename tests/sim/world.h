/*  world – a simulated Tocsin: virtual time, a seed, and everybody who lives in it.
 *
 *  The broker is the real core over the memory store; workers are the real worker sessions; messages
 *  go through the real codec. Gateways, consumers, disks and the network are played, and fail as the
 *  seed has it. After each step of the broker the checker looks on. The same seed is the same world.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/model/reason.h"
#include "proto/model/status.h"

typedef struct world world_t;

//  Whether a world keeps a transcript: not at all, which is quick; or what actors do; or what the
//  core does as well.
typedef enum { UNTOLD, TOLD, TOLD_IN_FULL } telling_t;

world_t *world_new (uint64_t seed, telling_t telling);
void world_destroy (world_t **self_p);

//  Whether nothing has been found wrong, and what was, with the time.
bool world_is_sound (const world_t *self);
const char *world_verdict (const world_t *self);
void world_print_transcript (const world_t *self);  //  the last things that happened

//  What actors use.
int64_t world_now (const world_t *self);
int64_t world_number (world_t *self, int64_t below);  //  0 … below - 1
bool world_chance (world_t *self, int one_in);        //  never, when the world is calm
void world_fail (world_t *self, const char *format, ...) __attribute__ ((format (printf, 2, 3)));
void world_note (world_t *self, const char *format, ...) __attribute__ ((format (printf, 2, 3)));

//  What plays use.

//  words: "order=key in_flight=2 attempts=3", see words.h. A second passes.
void subscribe (world_t *self, const char *subscription, const char *words);
//  What operators do; it is asked for until it is answered, one thing after another.
void pause_subscription (world_t *self, const char *subscription);
void resume_subscription (world_t *self, const char *subscription);  //  enables it as well
void end_subscription (world_t *self, const char *subscription);
void replay_subscription (world_t *self, const char *subscription, const char *replay);
void redrive_all (world_t *self, const char *subscription, int64_t interval_us);
void discard_all (world_t *self, const char *subscription);
//  Of its events, counted from the first that was published, each nth beginning with this one.
void cancel_some (world_t *self, const char *subscription, int first, int nth);
void drain_worker (world_t *self, const char *worker);  //  also one that is not here
void undrain_worker (world_t *self, const char *worker);
void trim_log (world_t *self, int64_t keep, bool is_hard);
void start_worker (world_t *self, const char *worker);
//  As a client does: repeated, with the same id, until it is confirmed.
void publish (world_t *self, const char *event, const char *key);
void publish_many (world_t *self, const char *prefix, int count);

//  Workers that start from now on may bring V0 or V1 along, each in a revision of its own.
void bring (world_t *self, int which, const char *words);

//  A subscription of mode broadcast, for events of type a (whose names do not begin with b-), and those
//  who perform it. A second passes.
void broadcast (world_t *self, const char *subscription);
void start_listener (world_t *self, const char *listener);
void kill_listener (world_t *self, const char *listener);
void expect_all_heard (world_t *self, const char *listener);  //  since it has begun

void kill_worker (world_t *self, const char *worker);                    //  as by SIGKILL
void freeze_worker (world_t *self, const char *worker, int64_t for_ms);  //  as by SIGSTOP
void kill_broker (world_t *self);
void start_broker (world_t *self);
void freeze_broker (world_t *self, int64_t for_ms);
void break_connections (world_t *self);
void fill_disk (world_t *self, int64_t for_ms);
//  It is started anew, and from now on appends events about itself.
void let_broker_tell (world_t *self);
//  The wall clock is set; a broker that starts reads it.
void set_clock (world_t *self, int64_t by_ms);
void spoil_next_commit (world_t *self, bool is_applied);  //  its outcome will be unknown

//  How the consumer of a subscription answers from now on.
typedef enum {
#define MOOD(name, text) CONSUMER_##name,
#include "tests/sim/mood.tbl"
    CONSUMER_MOODS
} consumer_mood_t;
void set_consumer (world_t *self, const char *subscription, consumer_mood_t mood);

//  Questions, each of all that are to be asked; none while the broker is down or frozen.
void put_questions (world_t *self, int count);

void elapse (world_t *self, int64_t ms);
//  No more faults, everybody well and started; until nothing is left to do.
void calm (world_t *self);

void expect_delivered (world_t *self, const char *event, const char *subscription);
void expect_delivered_once (world_t *self, const char *event, const char *subscription);
void expect_dead (world_t *self, const char *event, const char *subscription);
void expect_begun_times (world_t *self, const char *event, const char *subscription, int times);
//  Attempts of all events together.
void expect_begins_between (world_t *self, const char *subscription, int least, int most);
void expect_under_way_at_most (world_t *self, const char *subscription, int most);
void expect_dead_because (world_t *self, const char *event, const char *subscription,
                          reason_t reason);
void expect_decided (world_t *self, int allowed, int denied);  //  at least
void expect_refused (world_t *self, const char *event, status_t status);

/*  A play with a name. It runs in a quiet world: only its own faults happen. */
typedef void scenario_t (world_t *world);
typedef struct {
    const char *name;
    scenario_t *play;
} scenario_entry_t;
extern const scenario_entry_t scenarios [];  //  ends with a NULL name

#endif
