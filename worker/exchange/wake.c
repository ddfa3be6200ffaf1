#include "worker/exchange/wake.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "daemon/loop.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

struct wake {
    int epoll;  //  of the next two
    int timer;
    bell_t *bell;
};

static void
add (const wake_t *self, int descriptor)
{
    struct epoll_event interest = {.events = EPOLLIN};
    int failed = epoll_ctl (self->epoll, EPOLL_CTL_ADD, descriptor, &interest);
    ASSERT (!failed, "both were just made");
}

wake_t *
wake_new (void)
{
    wake_t *self = ALLOCATE (wake_t);
    self->epoll = epoll_create1 (EPOLL_CLOEXEC);
    self->timer = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    self->bell = bell_new ();
    ASSERT (self->epoll >= 0 && self->timer >= 0,
            "no descriptor is left: raise LimitNOFILE, or lower worker/threads");
    add (self, self->timer);
    add (self, bell_descriptor (self->bell));
    return self;
}

void
wake_destroy (wake_t **self_p)
{
    wake_t *self = *self_p;
    if (!self)
        return;
    close (self->epoll);
    close (self->timer);
    bell_destroy (&self->bell);
    free (self);
    *self_p = NULL;
}

int
wake_descriptor (const wake_t *self)
{
    return self->epoll;
}

void
wake_at (wake_t *self, int64_t time_ms)
{
    struct itimerspec alarm = {0};
    if (time_ms != INT64_MAX) {
        alarm.it_value.tv_sec = time_ms / 1000;
        alarm.it_value.tv_nsec = time_ms % 1000 * 1000000 + 1;  //  0 and 0 would be never
    }
    timerfd_settime (self->timer, TFD_TIMER_ABSTIME, &alarm, NULL);
}

void
wake_ring (wake_t *self)
{
    bell_ring (self->bell);
}

void
wake_silence (wake_t *self)
{
    uint64_t times;
    ssize_t got = read (self->timer, &times, sizeof times);
    (void)got;  //  EAGAIN: it was the bell
    bell_silence (self->bell);
}
