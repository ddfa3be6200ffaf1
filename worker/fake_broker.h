/*  fake_broker – a broker that does what a test tells it, for tests of a whole worker.
 *
 *  A ROUTER over which the test hears and speaks, in its own thread. Each wait has a deadline, after
 *  which the test fails and says what it was waiting for.
 */
#ifndef FAKE_BROKER_H
#define FAKE_BROKER_H

#include "proto/wire/link.h"

typedef struct fake_broker fake_broker_t;

//  port 0 picks one; another is that of a broker which was killed.
fake_broker_t *fake_broker_new (void *zmq, int port);
void fake_broker_destroy (fake_broker_t **self_p);  //  as by kill -9: without a word
int fake_broker_port (const fake_broker_t *self);
const char *fake_broker_endpoint (const fake_broker_t *self);

/*  Waits for a HELLO and the CREDIT after its WELCOME. heartbeat_ms is what it tells the worker. What
 *  is said in another session is answered RESET.
 */
void fake_broker_join (fake_broker_t *self, uint64_t session, int64_t heartbeat_ms);
const char *fake_broker_name (const fake_broker_t *self);  //  that the HELLO gave
int64_t fake_broker_capacity (const fake_broker_t *self);
void fake_broker_be_silent (fake_broker_t *self);  //  it says no heartbeats until the next join

/*  One delivery to the worker that joined last. deliver: JSON of a subscription's deliver. data: JSON.
 *
 *  returns       its lease: 1, 2, 3 …
 */
uint64_t fake_broker_deliver (fake_broker_t *self, const char *subscription, const char *deliver,
                              int64_t timeout_ms, const char *data);
void fake_broker_deliver_event (fake_broker_t *self, const target_t *target, event_t *event);

/*  Waits until the lease is settled, and answers SETTLED to that and to all that come before it.
 *  The settlement is the broker's, until the next join.
 */
const settlement_t *fake_broker_settlement (fake_broker_t *self, uint64_t lease);
size_t fake_broker_count_settlements (fake_broker_t *self, size_t count);  //  waits for so many

//  Waits for one of this command and hands it out, until the next wait; others are dropped.
const message_t *fake_broker_wait (fake_broker_t *self, command_t command);
void fake_broker_say (fake_broker_t *self, command_t command);  //  within the session

#endif
