/*  worker_stage – a real worker between a scripted broker and a consumer, for worker_….test. */
#ifndef WORKER_STAGE_H
#define WORKER_STAGE_H

#include "daemon/context.h"
#include "worker/fake_broker.h"
#include "worker/fake_consumer.h"
#include "worker/worker.h"

typedef struct {
    context_t *context;
    settings_t *settings;
    fake_broker_t *broker;
    fake_consumer_t *consumer;
    worker_t *worker;
} worker_stage_t;

enum { STAGE_SESSION = 7, STAGE_HEARTBEAT_MS = 1000, STAGE_TIMEOUT_MS = 10000 };

/*  Raised, with the worker not yet made: for settings. Deliveries to loopback are allowed. */
worker_stage_t *worker_stage_new (void);
void worker_stage_set (worker_stage_t *self, const char *key_is_value);
void worker_stage_begin (worker_stage_t *self);  //  the worker is there, and has joined
void worker_stage_destroy (worker_stage_t **self_p);

//  One delivery to a path of the consumer.
uint64_t worker_stage_deliver (worker_stage_t *self, const char *path);
//  The same, until it is settled.
const settlement_t *worker_stage_outcome (worker_stage_t *self, const char *path);

//  The worker leaves, while the test goes on; and has left.
void worker_stage_stop (worker_stage_t *self);
void worker_stage_stopped (worker_stage_t *self);

#endif
