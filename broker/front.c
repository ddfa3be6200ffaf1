#include "broker/front.h"

#include <stdlib.h>
#include <string.h>

#include "broker/calls.h"
#include "broker/client_rights.h"
#include "broker/connections.h"
#include "broker/doorman.h"
#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum {
    BUDGET = 64,          //  messages heard before the other socket gets its turn
    FORGOTTEN_BEATS = 10  //  silent ones, until a gateway's number is given up
};

struct front {
    edge_t *edge;  //  borrowed
    link_t *link;
    connections_t connections;
    confirmation_t *confirmations;  //  of the CONFIRM being made; kept for the next
    size_t confirmation_room;
};

//  The core has one row of numbers for both sockets: gateways have the even ones.
static peer_t
front_peer (link_peer_t peer)
{
    return peer << 1;
}

bool
front_is_peer (peer_t peer)
{
    return (peer & 1) == 0;
}

front_t *
front_new (edge_t *edge, void *zmq, const char *endpoint, problem_t *problem)
{
    link_keys_t keys;
    link_settings_t settings = {.zmq = zmq,
                                .endpoint = endpoint,
                                .is_server = true,
                                .limits = edge->limits,
                                .keys = doorman_keys (edge->doorman, DOOR_FRONT, &keys)};
    OWNED (link) link_t *link = link_new (&settings, problem);
    if (!link)
        return NULL;
    front_t *self = ALLOCATE (front_t);
    self->edge = edge;
    self->link = TAKE (link);
    self->connections.link = self->link;
    doorman_watch (edge->doorman, self->link);
    return self;
}

void
front_destroy (front_t **self_p)
{
    front_t *self = *self_p;
    if (!self)
        return;
    connections_clear (&self->connections);
    link_destroy (&self->link);
    free (self->confirmations);
    free (self);
    *self_p = NULL;
}

void *
front_socket (const front_t *self)
{
    return link_socket (self->link);
}

const char *
front_endpoint (const front_t *self)
{
    return link_endpoint (self->link);
}

//  An answer for nobody: the gateway that asked is gone, and will ask again.
static void
front_say (front_t *self, peer_t peer, const message_t *message)
{
    connection_t *connection = connections_find (&self->connections, peer >> 1);
    if (!connection)
        return;
    if (connections_say (&self->connections, connection, message, monotonic_ms ()) ==
        STATUS_NOT_FOUND)
        connections_remove (&self->connections, connection);
}

static void
front_refuse_with (front_t *self, peer_t peer, uint64_t request, const problem_t *problem)
{
    metrics_add_labelled (self->edge->metrics, METRIC_events_refused, status_name (problem->status),
                          1);
    front_say (self, peer,
               &(message_t){.command = COMMAND_REFUSE,
                            .request = request,
                            .status = problem->status,
                            .text = problem->text});
}

static status_t
front_place (front_t *self, const message_t *message, problem_t *problem)
{
    edge_t *edge = self->edge;
    if (message->event_count == 0)
        return problem_set (problem, STATUS_BAD_REQUEST, "PUBLISH has no events");
    int64_t now_ms = edge_now_ms (edge);
    for (size_t i = 0; i < message->event_count; i++) {
        event_t *event = message->events [i];
        if (event->phase != PHASE_POST)
            return problem_set (problem, STATUS_UNSUPPORTED,
                                "event %s is of phase `pre`, a question, which is never stored: "
                                "CALL event.ask takes those",
                                event->id);
        int32_t partition =
            edge->partitions == 1 ? 0 : event_partition (event->key, edge->partitions);
        event_set_place (event, partition, 0, now_ms);
    }
    return STATUS_OK;
}

static void
front_publish (front_t *self, peer_t peer, const message_t *message)
{
    problem_t problem;
    if (front_place (self, message, &problem) != STATUS_OK) {
        front_refuse_with (self, peer, message->request, &problem);
        return;
    }
    input_t input = {.kind = INPUT_PUBLISH, .peer = peer, .request = message->request};
    input.publish.events = message->events;
    input.publish.count = message->event_count;
    edge_step (self->edge, &input);
}

static void
front_correct (front_t *self, peer_t peer, const message_t *message)
{
    problem_t problem;
    problem_set (&problem, STATUS_BAD_MESSAGE,
                 "%s is not understood here: this is the gateways' socket, broker/front",
                 command_name (message->command));
    metrics_add_labelled (self->edge->metrics, METRIC_bad_messages, status_name (problem.status),
                          1);
    front_say (
        self, peer,
        &(message_t){.command = COMMAND_ERROR, .status = problem.status, .text = problem.text});
}

static void
front_call (front_t *self, peer_t peer, const message_t *message)
{
    static const char refusal [] =
        "{\"message\": \"the key of a client opens what asks, and changes nothing\"}";
    const node_key_t *key = link_key (self->link, peer >> 1);
    if (key && key->role == NODE_CLIENT && !client_may_call (message->method))
        front_reply (self, peer, message->request, STATUS_FORBIDDEN, refusal, strlen (refusal));
    else
        calls_hear (self->edge->calls, peer, message);
}

