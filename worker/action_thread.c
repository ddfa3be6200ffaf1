#include "worker/action_thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "worker/actions/targets.h"
#include "worker/transform/transforms.h"

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
    transforms_t *transforms;
    actor_t *actors;              //  ours, one for each offer
    struct curl_waitfd *awaited;  //  ours: descriptors of actors that have one
    actor_t **awaiting;           //  ours: whose each is; NULL: the transforms'
    unsigned awaited_count;
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

//  ---- a job's way through the thread

//  By an action, of one that it was given; or of one that it never saw.
static void
thread_end (void *context, run_t *run)
{
    action_thread_t *self = context;
    job_t *job = (job_t *)run;
    event_destroy (&job->shaped.event);
    if (run->delivery_count > 1 && run->each.count == 0)
        endings_fill (&run->each, run->delivery_count, &run->end.settlement);
    DL_DELETE (self->active, job);
    DL_APPEND (self->ended, job);
}

static void
thread_progress (void *context, run_t *run, int percent, const char *text)
{
    const action_thread_t *self = context;
    self->settings.progress (self->settings.context, (job_t *)run, percent, text ? text : "");
}

static void
thread_act (action_thread_t *self, run_t *run, const prepared_t *prepared)
{
    run->actor = &self->actors [prepared->offer];
    run->actor->offer->action->begin (run->actor->self, run, prepared->ready);
}

//  Its transform is through; the action sees what that made.
static void
thread_transformed (void *context, run_t *run, event_t *event)
{
    action_thread_t *self = context;
    job_t *job = (job_t *)run;
    problem_t problem;
    job->is_transformed = false;
    if (!event) {
        thread_end (self, run);
        return;
    }
    job->shaped = *run->delivery;
    job->shaped.event = event;
    run->delivery = &job->shaped;
    //  Others may have had their turn meanwhile, and need its place.
    const prepared_t *prepared = targets_get (self->targets, run->target, &problem);
    if (prepared)
        thread_act (self, run, prepared);
    else {
        ending_retry (&run->end, "%s", problem.text);
        thread_end (self, run);
    }
}

static void
thread_begin (action_thread_t *self, job_t *job)
{
    run_t *run = &job->run;
    ending_start (&run->end, wall_ms ());
    endings_clear (&run->each);
    DL_APPEND (self->active, job);
    if (atomic_load (&job->is_cancelled)) {
        ending_retry (&run->end, "the worker gave it up before it began");
        thread_end (self, run);
        return;
    }
    problem_t problem;
    const prepared_t *prepared = targets_get (self->targets, run->target, &problem);
    if (!prepared) {
        ending_retry (&run->end, "%s", problem.text);
        thread_end (self, run);
        return;
    }
    const action_t *action = self->actors [prepared->offer].offer->action;
    if (run->delivery_count > 1 && !action->takes_batches) {
        ending_retry (&run->end, "the action %s takes one event at a time, and got %zu",
                      action->name, run->delivery_count);
        thread_end (self, run);
        return;
    }
    if (prepared->transform) {
        job->is_transformed = true;
        transforms_begin (self->transforms, run, prepared->transform);
    }
    else
        thread_act (self, run, prepared);
}

static void
thread_cancel_marked (action_thread_t *self)
{
    job_t *job, *next;
    DL_FOREACH_SAFE (self->active, job, next)
    {
        if (!atomic_load (&job->is_cancelled) || job->is_stopping)
            continue;
        job->is_stopping = true;
        const actor_t *actor = job->run.actor;
        if (job->is_transformed)
            transforms_cancel (self->transforms, &job->run);
        else
            actor->offer->action->cancel (actor->self, &job->run);
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
        CURL *handle = message->easy_handle;
        char *private;
        curl_easy_getinfo (handle, CURLINFO_PRIVATE, &private);
        run_t *run = (run_t *)(void *)private;
        curl_multi_remove_handle (self->multi, handle);
        run->actor->offer->action->transferred (run->actor->self, run, code);
    }
}

//  What woke the thread, if it was an action's descriptor.
static void
thread_serve_awaited (action_thread_t *self)
{
    for (unsigned i = 0; i < self->awaited_count; i++)
        if (self->awaited [i].revents) {
            self->awaited [i].revents = 0;
            if (self->awaiting [i])
                self->awaiting [i]->offer->action->ready (self->awaiting [i]->self);
            else
                transforms_ready (self->transforms);
        }
}

