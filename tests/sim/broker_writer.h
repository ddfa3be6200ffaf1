/*  broker_writer – the writer's thread of a broker in the world: a group commit in virtual time. */
#ifndef BROKER_WRITER_H
#define BROKER_WRITER_H

#include "broker/core/core.h"
#include "broker/store/store.h"
#include "tests/sim/world.h"

typedef struct broker_writer broker_writer_t;
typedef void commit_ended_t (void *owner, const input_t *input);

broker_writer_t *broker_writer_new (world_t *world, store_t *store, commit_ended_t *ended,
                                    void *owner);
void broker_writer_destroy (broker_writer_t **self_p);

bool broker_writer_is_idle (const broker_writer_t *self);  //  all that was given is on disk
void broker_writer_give (broker_writer_t *self, const effect_t *effect);  //  APPEND or SAVE
void broker_writer_freeze (broker_writer_t *self, int64_t until_ms);
void broker_writer_spoil_next (broker_writer_t *self, bool is_applied);  //  outcome unknown
//  The process ends: what is being committed was written, or not.
void broker_writer_crash (broker_writer_t *self);

#endif
