/*  job – one attempt on its way between the link thread and an action thread.
 *
 *  It belongs to one of them at a time: handed over with runner_begin, back with runner_take. Only
 *  is_cancelled is written while it is the other's.
 */
#ifndef JOB_H
#define JOB_H

#include <stdatomic.h>

#include "worker/actions/webhook.h"
#include "worker/holding.h"

typedef struct job job_t;

struct job {
    void *owner;                 //  the link thread's: of which session
    holding_t *holding;          //  that session's name for it
    const delivery_t *delivery;  //  the session's, until it is finished
    const target_t *target;      //
    webhook_end_t end;           //  how it ended
    atomic_bool is_cancelled;

    size_t thread;         //  runner's: that has it
    webhook_t *webhook;    //  the action thread's: the slot that carries it
    job_t *prev, *next;    //  in the list of whoever has it
    job_t *before, *then;  //  runner's: all that are under way
};

#endif
