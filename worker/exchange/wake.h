/*  wake – an alarm clock as a descriptor: it can be read when the time has come, or when somebody has
 *  rung, from any thread. A ring is never lost, whatever time is set meanwhile.
 */
#ifndef WAKE_H
#define WAKE_H

#include <stdint.h>

typedef struct wake wake_t;

wake_t *wake_new (void);
void wake_destroy (wake_t **self_p);  //  safe on NULL
int wake_descriptor (const wake_t *self);
void wake_at (wake_t *self, int64_t time_ms);  //  monotonic; INT64_MAX: not at all
void wake_ring (wake_t *self);
void wake_silence (wake_t *self);  //  until the next time

#endif
