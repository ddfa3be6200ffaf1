#include "daemon/clock.h"

#include <time.h>

enum { DRAW_US = 5 };  //  toward the wall clock, at most, for each ms that passes: 1 part in 200

static int64_t
clock_us (clockid_t clock)
{
    struct timespec time;
    clock_gettime (clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

int64_t
monotonic_us (void)
{
    return clock_us (CLOCK_MONOTONIC);
}

int64_t
monotonic_ms (void)
{
    return monotonic_us () / 1000;
}

steady_clock_t
steady_clock_start (void)
{
    return (steady_clock_t){clock_us (CLOCK_REALTIME) / 1000, monotonic_ms (), 0};
}

int64_t
steady_clock_advance (steady_clock_t *self, int64_t monotonic_now_ms, int64_t wall_ms)
{
    int64_t passed_ms = monotonic_now_ms - self->monotonic_ms;
    int64_t most_us = passed_ms * DRAW_US;
    int64_t behind_us = (wall_ms - self->now_ms - passed_ms) * 1000 - self->rest_us;
    int64_t drawn_us = behind_us > most_us ? most_us : behind_us < -most_us ? -most_us : behind_us;

    int64_t rest_us = self->rest_us + passed_ms * 1000 + drawn_us;
    self->now_ms += rest_us / 1000;
    self->rest_us = rest_us % 1000;
    self->monotonic_ms = monotonic_now_ms;
    return self->now_ms;
}

int64_t
steady_clock_ms (steady_clock_t *self)
{
    return steady_clock_advance (self, monotonic_ms (), clock_us (CLOCK_REALTIME) / 1000);
}
