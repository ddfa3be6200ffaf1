#include "worker/runner.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "worker/action_thread.h"
#include "worker/actions/reply.h"

enum { JOBS_KEPT = 1024 };  //  spare ones, with the room for their texts

struct runner {
    runner_settings_t settings;
    action_thread_t **threads;
    size_t *loads;  //  jobs that each thread has

    pthread_mutex_t lock;  //  of ended and told
    job_t *ended;          //  by next
    job_t *told;           //  that have said how far they are, by told_next

    //  The link thread's alone.
    job_t *taken;  //  from ended, by next
    job_t *all;    //  under way, by then
    size_t count;  //  of all
    job_t *spare;  //  by next
    size_t spare_count;
};

static void
runner_forget_word (runner_t *self, job_t *job)
{
    job->is_told = false;
    DL_DELETE2 (self->told, job, told_prev, told_next);
}

//  In any thread.
static void
runner_progress (void *context, job_t *job, int percent, const char *text)
{
    runner_t *self = context;
    pthread_mutex_lock (&self->lock);
    bool was_empty = !self->told;
    job->percent = percent < 0 ? 0 : percent > 100 ? 100 : percent;
    reply_show (text, strlen (text), job->words, sizeof job->words);
    if (!job->is_told)
        DL_APPEND2 (self->told, job, told_prev, told_next);
    job->is_told = true;
    pthread_mutex_unlock (&self->lock);
    if (was_empty)
        bell_ring (self->settings.bell);
}

//  In an action thread.
static void
runner_ended (void *context, job_t *jobs)
{
    runner_t *self = context;
    pthread_mutex_lock (&self->lock);
    bool was_empty = !self->ended;
    job_t *job;
    DL_FOREACH (jobs, job)
    {
        if (job->is_told)
            runner_forget_word (self, job);
    }
    DL_CONCAT (self->ended, jobs);
    pthread_mutex_unlock (&self->lock);
    if (was_empty)
        bell_ring (self->settings.bell);
}

void
runner_prepare_process (void)
{
    CURLcode code = curl_global_init (CURL_GLOBAL_DEFAULT);
    ASSERT (code == CURLE_OK, "libcurl cannot work in this process");
}

runner_t *
runner_new (const runner_settings_t *settings)
{
    runner_t *self = ALLOCATE (runner_t);
    self->settings = *settings;
    pthread_mutex_init (&self->lock, NULL);
    self->threads = allocate (settings->threads, sizeof *self->threads);
    self->loads = allocate (settings->threads, sizeof *self->loads);
    for (size_t i = 0; i < settings->threads; i++)
        self->threads [i] = action_thread_new (
            &(action_thread_settings_t){.offers = settings->offers,
                                        .offer_count = settings->offer_count,
                                        .transfers = settings->transfers,
                                        .transform_ms = settings->transform_ms,
                                        .transform_most = settings->transform_most,
                                        .ended = runner_ended,
                                        .progress = runner_progress,
                                        .context = self});
    return self;
}

static void
job_free (job_t *job)
{
    body_free (&job->run.end.result);
    body_free (&job->run.end.counted);
    endings_free (&job->run.each);
    free (job);
}

void
runner_destroy (runner_t **self_p)
{
    runner_t *self = *self_p;
    if (!self)
        return;
    ASSERT (!self->all && !self->ended, "its owner waits for the end of each");
    for (size_t i = 0; i < self->settings.threads; i++)
        action_thread_destroy (&self->threads [i]);
    while (self->spare) {
        job_t *job = self->spare;
        LL_DELETE (self->spare, job);
        job_free (job);
    }
    pthread_mutex_destroy (&self->lock);
    free (self->threads);
    free (self->loads);
    free (self);
    *self_p = NULL;
}

//  The one with the least to do; of several the first, so that with little to do its connections
//  stay warm.
static size_t
runner_choose (const runner_t *self)
{
    size_t chosen = 0;
    for (size_t i = 1; i < self->settings.threads; i++)
        if (self->loads [i] < self->loads [chosen])
            chosen = i;
    return chosen;
}

static job_t *
runner_job (runner_t *self)
{
    job_t *job = self->spare;
    if (!job)
        return ALLOCATE (job_t);
    LL_DELETE (self->spare, job);
    self->spare_count--;
    return job;
}

void
runner_begin (runner_t *self, void *owner, const worker_effect_t *begin)
{
    job_t *job = runner_job (self);
    job->owner = owner;
    job->holding = begin->holding;
    job->run.delivery = begin->delivery;
    job->run.deliveries = begin->deliveries;
    job->run.delivery_count = begin->delivery_count;
    job->run.target = begin->target;
    atomic_store (&job->is_cancelled, false);
    job->is_stopping = false;
    job->thread = runner_choose (self);
    self->loads [job->thread]++;
    self->count++;
    DL_APPEND2 (self->all, job, before, then);
    action_thread_begin (self->threads [job->thread], job);
}

static void
job_cancel (runner_t *self, job_t *job)
{
    atomic_store (&job->is_cancelled, true);
    action_thread_cancel (self->threads [job->thread]);
}

void
runner_cancel (runner_t *self, const void *owner, const holding_t *holding)
{
    job_t *job;
    DL_FOREACH2 (self->all, job, then)
    {
        if (job->owner == owner && job->holding == holding) {
            job_cancel (self, job);
            return;
        }
    }
}

void
runner_cancel_all (runner_t *self)
{
    job_t *job;
    DL_FOREACH2 (self->all, job, then)
    job_cancel (self, job);
}

void
runner_wake (runner_t *self)
{
    for (size_t i = 0; i < self->settings.threads; i++)
        action_thread_wake (self->threads [i]);
}

bool
runner_take_word (runner_t *self, runner_word_t *word)
{
    pthread_mutex_lock (&self->lock);
    job_t *job = self->told;
    if (job) {
        word->owner = job->owner;
        word->holding = job->holding;
        word->percent = job->percent;
        memcpy (word->text, job->words, sizeof word->text);
        runner_forget_word (self, job);
    }
    pthread_mutex_unlock (&self->lock);
    return job;
}

job_t *
runner_take (runner_t *self)
{
    if (!self->taken) {
        pthread_mutex_lock (&self->lock);
        self->taken = self->ended;
        self->ended = NULL;
        pthread_mutex_unlock (&self->lock);
    }
    job_t *job = self->taken;
    if (job)
        DL_DELETE (self->taken, job);
    return job;
}

void
runner_give_back (runner_t *self, job_t *job)
{
    self->loads [job->thread]--;
    self->count--;
    DL_DELETE2 (self->all, job, before, then);
    if (self->spare_count >= JOBS_KEPT) {
        job_free (job);
        return;
    }
    LL_PREPEND (self->spare, job);
    self->spare_count++;
}

size_t
runner_count (const runner_t *self)
{
    return self->count;
}
