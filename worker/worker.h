/*  worker – the role: a link thread, and threads that perform actions. */
#ifndef WORKER_H
#define WORKER_H

#include "daemon/metrics.h"
#include "daemon/settings.h"

typedef struct worker worker_t;

/*  First thing in a process, before it has threads and has read a secret: forks the helper that
 *  starts programs. Without it the action exec cannot be offered.
 */
void worker_prepare_process (void);

/*  Starts to connect to worker/brokers and says HELLO until it is WELCOME. NULL and a problem when
 *  its settings cannot be used.
 */
worker_t *worker_new (const settings_t *settings, void *zmq, problem_t *problem);

//  Says BYE, finishes what is in flight (at most worker/drain_ms), settles it. Safe on NULL.
void worker_destroy (worker_t **self_p);

metrics_t *worker_metrics (const worker_t *self);  //  the worker's; any thread may read them

#endif
