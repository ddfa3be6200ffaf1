/*  clock – wall time that never jumps: read once at start, advanced by the monotonic clock, drawn
 *  slowly (at most 1 part in 200) toward the wall clock. One for each thread that asks.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

typedef struct {
    int64_t now_ms;        //  the last answer; never falls
    int64_t monotonic_ms;  //  when it was given
    int64_t rest_us;       //  of now_ms, below a millisecond
} steady_clock_t;

steady_clock_t steady_clock_start (void);
int64_t steady_clock_ms (steady_clock_t *self);  //  ms since 1970

//  The same, by what the two clocks of the system say: for tests.
int64_t steady_clock_advance (steady_clock_t *self, int64_t monotonic_ms, int64_t wall_ms);

int64_t monotonic_ms (void);
int64_t monotonic_us (void);

#endif
