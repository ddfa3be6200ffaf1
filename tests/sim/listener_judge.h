/*  listener_judge – whether what a listener performs is the log: all of it from where it began, in its
 *  order, without a gap but for what it was told that it has missed; a repeat only of what it had not
 *  written down when it was killed. It knows nothing of feeds and topics: the chronicle has the log.
 */
#ifndef LISTENER_JUDGE_H
#define LISTENER_JUDGE_H

#include "proto/model/event.h"
#include "tests/sim/world.h"

typedef struct listener_judge listener_judge_t;

listener_judge_t *listener_judge_new (world_t *world, const char *listener, const char *type);
void listener_judge_destroy (listener_judge_t **self_p);

//  It starts, and its disk has this as its place in a partition; -1: nothing.
void listener_judge_starts (listener_judge_t *self, int32_t partition, int64_t place);
//  Its first place in a partition, if it has none.
void listener_judge_begins (listener_judge_t *self, int32_t partition, int64_t seq);
//  It writes down that all up to here is done.
void listener_judge_writes (const listener_judge_t *self, int32_t partition, int64_t place);
//  It is told that what lies between is gone.
void listener_judge_missed (listener_judge_t *self, int32_t partition, int64_t above_seq,
                            int64_t first_seq);
void listener_judge_performed (listener_judge_t *self, const event_t *event);

size_t listener_judge_count (const listener_judge_t *self);   //  of what it has performed
bool listener_judge_is_level (const listener_judge_t *self);  //  with the log

#endif
