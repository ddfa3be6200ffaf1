/*  waits – the method event.wait: those who have published, and wait for what comes of it.
 *
 *  Of each event those subscriptions are waited for that say `reply`. Nobody looks again and again: a
 *  wait knows what it waits for, asks the core when something was saved, and looks into the store
 *  once that is on disk; or when its time is up.
 */
#ifndef WAITS_H
#define WAITS_H

#include <stdint.h>

typedef struct waits waits_t;
struct edge;

waits_t *waits_new (struct edge *edge);  //  borrowed
void waits_destroy (waits_t **self_p);   //  after the calls, whose each wait is

void waits_saved (waits_t *self);                 //  outcomes are on their way to the disk
void waits_tick (waits_t *self, int64_t now_ms);  //  monotonic
int64_t waits_deadline (const waits_t *self);     //  INT64_MAX: there is none
void waits_end (waits_t *self);                   //  all of them, with what there is

#endif
