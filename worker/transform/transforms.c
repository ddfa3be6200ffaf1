#include "worker/transform/transforms.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utlist.h>

#include "daemon/clock.h"
#include "daemon/transformer.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "worker/actions/cloud_event.h"

enum {
    PLACES = 4,
    WALL_TIMES = 10,  //  the time that it may work, at most, on a machine that has much to do
    EVENTS = PLACES + 1
};

//  An attempt that waits for its evaluation, or is under it.
typedef struct wish {
    run_t *run;
    char *program;  //  ours
    int64_t began_us;
    struct wish *prev, *next;
} wish_t;

typedef struct {
    transformer_t *transformer;  //  ours; NULL: none was needed yet, or it has ended
    wish_t *wish;                //  under evaluation; NULL: none
    int64_t until_ms;            //  then it is given up
} place_t;

struct transforms {
    transforms_settings_t settings;
    place_t places [PLACES];
    wish_t *waiting;
    int epoll, timer;
    body_t body;
};

transforms_t *
transforms_new (const transforms_settings_t *settings)
{
    transforms_t *self = ALLOCATE (transforms_t);
    self->settings = *settings;
    self->epoll = epoll_create1 (EPOLL_CLOEXEC);
    self->timer = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event interest = {.events = EPOLLIN};
    ASSERT (self->epoll >= 0 && self->timer >= 0 &&
                epoll_ctl (self->epoll, EPOLL_CTL_ADD, self->timer, &interest) == 0,
            "no descriptor is left: raise LimitNOFILE, or lower worker/threads");
    return self;
}

void
transforms_destroy (transforms_t **self_p)
{
    transforms_t *self = *self_p;
    if (!self)
        return;
    ASSERT (!self->waiting, "an attempt would never end");
    for (size_t i = 0; i < PLACES; i++)
        transformer_destroy (&self->places [i].transformer);
    close (self->epoll);
    close (self->timer);
    body_free (&self->body);
    free (self);
    *self_p = NULL;
}

int
transforms_descriptor (const transforms_t *self)
{
    return self->epoll;
}

//  ---- one

static void
wish_end (transforms_t *self, wish_t *wish, event_t *event)
{
    run_t *run = wish->run;
    ending_took (&run->end, monotonic_us () - wish->began_us);
    free (wish->program);
    free (wish);
    self->settings.done (self->settings.thread, run, event);
}

//  The same event with other data.
static event_t *
event_with_data (const event_t *event, const char *data, size_t size)
{
    event_t fields = *event;
    fields.content_type = "application/json";
    fields.data = (const uint8_t *)data;
    fields.data_size = size;
    event_t *made = event_new (&fields);
    event_set_place (made, event->partition, event->seq, event->accepted_ms);
    return made;
}

static void
place_conclude (transforms_t *self, place_t *place, transformer_state_t state)
{
    wish_t *wish = place->wish;
    ending_t *end = &wish->run->end;
    const char *value = NULL;
    size_t size = 0;
    problem_t problem;
    event_t *event = NULL;
    place->wish = NULL;
    if (state != TRANSFORMER_ANSWERED) {
        bool is_its_own = transformer_explain (place->transformer, &problem) == STATUS_BAD_EVENT;
        transformer_destroy (&place->transformer);
        if (is_its_own)
            ending_fail (end, "%s", problem.text);
        else
            ending_retry (end, "%s", problem.text);
    }
    else if (transformer_value (place->transformer, &value, &size, &problem))
        ending_fail (end, "%s", problem.text);
    else if (!value)
        ending_skip (end, "transform.jq gave nothing");
    else
        event = event_with_data (wish->run->delivery->event, value, size);
    wish_end (self, wish, event);
}

//  ---- all

static bool
is_evaluated (const transforms_t *self, const char *subscription)
{
    for (size_t i = 0; i < PLACES; i++) {
        const wish_t *wish = self->places [i].wish;
        if (wish && strcmp (wish->run->target->subscription, subscription) == 0)
            return true;
    }
    return false;
}

//  The first one whose subscription has none under evaluation; NULL: none.
static wish_t *
next_wish (transforms_t *self)
{
    wish_t *wish;
    DL_FOREACH (self->waiting, wish)
    {
        if (!is_evaluated (self, wish->run->target->subscription))
            return wish;
    }
    return NULL;
}

