/*  transforms – evaluations of a thread's attempts: who waits, and the processes that evaluate.
 *
 *  Of one subscription one is evaluated at a time, so that an endless program of one holds up a
 *  quarter of the processes at most. Nothing here waits; for one thread.
 */
#ifndef TRANSFORMS_H
#define TRANSFORMS_H

#include "worker/actions/action.h"

typedef struct transforms transforms_t;

typedef struct {
    int cpu_ms;          //  worker/transform_ms
    size_t output_most;  //  limits/event_bytes
    /*  It has been evaluated. event: what the action is to see, given away; NULL: the attempt has ended,
     *  and its end says how.
     */
    void (*done) (void *thread, run_t *run, event_t *event);
    void *thread;
} transforms_settings_t;

transforms_t *transforms_new (const transforms_settings_t *settings);
//  All have been done. Safe on NULL.
void transforms_destroy (transforms_t **self_p);

void transforms_begin (transforms_t *self, run_t *run, const char *program);  //  copied
void transforms_cancel (transforms_t *self, run_t *run);                      //  done, as a retry

int transforms_descriptor (const transforms_t *self);  //  when it can be read:
void transforms_ready (transforms_t *self);

#endif
