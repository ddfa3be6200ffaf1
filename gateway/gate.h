/*  gate – a futex at which threads sleep until it is opened, all of them woken by one call.
 *
 *  It counts how often it was opened: who saw that he is not done sleeps only as long as it was not
 *  opened since.
 */
#ifndef GATE_H
#define GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

//  Zero-initialise it.
typedef struct {
    atomic_uint opened;    //  times
    atomic_uint sleepers;  //  in front of it, or about to be
} gate_t;

//  Until *is_done, or the monotonic deadline.
void gate_sleep (gate_t *self, atomic_bool *is_done, int64_t deadline_ms);

//  After somebody's is_done was set.
void gate_open (gate_t *self);

#endif