//  ---- the thread

//  Takes what has come. False: it is to end.
static bool
thread_open_inbox (action_thread_t *self, bool *looks_for_cancelled)
{
    pthread_mutex_lock (&self->lock);
    job_t *inbox = self->inbox;
    self->inbox = NULL;
    *looks_for_cancelled = self->looks_for_cancelled;
    self->looks_for_cancelled = false;
    bool goes_on = !self->is_stopping;
    pthread_mutex_unlock (&self->lock);

    job_t *job, *next;
    DL_FOREACH_SAFE (inbox, job, next)
    thread_begin (self, job);
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
    curl_multi_poll (self->multi, self->awaited, self->awaited_count, IDLE_MS, NULL);
    pthread_mutex_lock (&self->lock);
    self->is_asleep = false;
    pthread_mutex_unlock (&self->lock);
}

static void *
thread_main (void *context)
{
    action_thread_t *self = context;
    pthread_setname_np (pthread_self (), "tocsin-action");
    bool looks_for_cancelled;
    while (thread_open_inbox (self, &looks_for_cancelled)) {
        int running;
        CURLMcode code = curl_multi_perform (self->multi, &running);
        ASSERT (code == CURLM_OK, "the multi handle is this thread's alone");
        thread_collect (self);
        thread_serve_awaited (self);
        if (looks_for_cancelled)  //  after what has ended by itself: that is an outcome
            thread_cancel_marked (self);
        thread_hand_back (self);
        thread_sleep (self);
    }
    return NULL;
}

static void
thread_open_actions (action_thread_t *self)
{
    size_t count = self->settings.offer_count;
    self->actors = allocate (count, sizeof *self->actors);
    self->awaited = allocate (count + 1, sizeof *self->awaited);
    self->awaiting = (actor_t **)allocate (count + 1, sizeof *self->awaiting);
    for (size_t i = 0; i < count; i++) {
        actor_t *actor = &self->actors [i];
        actor->offer = &self->settings.offers [i];
        actor->self =
            actor->offer->action->open (&(action_place_t){.settings = actor->offer->settings,
                                                          .attempts = self->settings.transfers,
                                                          .ended = thread_end,
                                                          .progress = thread_progress,
                                                          .thread = self,
                                                          .multi = self->multi});
        if (!actor->offer->action->descriptor)
            continue;
        self->awaited [self->awaited_count] = (struct curl_waitfd){
            .fd = actor->offer->action->descriptor (actor->self), .events = CURL_WAIT_POLLIN};
        self->awaiting [self->awaited_count++] = actor;
    }
}

static void
thread_open_transforms (action_thread_t *self)
{
    self->transforms =
        transforms_new (&(transforms_settings_t){.cpu_ms = self->settings.transform_ms,
                                                 .output_most = self->settings.transform_most,
                                                 .done = thread_transformed,
                                                 .thread = self});
    //  It awaits nothing of an actor.
    self->awaited [self->awaited_count++] = (struct curl_waitfd){
        .fd = transforms_descriptor (self->transforms), .events = CURL_WAIT_POLLIN};
}

action_thread_t *
action_thread_new (const action_thread_settings_t *settings)
{
    action_thread_t *self = ALLOCATE (action_thread_t);
    self->settings = *settings;
    self->targets = targets_new (TARGETS_KEPT, settings->offers, settings->offer_count);
    self->multi = curl_multi_init ();
    ASSERT (self->multi, "out of memory: lower worker/threads");
    //  Its default follows the transfers of the moment, and drops connections when there are few.
    curl_multi_setopt (self->multi, CURLMOPT_MAXCONNECTS, 2 * (long)settings->transfers + 16);
    thread_open_actions (self);
    thread_open_transforms (self);
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

    transforms_destroy (&self->transforms);
    targets_destroy (&self->targets);
    for (size_t i = 0; i < self->settings.offer_count; i++)
        self->actors [i].offer->action->close (self->actors [i].self);
    free (self->actors);
    free (self->awaited);
    free (self->awaiting);
    curl_multi_cleanup (self->multi);
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
