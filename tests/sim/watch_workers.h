/*  watch_workers – who of the workers may get something: not those whose name is drained, nor those
 *  without the labels that are wanted.
 */
#ifndef WATCH_WORKERS_H
#define WATCH_WORKERS_H

#include "broker/core/core.h"
#include "tests/sim/state.h"

typedef struct watch_workers watch_workers_t;

watch_workers_t *watch_workers_new (world_t *world);
void watch_workers_destroy (watch_workers_t **self_p);

void watch_workers_begun (watch_workers_t *self);  //  the broker has started: nobody is drained
void watch_workers_heard (watch_workers_t *self, const input_t *input);
void watch_workers_said (watch_workers_t *self, const effect_t *effect);

#endif
