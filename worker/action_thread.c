#include "worker/action_thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"
#include "worker/actions/targets.h"

enum {
    TARGETS_KEPT = 1024,  //  parsed subscriptions
    IDLE_MS = 60000       //  nothing depends on it: whoever brings work wakes the thread
};

struct action_thread {
    action_thread_settings_t settings;
    pthread_t thread;
    CURLM *multi;

    pthread_mutex_t lock;  //  of the next four
    job_t *inbox;
    bool looks_for_cancelled;
    bool is_stopping;
    bool is_asleep;  //  or about to be: what comes has to wake it

    //  The thread's alone.
    targets_t *targets;
    webhook_t **idle;  //  slots that carry nothing; the one used last is the last
    size_t idle_count;
    job_t *active;
    job_t *ended;  //  to be handed back at the end of the turn
};

static int64_t
wall_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

//  ---- slots

//  One that carried this target last has its connection and its settings ready.
static webhook_t *
thread_take_slot (action_thread_t *self, const webhook_target_t *target)
{
    if (self->idle_count == 0)
        return webhook_new (&self->settings.webhook);
    size_t last = self->idle_count - 1;
    size_t chosen = last;
    for (size_t i = 0; i <= last && webhook_last_target (self->idle [chosen]) != target; i++)
        chosen = last - i;
    webhook_t *webhook = self->idle [chosen];
    self->idle [chosen] = self->idle [last];
    self->idle_count--;
    return webhook;
}

static void
thread_give_slot (action_thread_t *self, job_t *job)
{
    ASSERT (self->idle_count < self->settings.transfers, "there are no more slots than transfers");
    self->idle [self->idle_count++] = job->webhook;
    job->webhook = NULL;
}

//  ---- a job's way through the thread

static void
thread_end (action_thread_t *self, job_t *job)
{
    DL_APPEND (self->ended, job);
}

static void
thread_begin (action_thread_t *self, job_t *job)
{
    int64_t now_ms = wall_ms ();
    job->end.settlement = (settlement_t){.time_ms = now_ms, .error = "", .result = ""};
    if (atomic_load (&job->is_cancelled)) {
        webhook_end_retry (&job->end, "the worker gave it up before it began");
        thread_end (self, job);
        return;
    }
    problem_t problem;
    OWNED (webhook_target)
    webhook_target_t *target = targets_get (self->targets, job->target, &problem);
    if (!target) {
        webhook_end_retry (&job->end, "%s", problem.text);
        thread_end (self, job);
        return;
    }
    job->webhook = thread_take_slot (self, target);
    webhook_prepare (job->webhook, target, job->delivery->event, job->target->timeout_ms,
                     now_ms / 1000);
    CURL *handle = webhook_handle (job->webhook);
    curl_easy_setopt (handle, CURLOPT_PRIVATE, (void *)job);
    CURLMcode code = curl_multi_add_handle (self->multi, handle);
    ASSERT (code == CURLM_OK, "a slot carries one transfer at a time");
    DL_APPEND (self->active, job);
}

static void
thread_conclude (action_thread_t *self, job_t *job, CURLcode code)
{
    curl_multi_remove_handle (self->multi, webhook_handle (job->webhook));
    DL_DELETE (self->active, job);
    webhook_conclude (job->webhook, code, &job->end);
    thread_give_slot (self, job);
    thread_end (self, job);
}

static void
thread_cancel_marked (action_thread_t *self)
{
    job_t *job, *next;
    DL_FOREACH_SAFE (self->active, job, next)
    {
        if (atomic_load (&job->is_cancelled))
            thread_conclude (self, job, CURLE_ABORTED_BY_CALLBACK);
    }
}

static void
thread_collect (action_thread_t *self)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read (self->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        char *job;
        curl_easy_getinfo (message->easy_handle, CURLINFO_PRIVATE, &job);
        thread_conclude (self, (job_t *)(void *)job, code);
    }
}

//  ---- the thread

