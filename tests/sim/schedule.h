/*  schedule – what will happen in the simulated world, by virtual time; what is due alike happens in
 *  the order in which it was planned.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void happening_t (void *actor, uint64_t token, void *load);

typedef struct schedule schedule_t;

schedule_t *schedule_new (void);
//  Loads that never happened are given to spoil, if there is one.
void schedule_destroy (schedule_t **self_p);

//  At a time, not before now. `spoil` frees a load that is never handed over; may be NULL.
void schedule_at (schedule_t *self, int64_t at_ms, happening_t *happening, void *actor,
                  uint64_t token, void *load, void (*spoil) (void *load));

bool schedule_is_empty (const schedule_t *self);
int64_t schedule_next_ms (const schedule_t *self);  //  INT64_MAX when empty
void schedule_happen (schedule_t *self);            //  the first

#endif
