/*  operator_actor – who makes, pauses and ends subscriptions, redrives and discards dead letters, cancels,
 *  replays, trims and drains: one thing after another, each asked for again until it is answered. It does what
 *  broker/calls and broker/redrives do.
 */
#ifndef OPERATOR_ACTOR_H
#define OPERATOR_ACTOR_H

#include "proto/model/status.h"
#include "tests/sim/world.h"

typedef struct operator_actor operator_actor_t;

//  What is asked for.
typedef struct {
    enum {
        ASK_MAKE,
        ASK_BROADCAST,
        ASK_PAUSE,
        ASK_RESUME,
        ASK_END,
        ASK_REDRIVE,
        ASK_DISCARD,
        ASK_CANCEL,
        ASK_REPLAY,
        ASK_TRIM,
        ASK_DRAIN,
        ASK_UNDRAIN
    } kind;
    char subscription [32];  //  DRAIN, UNDRAIN: the worker
    char words [200];        //  MAKE: of the subscription
    char replay [8];         //  REPLAY: its id
    int64_t interval_us;     //  REDRIVE: between two dead letters
    int first, nth;          //  CANCEL: of the events, in the order of their publishing
    int64_t keep;            //  TRIM: so many events stay in each partition, if nobody needs more
    bool is_hard;            //  TRIM: even if somebody needs more
} ask_t;

operator_actor_t *operator_actor_new (world_t *world);
void operator_actor_destroy (operator_actor_t **self_p);

void operator_actor_ask (operator_actor_t *self, const ask_t *ask);
bool operator_actor_is_idle (const operator_actor_t *self);  //  all was done, or cannot be

//  The broker's ANSWER.
void operator_actor_hear (operator_actor_t *self, uint64_t request, status_t status);

#endif
