/*  action_thread – a thread that carries attempts: an instance of each action, and a multi handle of
 *  libcurl, in which the thread also waits for whatever else wakes it.
 *
 *  Jobs come through an inbox; those that have ended are handed to whoever made the thread, as many
 *  as there are at a time, so that a wake-up is shared.
 */
#ifndef ACTION_THREAD_H
#define ACTION_THREAD_H

#include "worker/job.h"

typedef struct action_thread action_thread_t;

//  Called in the thread, with a list of jobs (by next) that it has no more to do with.
typedef void action_ended_t (void *context, job_t *jobs);

//  Called by whichever thread an action says it in.
typedef void action_progress_t (void *context, job_t *job, int percent, const char *text);

typedef struct {
    const offer_t *offers;  //  borrowed
    size_t offer_count;
    size_t transfers;       //  at a time, at most
    int transform_ms;       //  of work, for one transform
    size_t transform_most;  //  bytes that one may give
    action_ended_t *ended;
    action_progress_t *progress;
    void *context;
} action_thread_settings_t;

action_thread_t *action_thread_new (const action_thread_settings_t *settings);
//  Ends the thread. Every job has been handed back. Safe on NULL.
void action_thread_destroy (action_thread_t **self_p);

void action_thread_begin (action_thread_t *self, job_t *job);  //  into the inbox
void action_thread_cancel (action_thread_t *self);             //  look for those that are cancelled
void action_thread_wake (action_thread_t *self);               //  after any number of both

#endif
