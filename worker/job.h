/*  job – one attempt on its way between the link thread and an action thread.
 *
 *  It belongs to one of them at a time: handed over with runner_begin, back with runner_take. Only
 *  is_cancelled is written while it is the other's.
 */
#ifndef JOB_H
#define JOB_H

#include <stdatomic.h>

#include "worker/actions/action.h"
#include "worker/holding.h"

typedef struct job job_t;

enum { PROGRESS_SIZE = 257 };  //  a text of PROGRESS and its zero

struct job {
    run_t run;           //  first, so that the thread finds the job of an attempt
    void *owner;         //  the link thread's: of which session
    holding_t *holding;  //  that session's name for it
    atomic_bool is_cancelled;

    //  What its action said last; the runner's lock.
    bool is_told;  //  and the link thread has not heard it yet
    int32_t percent;
    char words [PROGRESS_SIZE];
    job_t *told_prev, *told_next;

    size_t thread;         //  runner's: that has it
    bool is_stopping;      //  the action thread's: its action was told
    bool is_transformed;   //  the action thread's: it waits for that, and has no action yet
    delivery_t shaped;     //  the action thread's: with the event that its transform made
    job_t *prev, *next;    //  in the list of whoever has it
    job_t *before, *then;  //  runner's: all that are under way
};

//  Of one that has ended: one for each of its deliveries.
static inline const settlement_t *
job_settlements (const job_t *self)
{
    return self->run.each.count > 0 ? self->run.each.settlements : &self->run.end.settlement;
}

#endif
