/*  keeper – the process that one run of a program has for itself: starts it, reads what it says, looks
 *  at the time, and sees to it that nothing is left.
 *
 *  The socket of the run leads to the worker. When it is closed there, or its sending side is shut,
 *  the run is cancelled; the report goes out of it at the end. So a worker that dies takes its
 *  programs with it.
 */
#ifndef KEEPER_H
#define KEEPER_H

#include "worker/exec/errand.h"

//  From start to report. event, run: ours; to be called in a process of its own.
void keeper_run (const errand_read_t *errand, int event, int run);

#endif
