/*  loop – one thread's wait for sockets, wake-ups and a deadline.
 *
 *  zmq_poll over sockets and descriptors, each drained by its owner under a budget, in the order
 *  in which they were added: control first. One deadline. No timers: whoever needs some keeps them.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct loop loop_t;

//  Called when its socket or descriptor is readable. Takes at most a budget of its own choosing, and
//  answers whether there may be more (it is then called again without waiting).
typedef bool loop_ready_t (void *context);

loop_t *loop_new (void);
void loop_destroy (loop_t **self_p);
void loop_add_socket (loop_t *self, void *zmq_socket, loop_ready_t *ready, void *context);
void loop_add_descriptor (loop_t *self, int descriptor, loop_ready_t *ready, void *context);

//  Waits until something is ready or the monotonic deadline (ms; INT64_MAX: none) is there, and calls
//  those that are ready, once each. EINTR is nothing.
void loop_turn (loop_t *self, int64_t deadline_monotonic_ms);

/*  A bell that another thread rings, an eventfd: many rings are one. */
typedef struct bell bell_t;
bell_t *bell_new (void);
void bell_destroy (bell_t **self_p);
void bell_ring (bell_t *self);
int bell_descriptor (const bell_t *self);
void bell_silence (bell_t *self);  //  before looking at what it was rung for

#endif
