/*  doorman – who may come in: the broker's own key, the keys that it allows, and the word on each
 *  handshake. Without keys/own there is no key, and everybody on this machine may.
 *
 *  The directory keys/allowed is read anew when something in it changes. It belongs to the edge's
 *  thread once that runs.
 */
#ifndef DOORMAN_H
#define DOORMAN_H

#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "daemon/settings.h"
#include "proto/wire/link.h"

typedef struct doorman doorman_t;

/*  Before the doors are opened, since a door without one lets everybody in. NULL and a problem
 *  (BAD_SETTING, SYSTEM) otherwise.
 */
doorman_t *doorman_new (const settings_t *settings, void *zmq, metrics_t *metrics,
                        problem_t *problem);
void doorman_destroy (doorman_t **self_p);  //  after the doors are closed. Safe on NULL

//  For the link of a door; NULL: without keys. Filled into `keys`.
const link_keys_t *doorman_keys (const doorman_t *self, door_t door, link_keys_t *keys);

//  Watches the handshakes of a door, the questions and the directory.
void doorman_watch (doorman_t *self, link_t *link);
/*  SYSTEM: a stranger was not kept out of a door that is watched. Blocks for some milliseconds. */
status_t doorman_try (doorman_t *self, void *zmq, const limits_t *limits, problem_t *problem);
void doorman_stand (doorman_t *self, loop_t *loop);

int64_t doorman_deadline (const doorman_t *self);  //  monotonic; INT64_MAX: never
//  Reads the directory when it has changed. True: keys are gone, and who came with them must go.
bool doorman_tick (doorman_t *self, int64_t now_monotonic_ms);

#endif