static void
place_watch (transforms_t *self, place_t *place, int how, bool wants_write)
{
    struct epoll_event interest = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0U),
                                   .data.ptr = place};
    int failed =
        epoll_ctl (self->epoll, how, transformer_descriptor (place->transformer), &interest);
    ASSERT (!failed, "its descriptor is ours, and stays until it is destroyed");
}

static void
place_go_on (transforms_t *self, place_t *place)
{
    transformer_state_t state = transformer_go_on (place->transformer);
    if (state == TRANSFORMER_WANTS_WRITE || state == TRANSFORMER_WANTS_READ)
        place_watch (self, place, EPOLL_CTL_MOD, state == TRANSFORMER_WANTS_WRITE);
    else
        place_conclude (self, place, state);
}

//  False: there is no process to do it.
static bool
place_begin (transforms_t *self, place_t *place, wish_t *wish, problem_t *problem)
{
    if (!place->transformer) {
        place->transformer = transformer_new (problem);
        if (!place->transformer)
            return false;
        place_watch (self, place, EPOLL_CTL_ADD, false);
    }
    place->wish = wish;
    place->until_ms = monotonic_ms () + (int64_t)self->settings.cpu_ms * WALL_TIMES;
    body_clear (&self->body);
    cloud_event_write (wish->run->delivery->event, &self->body);
    transformer_ask (place->transformer, wish->program, self->body.bytes, self->body.used,
                     self->settings.output_most, self->settings.cpu_ms);
    return true;
}

static void
transforms_dispatch (transforms_t *self)
{
    for (size_t i = 0; i < PLACES; i++) {
        place_t *place = &self->places [i];
        wish_t *wish;
        while (!place->wish && (wish = next_wish (self))) {
            problem_t problem;
            DL_DELETE (self->waiting, wish);
            if (place_begin (self, place, wish, &problem))
                place_go_on (self, place);
            else {
                ending_retry (&wish->run->end, "%s", problem.text);
                wish_end (self, wish, NULL);
            }
        }
    }
}

static void
transforms_set_timer (transforms_t *self)
{
    int64_t first_ms = INT64_MAX;
    for (size_t i = 0; i < PLACES; i++)
        if (self->places [i].wish && self->places [i].until_ms < first_ms)
            first_ms = self->places [i].until_ms;
    struct itimerspec when = {0};
    if (first_ms < INT64_MAX)
        when.it_value = (struct timespec){first_ms / 1000, first_ms % 1000 * 1000000};
    timerfd_settime (self->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void
transforms_settle (transforms_t *self)
{
    transforms_dispatch (self);
    transforms_set_timer (self);
}

void
transforms_begin (transforms_t *self, run_t *run, const char *program)
{
    wish_t *wish = ALLOCATE (wish_t);
    wish->run = run;
    wish->program = allocate_copy (program);
    wish->began_us = monotonic_us ();
    DL_APPEND (self->waiting, wish);
    transforms_settle (self);
}

void
transforms_cancel (transforms_t *self, run_t *run)
{
    wish_t *wish;
    DL_SEARCH_SCALAR (self->waiting, wish, run, run);
    if (wish)
        DL_DELETE (self->waiting, wish);
    for (size_t i = 0; !wish && i < PLACES; i++) {
        place_t *place = &self->places [i];
        if (!place->wish || place->wish->run != run)
            continue;
        wish = place->wish;
        place->wish = NULL;
        transformer_destroy (&place->transformer);  //  whatever it works at
    }
    ASSERT (wish, "what is cancelled has not ended");
    ending_retry (&run->end, "its transform was stopped: the worker stopped, or lost the broker");
    wish_end (self, wish, NULL);
    //  Whoever cancels looks through its attempts, and bears no other end meanwhile: it is for ready.
    struct itimerspec at_once = {.it_value = {.tv_nsec = 1}};
    timerfd_settime (self->timer, TFD_TIMER_ABSTIME, &at_once, NULL);
}

void
transforms_ready (transforms_t *self)
{
    struct epoll_event events [EVENTS];
    int count = epoll_wait (self->epoll, events, EVENTS, 0);
    for (int i = 0; i < count; i++) {
        place_t *place = events [i].data.ptr;
        if (place && place->wish)
            place_go_on (self, place);
        else if (place)
            transformer_destroy (&place->transformer);  //  it ended, unasked
    }
    int64_t now_ms = monotonic_ms ();
    for (size_t i = 0; i < PLACES; i++)
        if (self->places [i].wish && now_ms >= self->places [i].until_ms)
            place_conclude (self, &self->places [i], TRANSFORMER_WANTS_READ);
    transforms_settle (self);
}
