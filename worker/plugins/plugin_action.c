#include "worker/plugins/plugin_action.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utlist.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned_json.h"

//  An attempt, from begin to ended.
typedef struct visit {
    const action_place_t *place;
    run_t *run;
    task_t *task;
    int64_t began_us;
    struct visit *prev, *next;
} visit_t;

typedef struct {
    action_place_t place;
    seat_t seat;
    visit_t *visits;   //  under way
    int epoll, timer;  //  of the seat's bell and of the first deadline
} visits_t;

//  ---- subscriptions: their parameters, as text

static void *
visits_read (const void *settings, const target_t *target, const json_t *document,
             problem_t *problem)
{
    (void)settings;
    (void)target;
    (void)problem;
    OWNED (json) json_t *parameters = json_copy (json_object_get (document, "action"));
    json_object_del (parameters, "name");
    return json_dumps (parameters, JSON_COMPACT);
}

//  ---- an instance

static void
watch (int epoll, int descriptor)
{
    struct epoll_event interest = {.events = EPOLLIN};
    ASSERT (descriptor >= 0 && epoll_ctl (epoll, EPOLL_CTL_ADD, descriptor, &interest) == 0,
            "no descriptor is left: raise LimitNOFILE, or lower worker/threads");
}

static void
visit_progress (void *asker, int percent, const char *text)
{
    const visit_t *visit = asker;
    visit->place->progress (visit->place->thread, visit->run, percent, text);
}

static void *
visits_open (const action_place_t *place)
{
    visits_t *self = ALLOCATE (visits_t);
    self->place = *place;
    seat_open (&self->seat, (crew_t *)(uintptr_t)place->settings, visit_progress);
    self->epoll = epoll_create1 (EPOLL_CLOEXEC);
    self->timer = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    watch (self->epoll, self->timer);
    watch (self->epoll, self->seat.bell);
    return self;
}

static void
visits_close (void *context)
{
    visits_t *self = context;
    seat_close (&self->seat);
    close (self->epoll);
    close (self->timer);
    free (self);
}

static int
visits_descriptor (const void *context)
{
    const visits_t *self = context;
    return self->epoll;
}

static void
visits_set_timer (visits_t *self)
{
    int64_t first_ms = INT64_MAX;
    visit_t *visit;
    DL_FOREACH (self->visits, visit)
    {
        if (visit->task->until_ms < first_ms)
            first_ms = visit->task->until_ms;
    }
    struct itimerspec when = {0};
    if (self->visits)
        when.it_value = (struct timespec){first_ms / 1000, first_ms % 1000 * 1000000};
    timerfd_settime (self->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

//  ---- an attempt

static void
visit_end (visits_t *self, visit_t *visit)
{
    run_t *run = visit->run;
    ending_took (&run->end, monotonic_us () - visit->began_us);
    DL_DELETE (self->visits, visit);
    free (visit);
    run->state = NULL;
    visits_set_timer (self);
    self->place.ended (self->place.thread, run);
}

static void
visits_begin (void *context, run_t *run, void *ready)
{
    visits_t *self = context;
    visit_t *visit = ALLOCATE (visit_t);
    visit->place = &self->place;
    visit->run = run;
    visit->began_us = monotonic_us ();
    visit->task =
        crew_ask (&self->seat, run->delivery->event, run->target->subscription, ready,
                  run->delivery->attempt, monotonic_ms () + run->target->timeout_ms, visit);
    run->state = visit;
    DL_APPEND (self->visits, visit);
    visits_set_timer (self);
}

//  The plug-in is told; what it does then is its own affair.
static void
visits_cancel (void *context, run_t *run)
{
    visits_t *self = context;
    visit_t *visit = run->state;
    task_abandon (&visit->task);
    ending_retry (&run->end, "%s was left alone with it: the worker stopped, or lost the broker",
                  crew_plugin (self->seat.crew)->name);
    visit_end (self, visit);
}

static void
visit_run_late (visits_t *self, visit_t *visit)
{
    const char *name = crew_plugin (self->seat.crew)->name;
    bool was_begun = task_abandon (&visit->task);
    ending_retry (&visit->run->end,
                  was_begun ? "%s took too long" : "%s had no thread for it in all its time", name);
    visit_end (self, visit);
}

//  What was said of an outcome, or that nothing was.
static const char *
words_of (const task_t *task)
{
    return *task->error ? task->error : "it does not say why";
}

static void
visit_conclude (visits_t *self, visit_t *visit)
{
    task_t *task = visit->task;
    const plugin_t *plugin = crew_plugin (self->seat.crew);
    ending_t *end = &visit->run->end;
    switch (task->outcome) {
        case TOCSIN_OK: break;
        case TOCSIN_RETRY:
            ending_retry (end, "%s: %s", plugin->name, words_of (task));
            end->settlement.retry_after_ms = task->retry_after_ms;
            break;
        case TOCSIN_FAIL: ending_fail (end, "%s: %s", plugin->name, words_of (task)); break;
        case TOCSIN_SKIP: ending_skip (end, "%s: %s", plugin->name, words_of (task)); break;
        default:
            ending_fail (end, "%s gave %d, which is no outcome", plugin->name, (int)task->outcome);
            break;
    }
    if (task->result_size > plugin->result_bytes)
        ending_fail (end, "%s: its result of %zu bytes is larger than limits/result_bytes (%zu)",
                     plugin->name, task->result_size, plugin->result_bytes);
    else if (task->result_size > 0)
        ending_keep_result (end, task->result.bytes, task->result.used, plugin->result_bytes);
    task_destroy (&visit->task);
    visit_end (self, visit);
}

static void
visits_ready (void *context)
{
    visits_t *self = context;
    uint64_t rung;
    ssize_t size = read (self->seat.bell, &rung, sizeof rung);
    (void)size;  //  it may have been the timer
    task_t *task;
    while ((task = seat_take (&self->seat)))
        visit_conclude (self, task->asker);
    int64_t now_ms = monotonic_ms ();
    visit_t *visit, *next;
    DL_FOREACH_SAFE (self->visits, visit, next)
    {
        if (now_ms >= visit->task->until_ms)
            visit_run_late (self, visit);
    }
    visits_set_timer (self);
}

action_t
plugin_action (const char *name)
{
    return (action_t){.name = name,
                      .read = visits_read,
                      .drop = free,
                      .open = visits_open,
                      .close = visits_close,
                      .begin = visits_begin,
                      .cancel = visits_cancel,
                      .descriptor = visits_descriptor,
                      .ready = visits_ready};
}
