/*  helper – the small process that starts programs for the worker.
 *
 *  It is forked before the process has threads, has read its configuration or knows a secret, and it
 *  forgets its environment: so nothing that a program could look at in its parents is worth looking
 *  at. For each errand it forks a keeper (keeper.h). It ends when the worker is gone.
 */
#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct helper helper_t;

helper_t *helper_new (void);  //  forks; NULL: the system has no process left, errno is set
void helper_destroy (helper_t **self_p);  //  safe on NULL
pid_t helper_pid (const helper_t *self);

/*  Hands an errand over, with the event and its side of the run's socket, which stay the caller's. Any
 *  thread; waits while the helper is busy, which is as long as it takes to fork. False: it is gone.
 */
bool helper_send (const helper_t *self, const void *errand, size_t size, int event, int run);

#endif
