/*  runner – the action threads, as the link thread sees them.
 *
 *  All of it is called by the link thread. What has ended waits here, and a bell is rung.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include "daemon/loop.h"
#include "worker/job.h"
#include "worker/session.h"

typedef struct runner runner_t;

typedef struct {
    const offer_t *offers;  //  borrowed
    size_t offer_count;
    size_t threads;
    size_t transfers;       //  at a time, over all threads
    int transform_ms;       //  as in action_thread.h
    size_t transform_most;  //
    bell_t *bell;           //  borrowed: rung when something has ended
} runner_settings_t;

//  Before the first: what libcurl wants done once, while there is one thread.
void runner_prepare_process (void);

runner_t *runner_new (const runner_settings_t *settings);
//  Every job has been taken back. Safe on NULL.
void runner_destroy (runner_t **self_p);

//  An attempt, as a session begins it. Its deliveries and target stay until the job has been given back.
void runner_begin (runner_t *self, void *owner, const worker_effect_t *begin);
//  It ends soon, as a retry. One that has ended meanwhile is none of ours any more.
void runner_cancel (runner_t *self, const void *owner, const holding_t *holding);
void runner_cancel_all (runner_t *self);
void runner_wake (runner_t *self);  //  the threads, after any number of those

//  What an action has said of an attempt that is under way: how far it is.
typedef struct {
    void *owner;
    holding_t *holding;
    int32_t percent;
    char text [PROGRESS_SIZE];
} runner_word_t;
bool runner_take_word (runner_t *self, runner_word_t *word);  //  false: none

job_t *runner_take (runner_t *self);  //  one that has ended; NULL: none
void runner_give_back (runner_t *self, job_t *job);
size_t runner_count (const runner_t *self);  //  under way, or not taken yet

#endif
