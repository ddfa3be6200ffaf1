#include "worker/plugins/crew.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { LEAVE_MS = 1000 };  //  that a thread has to come out of its plug-in at the end

struct crew {
    const plugin_t *plugin;
    pthread_mutex_t lock;  //  of all that follows, and of all tasks and seats
    pthread_cond_t has_task, has_left;
    task_t *waiting;
    size_t threads;  //  that there are
    bool is_stopping;
};

static task_t *
task_of (const tocsin_call_t *call)
{
    return (task_t *)(uintptr_t)call;
}

static void
ring (int bell)
{
    uint64_t one = 1;
    ssize_t written = write (bell, &one, sizeof one);
    ASSERT (written == (ssize_t)sizeof one, "a bell that is rung more than 2^64 times");
}

//  ---- what a plug-in calls, on whichever thread

static void
host_result (tocsin_call_t *call, const char *bytes, size_t size)
{
    task_t *task = task_of (call);
    pthread_mutex_lock (&task->crew->lock);
    body_clear (&task->result);
    task->result_size = size;
    if (size <= task->crew->plugin->result_bytes)
        body_add (&task->result, bytes, size);
    pthread_mutex_unlock (&task->crew->lock);
}

static void
host_error (tocsin_call_t *call, const char *sentence)
{
    task_t *task = task_of (call);
    pthread_mutex_lock (&task->crew->lock);
    snprintf (task->error, sizeof task->error, "%s", sentence ? sentence : "");
    pthread_mutex_unlock (&task->crew->lock);
}

static void
host_retry_after (tocsin_call_t *call, int64_t ms)
{
    task_t *task = task_of (call);
    pthread_mutex_lock (&task->crew->lock);
    task->retry_after_ms = ms > 0 ? ms : 0;
    pthread_mutex_unlock (&task->crew->lock);
}

static int
host_is_over (const tocsin_call_t *call)
{
    const task_t *task = task_of (call);
    pthread_mutex_lock (&task->crew->lock);
    bool is_over = task->is_over;
    pthread_mutex_unlock (&task->crew->lock);
    return is_over;
}

static int64_t
host_left_ms (const tocsin_call_t *call)
{
    int64_t left_ms = task_of (call)->until_ms - monotonic_ms ();
    return left_ms > 0 && !host_is_over (call) ? left_ms : 0;
}

static int
host_over_descriptor (const tocsin_call_t *call)
{
    task_t *task = task_of (call);
    pthread_mutex_lock (&task->crew->lock);
    if (task->over < 0) {
        task->over = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (task->is_over && task->over >= 0)
            ring (task->over);
    }
    int over = task->over;
    pthread_mutex_unlock (&task->crew->lock);
    return over;
}

//  What is abandoned is nobody's any more.
static void
host_progress (tocsin_call_t *call, int percent, const char *text)
{
    const task_t *task = task_of (call);
    pthread_mutex_lock (&task->crew->lock);
    if (task->state == TASK_PERFORMED)
        task->seat->progress (task->asker, percent, text);
    pthread_mutex_unlock (&task->crew->lock);
}

static const tocsin_host_t host = {.result = host_result,
                                   .error = host_error,
                                   .retry_after = host_retry_after,
                                   .is_over = host_is_over,
                                   .left_ms = host_left_ms,
                                   .over_descriptor = host_over_descriptor,
                                   .progress = host_progress};

//  ---- tasks

void
task_destroy (task_t **self_p)
{
    task_t *self = *self_p;
    if (!self)
        return;
    if (self->over >= 0)
        close (self->over);
    event_destroy (&self->event);
    body_free (&self->result);
    free (self->subscription);
    free (self->parameters);
    free (self);
    *self_p = NULL;
}

task_t *
crew_ask (seat_t *seat, const event_t *event, const char *subscription, const char *parameters,
          int32_t attempt, int64_t until_ms, void *asker)
{
    task_t *self = ALLOCATE (task_t);
    crew_t *crew = seat->crew;
    self->crew = crew;
    self->seat = seat;
    self->asker = asker;
    self->event = event_ref (event);
    self->subscription = allocate_copy (subscription);
    self->parameters = allocate_copy (parameters);
    self->until_ms = until_ms;
    self->over = -1;
    self->call = (tocsin_call_t){.host = &host,
                                 .subscription = self->subscription,
                                 .parameters = self->parameters,
                                 .attempt = attempt};
    pthread_mutex_lock (&crew->lock);
    DL_APPEND (crew->waiting, self);
    pthread_cond_signal (&crew->has_task);
    pthread_mutex_unlock (&crew->lock);
    return self;
}