static void
front_hear (front_t *self, peer_t peer, const message_t *message)
{
    if (message->command == COMMAND_PUBLISH)
        front_publish (self, peer, message);
    else if (message->command == COMMAND_CALL)
        front_call (self, peer, message);
    else if (message->command != COMMAND_HEARTBEAT && message->command != COMMAND_ERROR)
        front_correct (self, peer, message);
}

bool
front_ready (void *context)
{
    front_t *self = context;
    int64_t now_ms = monotonic_ms ();
    for (int i = 0; i < BUDGET; i++) {
        link_peer_t peer = 0;
        message_t message;
        problem_t problem;
        status_t status = link_receive (self->link, &peer, &message, &problem);
        if (status == STATUS_NOT_FOUND)
            return false;
        if (status != STATUS_OK) {
            metrics_add_labelled (self->edge->metrics, METRIC_bad_messages, status_name (status),
                                  1);
            continue;
        }
        connections_hear (&self->connections, peer, now_ms);
        front_hear (self, front_peer (peer), &message);
        message_clear (&message);
    }
    return true;
}

void
front_beat (front_t *self, int64_t now_ms)
{
    int64_t heartbeat_ms = self->edge->heartbeat_ms;
    message_t heartbeat = {.command = COMMAND_HEARTBEAT};
    connection_t *connection, *next;
    HASH_ITER (hh, self->connections.all, connection, next)
    {
        if (now_ms - connection->said_ms >= heartbeat_ms)
            connections_say (&self->connections, connection, &heartbeat, now_ms);
        if (connection->is_gone || now_ms - connection->heard_ms > FORGOTTEN_BEATS * heartbeat_ms)
            connections_remove (&self->connections, connection);
    }
}

void
front_expel (front_t *self)
{
    connection_t *connection, *next;
    HASH_ITER (hh, self->connections.all, connection, next)
    if (!link_allows (self->link, connection->peer))
        connections_remove (&self->connections, connection);
}

static int
front_confirmed (const verdict_t *verdict)
{
    switch (verdict->kind) {
        case VERDICT_STORED: return CONFIRMED_STORED;
        case VERDICT_DUPLICATE: return CONFIRMED_DUPLICATE;
        case VERDICT_ID_TAKEN: break;
    }
    return CONFIRMED_ID_TAKEN;
}

static void
front_count (front_t *self, const effect_t *effect)
{
    int64_t counts [VERDICT_ID_TAKEN + 1] = {0};
    for (size_t i = 0; i < effect->confirm.count; i++)
        counts [effect->confirm.verdicts [i].kind]++;
    metrics_t *metrics = self->edge->metrics;
    metrics_add (metrics, METRIC_events_accepted, counts [VERDICT_STORED]);
    if (counts [VERDICT_DUPLICATE] > 0)
        metrics_add (metrics, METRIC_events_duplicate, counts [VERDICT_DUPLICATE]);
    if (counts [VERDICT_ID_TAKEN] > 0)
        metrics_add_labelled (metrics, METRIC_events_refused, status_name (STATUS_ID_TAKEN),
                              counts [VERDICT_ID_TAKEN]);
}

void
front_confirm (front_t *self, const effect_t *effect)
{
    size_t count = effect->confirm.count;
    if (count > self->confirmation_room) {
        self->confirmation_room = count;
        self->confirmations =
            allocate_again (self->confirmations, count, sizeof *self->confirmations);
    }
    for (size_t i = 0; i < count; i++) {
        confirmation_t *confirmation = &self->confirmations [i];
        confirmation->kind =
            (__typeof__ (confirmation->kind))front_confirmed (&effect->confirm.verdicts [i]);
        confirmation->partition = effect->confirm.events [i]->partition;
        confirmation->seq = effect->confirm.verdicts [i].seq;
    }
    front_count (self, effect);
    front_say (self, effect->peer,
               &(message_t){.command = COMMAND_CONFIRM,
                            .request = effect->request,
                            .confirmations = self->confirmations,
                            .confirmation_count = count,
                            .backoff_ms = effect->confirm.backoff_ms});
}

void
front_refuse (front_t *self, const effect_t *effect)
{
    status_t status = effect->refuse.status;
    metrics_add_labelled (self->edge->metrics, METRIC_events_refused, status_name (status), 1);
    front_say (self, effect->peer,
               &(message_t){.command = COMMAND_REFUSE,
                            .request = effect->request,
                            .status = status,
                            .retry_after_ms = effect->refuse.retry_after_ms,
                            .text = status_text (status)});
}

void
front_error (front_t *self, const effect_t *effect)
{
    front_say (self, effect->peer,
               &(message_t){.command = COMMAND_ERROR,
                            .status = effect->error.status,
                            .text = status_text (effect->error.status)});
}

void
front_reply (front_t *self, peer_t peer, uint64_t request, status_t status, const char *json,
             size_t size)
{
    front_say (self, peer,
               &(message_t){.command = COMMAND_REPLY,
                            .request = request,
                            .status = status,
                            .json = json,
                            .json_size = size});
}
