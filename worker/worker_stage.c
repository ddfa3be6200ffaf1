#include "worker/worker_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include <pthread.h>

#include "daemon/log.h"
#include "proto/model/allocate.h"

typedef struct {
    worker_stage_t stage;
    pthread_t stopper;
    bool is_stopping;
} raised_t;

worker_stage_t *
worker_stage_new (void)
{
    log_set_level (LOG_ERROR);
    raised_t *raised = ALLOCATE (raised_t);
    worker_stage_t *self = &raised->stage;
    problem_t problem = {0};
    self->context = context_new (&problem);
    self->settings = settings_new ();
    self->broker = fake_broker_new (context_zmq (self->context), 0);
    self->consumer = fake_consumer_new ();
    char brokers [100];
    snprintf (brokers, sizeof brokers, "worker/brokers=%s", fake_broker_endpoint (self->broker));
    worker_stage_set (self, brokers);
    worker_stage_set (self, "worker/allow_private_addresses=1");
    return self;
}

void
worker_stage_set (worker_stage_t *self, const char *key_is_value)
{
    problem_t problem = {0};
    if (settings_set (self->settings, key_is_value, &problem))
        fail_msg ("%s", problem.text);
}

void
worker_stage_begin (worker_stage_t *self)
{
    problem_t problem = {0};
    self->worker = worker_new (self->settings, context_zmq (self->context), &problem);
    if (!self->worker)
        fail_msg ("%s", problem.text);
    fake_broker_join (self->broker, STAGE_SESSION, STAGE_HEARTBEAT_MS);
}

static void *
stage_stop (void *context)
{
    worker_stage_t *self = context;
    worker_destroy (&self->worker);
    return NULL;
}

void
worker_stage_stop (worker_stage_t *self)
{
    raised_t *raised = (raised_t *)self;
    raised->is_stopping = pthread_create (&raised->stopper, NULL, stage_stop, self) == 0;
    assert_true (raised->is_stopping);
}

void
worker_stage_stopped (worker_stage_t *self)
{
    raised_t *raised = (raised_t *)self;
    if (raised->is_stopping)
        pthread_join (raised->stopper, NULL);
    raised->is_stopping = false;
}

void
worker_stage_destroy (worker_stage_t **self_p)
{
    worker_stage_t *self = *self_p;
    if (!self)
        return;
    fake_consumer_let_go (self->consumer);
    worker_stage_stopped (self);
    worker_destroy (&self->worker);
    fake_consumer_destroy (&self->consumer);
    fake_broker_destroy (&self->broker);
    settings_destroy (&self->settings);
    context_destroy (&self->context);
    free (self);
    *self_p = NULL;
}

uint64_t
worker_stage_deliver (worker_stage_t *self, const char *path)
{
    return fake_broker_deliver (self->broker, path, fake_consumer_deliver (self->consumer, path),
                                STAGE_TIMEOUT_MS, "{\"n\":1}");
}

const settlement_t *
worker_stage_outcome (worker_stage_t *self, const char *path)
{
    return fake_broker_settlement (self->broker, worker_stage_deliver (self, path));
}
