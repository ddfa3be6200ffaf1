/*  core – what the broker decides: all rules of delivery, and nothing else.
 *
 *  One function of an input and a time. It knows no clock, socket, file, thread or log; what it
 *  wants done it says in effects, in order, each with its reason. Same inputs and times, same
 *  effects, so that a simulated world can run years of it in a minute and repeat any failure.
 */
#ifndef CORE_H
#define CORE_H

#include "broker/core/effect.h"
#include "broker/core/input.h"

typedef struct core core_t;
typedef struct effects effects_t;

typedef struct {
    int32_t partitions;  //  N of hash (key) mod N
    uint64_t seed;       //  of jitter and of session ids
    int64_t heartbeat_ms;
    int64_t level_ms;  //  between two CHANGE_LEVEL of a partition
    int64_t grace_ms;  //  after the start, for workers to bring again what they had brought
    bool tells;        //  appends events of type tocsin.… about itself
    bool feeds_all;    //  tells every event on the feed, whoever subscribes
    limits_t limits;
} core_settings_t;

core_t *core_new (const core_settings_t *settings, int64_t now_ms);
void core_destroy (core_t **self_p);

/*  The whole broker: one input, and the effects it causes. Same inputs and times, same effects. */
void core_step (core_t *self, const input_t *input, int64_t now_ms, effects_t *effects);

/*  When it wants to be called with INPUT_TICK, if nothing comes before; INT64_MAX: never. Being
 *  called much later means that this process was stopped: nobody is declared silent for it.
 */
int64_t core_deadline (const core_t *self);

effects_t *effects_new (void);
void effects_destroy (effects_t **self_p);
size_t effects_count (const effects_t *self);
const effect_t *effects_at (const effects_t *self, size_t index);

#endif
