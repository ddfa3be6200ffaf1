/*  launch – from an errand to a running program: its limits, who it is, where it stands. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include "worker/exec/errand.h"

//  Descriptors of a program to be.
typedef struct {
    int input, output, log;
} streams_t;

/*  Forks, and returns when the program runs or could not. Its process group is its own, and everything
 *  else that it might have of us is closed.
 *
 *  returns       its pid; -1 with *step and *error (an errno) when there is none
 */
pid_t launch (const errand_read_t *errand, const streams_t *streams, run_step_t *step, int *error);

#endif
