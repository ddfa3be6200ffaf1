#include "worker/fake_broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"

enum { PATIENCE_MS = 20000 };  //  a test that waits longer has failed

struct fake_broker {
    limits_t limits;
    link_t *link;
    link_peer_t worker;  //  that joined last; 0: nobody
    uint64_t session;
    int64_t heartbeat_ms, heartbeat_due_ms;
    uint64_t last_lease, last_number;
    message_t heard;      //  the last one that was waited for
    settlement_t **kept;  //  of this session, ours as are their texts
    size_t kept_count;
    char endpoint [64];
    char name [128];  //  of the HELLO, as is its capacity
    int64_t capacity;
};

fake_broker_t *
fake_broker_new (void *zmq, int port)
{
    fake_broker_t *self = ALLOCATE (fake_broker_t);
    self->limits = limits_default ();
    char endpoint [64];
    if (port)
        snprintf (endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", port);
    else
        snprintf (endpoint, sizeof endpoint, "tcp://127.0.0.1:*");
    problem_t problem = {0};
    link_settings_t settings = {
        .zmq = zmq, .endpoint = endpoint, .is_server = true, .limits = &self->limits};
    int64_t deadline_ms = monotonic_ms () + PATIENCE_MS;
    //  The port of a broker that has just been killed is free when ZeroMQ's thread has closed it.
    do
        self->link = link_new (&settings, &problem);
    while (!self->link && port && monotonic_ms () < deadline_ms);
    if (!self->link)
        fail_msg ("%s", problem.text);
    snprintf (self->endpoint, sizeof self->endpoint, "%s", link_endpoint (self->link));
    return self;
}

static void
broker_forget_settlements (fake_broker_t *self)
{
    for (size_t i = 0; i < self->kept_count; i++) {
        free ((char *)(uintptr_t)self->kept [i]->error);
        free ((char *)(uintptr_t)self->kept [i]->result);
        free (self->kept [i]);
    }
    self->kept_count = 0;
}

void
fake_broker_destroy (fake_broker_t **self_p)
{
    fake_broker_t *self = *self_p;
    if (!self)
        return;
    broker_forget_settlements (self);
    free ((void *)self->kept);
    message_clear (&self->heard);
    link_destroy (&self->link);
    free (self);
    *self_p = NULL;
}

int
fake_broker_port (const fake_broker_t *self)
{
    return atoi (strrchr (self->endpoint, ':') + 1);
}

const char *
fake_broker_endpoint (const fake_broker_t *self)
{
    return self->endpoint;
}

//  ---- out

static void
broker_send (fake_broker_t *self, link_peer_t peer, const message_t *message)
{
    status_t status = link_send (self->link, peer, message);
    if (status)
        fail_msg ("%s could not be sent: %s", command_name (message->command),
                  status_text (status));
}

void
fake_broker_say (fake_broker_t *self, command_t command)
{
    broker_send (self, self->worker, &(message_t){.command = command, .session = self->session});
}

void
fake_broker_deliver_event (fake_broker_t *self, const target_t *target, event_t *event)
{
    target_t targets [] = {*target};
    delivery_t delivery = {.lease = ++self->last_lease,
                           .number = ++self->last_number,
                           .attempt = 1,
                           .deadline_ms = target->timeout_ms + 30000,
                           .event = event};
    broker_send (self, self->worker,
                 &(message_t){.command = COMMAND_DELIVER,
                              .session = self->session,
                              .targets = targets,
                              .target_count = 1,
                              .deliveries = &delivery,
                              .delivery_count = 1});
}

uint64_t
fake_broker_deliver (fake_broker_t *self, const char *subscription, const char *deliver,
                     int64_t timeout_ms, const char *data)
{
    char id [32];
    snprintf (id, sizeof id, "event-%llu", (unsigned long long)self->last_lease + 1);
    event_t fields = {.id = id,
                      .type = "test.happened",
                      .subject = "/a/b",
                      .time = "2026-11-24T03:00:00Z",
                      .data = (const uint8_t *)data,
                      .data_size = strlen (data)};
    event_t *event = event_new (&fields);
    event_set_place (event, 0, (int64_t)self->last_lease + 1, 1);
    target_t target = {.subscription = subscription,
                       .version = 1,
                       .deliver = deliver,
                       .deliver_size = strlen (deliver),
                       .timeout_ms = timeout_ms};
    fake_broker_deliver_event (self, &target, event);
    event_destroy (&event);
    return self->last_lease;
}

//  ---- in

static void
broker_beat (fake_broker_t *self)
{
    if (!self->session || monotonic_ms () < self->heartbeat_due_ms)
        return;
    self->heartbeat_due_ms = monotonic_ms () + self->heartbeat_ms;
    message_t heartbeat = {.command = COMMAND_HEARTBEAT, .session = self->session};
    link_send (self->link, self->worker, &heartbeat);  //  a worker that has gone is no fault here
}

//  What comes next, within the session or not.
static link_peer_t
broker_hear (fake_broker_t *self, const char *awaited)
{
    int64_t deadline_ms = monotonic_ms () + PATIENCE_MS;
    message_clear (&self->heard);
    while (monotonic_ms () < deadline_ms) {
        link_peer_t peer;
        problem_t problem;
        status_t status = link_receive (self->link, &peer, &self->heard, &problem);
        if (status == STATUS_OK)
            return peer;
        if (status != STATUS_NOT_FOUND)
            fail_msg ("the worker said what is not understood: %s", problem.text);
        broker_beat (self);
        zmq_pollitem_t item = {.socket = link_socket (self->link), .events = ZMQ_POLLIN};
        zmq_poll (&item, 1, 20);
    }
    fail_msg ("%s did not come within %d ms", awaited, PATIENCE_MS);
    return 0;
}

const message_t *
fake_broker_wait (fake_broker_t *self, command_t command)
{
    while (broker_hear (self, command_name (command)) != self->worker ||
           self->heard.command != command)
        ;
    return &self->heard;
}

//  Until somebody says HELLO. Others are told to.
static void
broker_await_hello (fake_broker_t *self)
{
    self->session = 0;
    for (;;) {
        self->worker = broker_hear (self, "HELLO");
        if (self->heard.command == COMMAND_HELLO)
            return;
        message_t reset = {.command = COMMAND_RESET};
        link_send (self->link, self->worker, &reset);  //  it may have gone
    }
}

//  On a slow machine a connection may break between HELLO and WELCOME: then it comes again, as another.
static void
broker_welcome (fake_broker_t *self)
{
    const message_t welcome = {
        .command = COMMAND_WELCOME, .session = self->session, .heartbeat_ms = self->heartbeat_ms};
    link_send (self->link, self->worker, &welcome);
    for (;;) {
        link_peer_t peer = broker_hear (self, "CREDIT");
        if (self->heard.command == COMMAND_CREDIT && peer == self->worker)
            return;
        if (self->heard.command == COMMAND_HELLO && peer != self->worker) {
            self->worker = peer;
            link_send (self->link, peer, &welcome);
        }
    }
}

void
fake_broker_join (fake_broker_t *self, uint64_t session, int64_t heartbeat_ms)
{
    broker_await_hello (self);
    broker_forget_settlements (self);
    snprintf (self->name, sizeof self->name, "%s", self->heard.name);
    self->capacity = self->heard.capacity;
    self->session = session;
    self->heartbeat_ms = heartbeat_ms;
    self->heartbeat_due_ms = 0;
    self->last_lease = self->last_number = 0;
    broker_welcome (self);
    assert_int_equal (self->heard.session, session);
}

const char *
fake_broker_name (const fake_broker_t *self)
{
    return self->name;
}

int64_t
fake_broker_capacity (const fake_broker_t *self)
{
    return self->capacity;
}

void
fake_broker_be_silent (fake_broker_t *self)
{
    self->heartbeat_due_ms = INT64_MAX;
}

static void
broker_answer_settled (fake_broker_t *self)
{
    size_t count = self->heard.settlement_count;
    uint64_t *leases = allocate (count, sizeof *leases);
    for (size_t i = 0; i < count; i++)
        leases [i] = self->heard.settlements [i].lease;
    broker_send (self, self->worker,
                 &(message_t){.command = COMMAND_SETTLED,
                              .session = self->session,
                              .leases = leases,
                              .lease_count = count});
    free (leases);
}

//  Several may come in one message, and in any order: those that nobody waits for yet are kept.
static void
broker_keep_settlements (fake_broker_t *self)
{
    for (size_t i = 0; i < self->heard.settlement_count; i++) {
        const settlement_t *settlement = &self->heard.settlements [i];
        settlement_t *kept = ALLOCATE (settlement_t);
        *kept = *settlement;
        kept->error = allocate_copy (settlement->error);
        kept->result = allocate_copy (settlement->result);
        self->kept = (settlement_t **)allocate_again ((void *)self->kept, self->kept_count + 1,
                                                      sizeof *self->kept);
        self->kept [self->kept_count++] = kept;
    }
}

const settlement_t *
fake_broker_settlement (fake_broker_t *self, uint64_t lease)
{
    for (;;) {
        for (size_t i = 0; i < self->kept_count; i++)
            if (self->kept [i]->lease == lease)
                return self->kept [i];
        fake_broker_wait (self, COMMAND_SETTLE);
        broker_answer_settled (self);
        broker_keep_settlements (self);
    }
}

size_t
fake_broker_count_settlements (fake_broker_t *self, size_t count)
{
    size_t settled = 0;
    while (settled < count) {
        fake_broker_wait (self, COMMAND_SETTLE);
        broker_answer_settled (self);
        settled += self->heard.settlement_count;
    }
    return settled;
}