bool
task_abandon (task_t **self_p)
{
    task_t *self = *self_p;
    crew_t *crew = self->crew;
    *self_p = NULL;
    pthread_mutex_lock (&crew->lock);
    bool is_performed = self->state == TASK_PERFORMED;
    bool was_begun = self->state != TASK_WAITING;
    if (self->state == TASK_WAITING)
        DL_DELETE (crew->waiting, self);
    if (self->state == TASK_ENDED)
        DL_DELETE (self->seat->done, self);
    if (is_performed) {
        self->state = TASK_ABANDONED;
        self->is_over = true;
        if (self->over >= 0)
            ring (self->over);
    }
    pthread_mutex_unlock (&crew->lock);
    if (!is_performed)
        task_destroy (&self);
    return was_begun;
}

void
seat_open (seat_t *self, crew_t *crew,
           void (*progress) (void *asker, int percent, const char *text))
{
    *self = (seat_t){
        .bell = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK), .crew = crew, .progress = progress};
    ASSERT (self->bell >= 0, "no descriptor is left: raise LimitNOFILE, or lower worker/threads");
}

void
seat_close (seat_t *self)
{
    ASSERT (!self->done, "a task that has ended was not taken");
    close (self->bell);
}

task_t *
seat_take (seat_t *self)
{
    pthread_mutex_lock (&self->crew->lock);
    task_t *task = self->done;
    if (task)
        DL_DELETE (self->done, task);
    pthread_mutex_unlock (&self->crew->lock);
    return task;
}

//  ---- threads

static tocsin_outcome_t
perform (const crew_t *self, task_t *task)
{
    const event_t *event = task->event;
    const tocsin_event_t shown = {.id = event->id,
                                  .source = event->source,
                                  .type = event->type,
                                  .subject = event->subject,
                                  .key = event->key,
                                  .time = event->time,
                                  .content_type = event->content_type,
                                  .data = event->data,
                                  .data_size = event->data_size,
                                  .seq = event->seq,
                                  .partition = event->partition,
                                  .hops = event->hops,
                                  .causation = event->causation,
                                  .root = event->root,
                                  .via = event->via};
    return self->plugin->is->perform (self->plugin->self, &shown, &task->call);
}

static void
crew_take_turn (crew_t *self)
{
    task_t *task = self->waiting;
    DL_DELETE (self->waiting, task);
    task->state = TASK_PERFORMED;
    pthread_mutex_unlock (&self->lock);
    tocsin_outcome_t outcome = perform (self, task);
    pthread_mutex_lock (&self->lock);
    if (task->state == TASK_ABANDONED) {
        task_destroy (&task);
        return;
    }
    task->outcome = outcome;
    task->state = TASK_ENDED;
    DL_APPEND (task->seat->done, task);
    ring (task->seat->bell);
}

static void *
crew_main (void *context)
{
    crew_t *self = context;
    pthread_setname_np (pthread_self (), "tocsin-plugin");
    pthread_mutex_lock (&self->lock);
    while (!self->is_stopping) {
        if (self->waiting)
            crew_take_turn (self);
        else
            pthread_cond_wait (&self->has_task, &self->lock);
    }
    self->threads--;
    pthread_cond_signal (&self->has_left);
    pthread_mutex_unlock (&self->lock);
    return NULL;
}

crew_t *
crew_new (const plugin_t *plugin)
{
    crew_t *self = ALLOCATE (crew_t);
    pthread_condattr_t monotonic;
    self->plugin = plugin;
    pthread_mutex_init (&self->lock, NULL);
    pthread_cond_init (&self->has_task, NULL);
    pthread_condattr_init (&monotonic);
    pthread_condattr_setclock (&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init (&self->has_left, &monotonic);
    pthread_condattr_destroy (&monotonic);
    self->threads = plugin->threads;
    for (size_t i = 0; i < plugin->threads; i++) {
        pthread_t thread;
        int failed = pthread_create (&thread, NULL, crew_main, self);
        ASSERT (failed == 0, "the system has no thread left: lower worker/plugin/NAME/threads");
        pthread_detach (thread);
    }
    return self;
}

const plugin_t *
crew_plugin (const crew_t *self)
{
    return self->plugin;
}

//  Whether all have left, after a while at most. The lock is held.
static bool
crew_has_left (crew_t *self)
{
    int64_t until_ms = monotonic_ms () + LEAVE_MS;
    struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
    int failed = 0;
    while (self->threads > 0 && !failed)
        failed = pthread_cond_timedwait (&self->has_left, &self->lock, &until);
    return self->threads == 0;
}

bool
crew_destroy (crew_t **self_p)
{
    crew_t *self = *self_p;
    if (!self)
        return true;
    *self_p = NULL;
    pthread_mutex_lock (&self->lock);
    ASSERT (!self->waiting, "an attempt would never end");
    self->is_stopping = true;
    pthread_cond_broadcast (&self->has_task);
    bool has_left = crew_has_left (self);
    pthread_mutex_unlock (&self->lock);
    if (!has_left)
        return false;
    pthread_mutex_destroy (&self->lock);
    pthread_cond_destroy (&self->has_task);
    pthread_cond_destroy (&self->has_left);
    free (self);
    return true;
}
