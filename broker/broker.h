/*  broker – the role: sockets and the pure core in one thread, the store's writer in a second, its
 *  reader in a third.
 */
#ifndef BROKER_H
#define BROKER_H

#include "daemon/settings.h"

typedef struct broker broker_t;

/*  Opens the store, binds, starts its threads, and answers when it serves. NULL and a problem
 *  otherwise. zmq: the context, shared with who connects over inproc.
 */
broker_t *broker_new (const settings_t *settings, void *zmq, problem_t *problem);
//  The same on a store that is open already, whatever store/url says. Takes it, also when it fails.
struct store;
broker_t *broker_new_on (struct store *store, const settings_t *settings, void *zmq,
                         problem_t *problem);
const char *broker_front (const broker_t *self);  //  endpoints as bound
const char *broker_back (const broker_t *self);
const char *broker_feed (const broker_t *self);

/*  Orderly stop: takes nothing new, says BYE to workers, waits for what is in flight (at most
 *  broker/drain_ms), writes what is left, closes. Safe on NULL.
 */
void broker_destroy (broker_t **self_p);

#endif