//  Takes what has come. False: it is to end.
static bool
thread_open_inbox (action_thread_t *self)
{
    pthread_mutex_lock (&self->lock);
    job_t *inbox = self->inbox;
    self->inbox = NULL;
    bool looks_for_cancelled = self->looks_for_cancelled;
    self->looks_for_cancelled = false;
    bool goes_on = !self->is_stopping;
    pthread_mutex_unlock (&self->lock);

    job_t *job, *next;
    DL_FOREACH_SAFE (inbox, job, next)
    thread_begin (self, job);
    if (looks_for_cancelled)
        thread_cancel_marked (self);
    return goes_on;
}

static void
thread_hand_back (action_thread_t *self)
{
    if (!self->ended)
        return;
    job_t *ended = self->ended;
    self->ended = NULL;
    self->settings.ended (self->settings.context, ended);
}

static void
thread_sleep (action_thread_t *self)
{
    pthread_mutex_lock (&self->lock);
    self->is_asleep = !self->inbox && !self->looks_for_cancelled && !self->is_stopping;
    bool is_asleep = self->is_asleep;
    pthread_mutex_unlock (&self->lock);
    if (!is_asleep)
        return;
    curl_multi_poll (self->multi, NULL, 0, IDLE_MS, NULL);
    pthread_mutex_lock (&self->lock);
    self->is_asleep = false;
    pthread_mutex_unlock (&self->lock);
}

static void *
thread_main (void *context)
{
    action_thread_t *self = context;
    pthread_setname_np (pthread_self (), "tocsin-action");
    while (thread_open_inbox (self)) {
        int running;
        CURLMcode code = curl_multi_perform (self->multi, &running);
        ASSERT (code == CURLM_OK, "the multi handle is this thread's alone");
        thread_collect (self);
        thread_hand_back (self);
        thread_sleep (self);
    }
    return NULL;
}

action_thread_t *
action_thread_new (const action_thread_settings_t *settings)
{
    action_thread_t *self = ALLOCATE (action_thread_t);
    self->settings = *settings;
    self->targets = targets_new (TARGETS_KEPT);
    self->idle = allocate (settings->transfers, sizeof *self->idle);
    self->multi = curl_multi_init ();
    ASSERT (self->multi, "out of memory: lower worker/threads");
    //  Its default follows the transfers of the moment, and drops connections when there are few.
    curl_multi_setopt (self->multi, CURLMOPT_MAXCONNECTS, 2 * (long)settings->transfers + 16);
    pthread_mutex_init (&self->lock, NULL);
    int failed = pthread_create (&self->thread, NULL, thread_main, self);
    ASSERT (failed == 0, "the system has no thread left: lower worker/threads");
    return self;
}

void
action_thread_destroy (action_thread_t **self_p)
{
    action_thread_t *self = *self_p;
    if (!self)
        return;
    pthread_mutex_lock (&self->lock);
    self->is_stopping = true;
    pthread_mutex_unlock (&self->lock);
    curl_multi_wakeup (self->multi);
    pthread_join (self->thread, NULL);
    ASSERT (!self->active && !self->inbox && !self->ended, "a job would never end");

    for (size_t i = 0; i < self->idle_count; i++)
        webhook_destroy (&self->idle [i]);
    free (self->idle);
    curl_multi_cleanup (self->multi);
    targets_destroy (&self->targets);
    pthread_mutex_destroy (&self->lock);
    free (self);
    *self_p = NULL;
}

void
action_thread_begin (action_thread_t *self, job_t *job)
{
    pthread_mutex_lock (&self->lock);
    DL_APPEND (self->inbox, job);
    pthread_mutex_unlock (&self->lock);
}

void
action_thread_cancel (action_thread_t *self)
{
    pthread_mutex_lock (&self->lock);
    self->looks_for_cancelled = true;
    pthread_mutex_unlock (&self->lock);
}

void
action_thread_wake (action_thread_t *self)
{
    pthread_mutex_lock (&self->lock);
    bool is_asleep = self->is_asleep && (self->inbox || self->looks_for_cancelled);
    if (is_asleep)
        self->is_asleep = false;  //  one wake-up is enough
    pthread_mutex_unlock (&self->lock);
    if (is_asleep)
        curl_multi_wakeup (self->multi);
}
