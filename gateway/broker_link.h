/*  broker_link – the gateway's one link to a broker, and the thread that owns it.
 *
 *  Of gateway/brokers it uses the first that answers, and goes on to the next when that one falls
 *  silent for three heartbeats. A new connection is a new socket, since a DEALER would bring what it
 *  has queued for one broker to the next.
 */
#ifndef BROKER_LINK_H
#define BROKER_LINK_H

#include "daemon/metrics.h"
#include "daemon/settings.h"
#include "gateway/errand.h"
#include "proto/wire/link.h"

typedef struct broker_link broker_link_t;

/*  Starts to connect. NULL and a problem (BAD_SETTING) when gateway/brokers names none. All that is
 *  given here outlives the link.
 */
broker_link_t *broker_link_new (const settings_t *settings, void *zmq, metrics_t *metrics,
                                problem_t *problem);
void broker_link_destroy (broker_link_t **self_p);  //  when nobody waits any more; safe on NULL

const char *broker_link_endpoint (broker_link_t *self);  //  of the broker in use; any thread
//  For another link to it; NULL: without keys. Filled into `keys`. Any thread.
const link_keys_t *broker_link_keys (broker_link_t *self, link_keys_t *keys);

/*  Any thread; blocks at most gateway/broker_timeout_ms. Fill in what is wanted, and read the answer
 *  when it returns errand->status; errand.h says what is whose.
 */
status_t broker_link_do (broker_link_t *self, errand_t *errand);

#endif
