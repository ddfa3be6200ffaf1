/*  context – the ZeroMQ context of a process, with room for the sockets and descriptors it may need.
 */
#ifndef CONTEXT_H
#define CONTEXT_H

#include "proto/model/status.h"

typedef struct context context_t;

/*  Raises the limit of open files to what the system allows, since ZeroMQ aborts when they run out.
 *  NULL and a problem (SYSTEM) when that is too few to serve.
 */
context_t *context_new (problem_t *problem);
void context_destroy (context_t **self_p);  //  blocks until every socket is closed
void *context_zmq (context_t *self);

#endif
