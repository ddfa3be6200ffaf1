#include "broker/back_state.h"
#include "broker/core/view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "broker/connections.h"
#include "broker/doorman.h"
#include "broker/front.h"
#include "broker/intake.h"
#include "broker/listening.h"
#include "broker/living.h"
#include "broker/settles.h"
#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { BUDGET = 64 };  //  messages heard before the other socket gets its turn

back_t *
back_new (edge_t *edge, void *zmq, const char *endpoint, problem_t *problem)
{
    link_keys_t keys;
    link_settings_t settings = {.zmq = zmq,
                                .endpoint = endpoint,
                                .is_server = true,
                                .limits = edge->limits,
                                .keys = doorman_keys (edge->doorman, DOOR_BACK, &keys),
                                .bad_most = edge->limits->bad_messages};
    OWNED (link) link_t *link = link_new (&settings, problem);
    if (!link)
        return NULL;
    back_t *self = ALLOCATE (back_t);
    self->edge = edge;
    self->link = TAKE (link);
    self->connections.link = self->link;
    self->offences.metrics = edge->metrics;
    doorman_watch (edge->doorman, self->link);
    return self;
}

void
back_destroy (back_t **self_p)
{
    back_t *self = *self_p;
    if (!self)
        return;
    connections_clear (&self->connections);
    offers_clear (&self->edge->offers);
    capacities_clear (&self->edge->capacities);
    link_destroy (&self->link);
    settles_clear (&self->settles);
    free (self);
    *self_p = NULL;
}

void *
back_socket (const back_t *self)
{
    return link_socket (self->link);
}

const char *
back_endpoint (const back_t *self)
{
    return link_endpoint (self->link);
}

//  ---- out

connection_t *
back_find (const back_t *self, peer_t peer)
{
    return connections_find (&self->connections, peer >> 1);
}

void
back_say (back_t *self, peer_t peer, const message_t *message)
{
    connection_t *connection = back_find (self, peer);
    if (connection)
        connections_say (&self->connections, connection, message, monotonic_ms ());
}

//  Everything in its outbox leaves. SETTLED first: it makes room in the worker.
static void
back_empty (back_t *self, connection_t *connection, session_id_t next_session)
{
    message_t message;
    int64_t now_ms = monotonic_ms ();
    if (outbox_settled (connection->outbox, &message))
        connections_say (&self->connections, connection, &message, now_ms);
    if (outbox_deliveries (connection->outbox, &message))
        connections_say (&self->connections, connection, &message, now_ms);
    outbox_clear (connection->outbox, next_session);
}

//  The connection that an effect of the core is for, with an outbox of its session.
static connection_t *
back_stage (back_t *self, const effect_t *effect)
{
    connection_t *connection = back_find (self, effect->peer);
    if (!connection)
        return NULL;
    if (!connection->outbox)
        connection->outbox = outbox_new (effect->session, self->edge->limits);
    if (!connection->is_staged) {
        connection->is_staged = true;
        DL_APPEND (self->connections.staged, connection);
    }
    return connection;
}

void
back_deliver (back_t *self, const effect_t *effect)
{
    connection_t *connection = back_stage (self, effect);
    if (!connection)
        return;
    if (!outbox_takes_delivery (connection->outbox, effect))
        back_empty (self, connection, effect->session);
    outbox_add_delivery (connection->outbox, effect);
    connection->delivered = effect->deliver.number;
}

void
back_settled (back_t *self, const effect_t *effect)
{
    connection_t *connection = back_stage (self, effect);
    if (!connection)
        return;
    if (!outbox_takes_settled (connection->outbox, effect))
        back_empty (self, connection, effect->session);
    outbox_add_settled (connection->outbox, effect);
}

//  WELCOME also tells a worker that is here what is wanted of it.
static void
back_greet (back_t *self, connection_t *connection)
{
    connections_say (
        &self->connections, connection,
        &(message_t){.command = COMMAND_WELCOME,
                     .session = connection->session,
                     .heartbeat_ms = self->edge->heartbeat_ms,
                     .former = connection->former,
                     .capacity = capacities_wanted (&self->edge->capacities, connection->name)},
        monotonic_ms ());
}

void
back_resize (back_t *self, const char *worker)
{
    connection_t *connection, *next;
    HASH_ITER (hh, self->connections.all, connection, next)
    {
        if (connection->session && strcmp (connection->name, worker) == 0)
            back_greet (self, connection);
    }
}

//  One that tells how many it works on, and not what is wanted, has not heard it.
static void
back_note_capacity (back_t *self, connection_t *connection, const message_t *heartbeat)
{
    connection_note_capacity (connection, heartbeat->capacity);
    int64_t wanted = capacities_wanted (&self->edge->capacities, connection->name);
    if (connection->session && connection->capacity &&
        connection->capacity != (wanted ? wanted : connection->own_capacity))
        back_greet (self, connection);
}

void
back_welcome (back_t *self, const effect_t *effect)
{
    connection_t *connection = back_find (self, effect->peer);
    if (connection && connection->session != effect->session) {
        connection->session = effect->session;
        connection->former = effect->welcome.former;
        connection->delivered = 0;
        connection->listens = false;
        connection->is_leaving = false;
        log_notice ("broker", "worker %s joined", connection->name);
    }
    if (connection)
        back_greet (self, connection);
}

//  Behind what it is about, which may wait to leave.
void
back_cancel (back_t *self, const effect_t *effect)
{
    connection_t *connection = back_find (self, effect->peer);
    if (connection && connection->outbox)
        back_empty (self, connection, effect->session);
    back_say (self, effect->peer,
              &(message_t){.command = COMMAND_CANCEL,
                           .session = effect->session,
                           .leases = (uint64_t *)(uintptr_t)effect->cancel.leases,
                           .lease_count = effect->cancel.count});
}

void
back_reset (back_t *self, const effect_t *effect)
{
    back_say (self, effect->peer, &(message_t){.command = COMMAND_RESET});
    connection_t *connection = back_find (self, effect->peer);
    if (connection)
        back_blame_stranger (self, connection);
}

void
back_bye (back_t *self, const effect_t *effect)
{
    back_say (self, effect->peer, &(message_t){.command = COMMAND_BYE, .session = effect->session});
}

void
back_error (back_t *self, const effect_t *effect)
{
    connection_t *connection = back_find (self, effect->peer);
    if (connection && effect->error.status == STATUS_BAD_MESSAGE) {
        problem_t why;
        problem_set (&why, STATUS_BAD_MESSAGE, "%s", reason_text (effect->reason));
        back_blame (self, connection, &why);
    }
    else
        back_say (self, effect->peer,
                  &(message_t){.command = COMMAND_ERROR,
                               .session = effect->session,
                               .status = effect->error.status,
                               .text = status_text (effect->error.status)});
}

//  What it holds goes to others now, not when its silence has lasted.
void
back_part (back_t *self, connection_t *connection, parted_t why)
{
    input_t gone = {.kind = INPUT_GONE,
                    .peer = back_peer (connection->peer),
                    .session = connection->session,
                    .gone = {.is_expelled = why != PARTED_GONE}};
    if (connection->session)
        back_log_parting (self, connection, why);
    offers_drop (&self->edge->offers, connection->peer);
    connections_remove (&self->connections, connection);
    if (gone.session)
        edge_step (self->edge, &gone);
}

void
back_expel (back_t *self)
{
    connection_t *connection, *next;
    HASH_ITER (hh, self->connections.all, connection, next)
    if (!link_allows (self->link, connection->peer))
        back_part (self, connection, PARTED_EXPELLED);
}

void
back_listens (back_t *self, const effect_t *effect)
{
    connection_t *connection = back_find (self, effect->peer);
    if (connection && connection->session == effect->session)
        connection->listens = true;
}

//  A broadcast subscription was made, or changed: who listens learns it now.
static void
back_tell_changes (back_t *self)
{
    uint64_t changes = core_feed_changes (self->edge->core);
    if (changes == self->feed_changes)
        return;
    self->feed_changes = changes;
    int64_t now_ms = monotonic_ms ();
    connection_t *connection, *next;
    HASH_ITER (hh, self->connections.all, connection, next)
    {
        if (connection->listens && connection->session)
            back_heartbeat (self, connection, now_ms);
    }
}

void
back_flush (back_t *self)
{
    back_tell_changes (self);
    connection_t *connection;
    while ((connection = self->connections.staged)) {
        DL_DELETE (self->connections.staged, connection);
        connection->is_staged = false;
        back_empty (self, connection, outbox_session (connection->outbox));
        if (connection->is_gone)
            back_part (self, connection, PARTED_GONE);  //  what it held may be staged for others
    }
}

//  ---- in

const json_t *
back_card (const back_t *self, peer_t peer)
{
    const connection_t *connection = back_find (self, peer);
    return connection ? connection->card : NULL;
}

//  One of those that it brings; what is wrong with it, it is told, and it stays.
static void
back_take_brought (back_t *self, connection_t *connection, const input_t *input,
                   const message_t *hello, size_t index)
{
    problem_t why = {0}, said;
    if (!self->edge->takes_brought)
        problem_set (&why, STATUS_FORBIDDEN, "broker/takes_brought is 0 here");
    else if (intake_bring (self->edge, input, hello, hello->subscriptions [index], &why) ==
             STATUS_OK)
        return;
    problem_set (&said, why.status, "HELLO: subscriptions[%zu]: %s", index, why.text);
    log_warning ("broker", "worker %s: %s", connection->name, said.text);
    back_say (self, back_peer (connection->peer),
              &(message_t){.command = COMMAND_ERROR,
                           .session = connection->session,
                           .status = said.status,
                           .text = said.text});
}

static void
back_hello (back_t *self, connection_t *connection, input_t *input, const message_t *message)
{
    problem_t problem = {0};
    if (connection_meet (connection, message, self->edge->limits, &problem)) {
        back_blame (self, connection, &problem);
        return;
    }
    offers_put (&self->edge->offers, connection->peer, message);
    input->kind = INPUT_HELLO;
    input->hello.name = message->name;
    input->hello.actions = message->actions;
    input->hello.count = message->action_count;
    input->hello.labels = connection->labels;
    input->hello.instance = message->instance;
    input->hello.former = message->former;
    session_id_t before = connection->session;
    edge_step (self->edge, input);
    input->session = connection->session;
    bool is_new = connection->session && connection->session != before;
    for (size_t i = 0; is_new && i < message->subscription_count; i++)
        back_take_brought (self, connection, input, message, i);
}

static void
back_settle (back_t *self, input_t *input, const message_t *message)
{
    input->kind = INPUT_SETTLE;
    input->settle.settles =
        settles_read (&self->settles, message->settlements, message->settlement_count);
    input->settle.count = message->settlement_count;
    edge_step (self->edge, input);
}

static void
back_correct (back_t *self, connection_t *connection, const message_t *message)
{
    problem_t problem;
    problem_set (&problem, STATUS_BAD_MESSAGE,
                 "%s is not understood here: this is the workers' socket, broker/back",
                 command_name (message->command));
    back_blame (self, connection, &problem);
}

static void
back_hear (back_t *self, connection_t *connection, const message_t *message)
{
    input_t input = {.peer = back_peer (connection->peer), .session = message->session};
    switch ((int)message->command) {
        case COMMAND_HELLO: back_hello (self, connection, &input, message); return;
        case COMMAND_SETTLE: back_settle (self, &input, message); return;
        case COMMAND_CREDIT:
            input.kind = INPUT_CREDIT;
            input.credit.deliveries = message->deliveries_granted;
            input.credit.bytes = message->bytes_granted;
            break;
        case COMMAND_RELEASE:
            input.kind = INPUT_RELEASE;
            input.release.leases = message->leases;
            input.release.count = message->lease_count;
            break;
        case COMMAND_HEARTBEAT:
            back_note_capacity (self, connection, message);
            input.kind = INPUT_ALIVE;
            input.alive.leases = message->leases;
            input.alive.count = message->lease_count;
            input.alive.received = message->received;
            input.alive.begun = message->begun;
            input.alive.begun_count = message->begun_count;
            input.alive.tells_begun = message->tells_begun;
            break;
        case COMMAND_LISTEN: input.kind = INPUT_LISTEN; break;
        case COMMAND_CATCH_UP:
            input.kind = INPUT_CATCH_UP;
            input.catch_up.subscription = message->subscription;
            input.catch_up.partition = message->partition;
            input.catch_up.above = message->above;
            break;
        case COMMAND_PROGRESS:
            input.kind = INPUT_PROGRESS;
            input.progress.lease = message->lease;
            input.progress.percent = message->percent;
            input.progress.text = message->text;
            break;
        case COMMAND_BYE:
            input.kind = INPUT_BYE;
            connection->is_leaving = connection->session == message->session;
            break;
        case COMMAND_ERROR:
            log_warning ("broker", "worker %s did not understand us: %s", connection->name,
                         message->text ? message->text : "");
            return;
        default: back_correct (self, connection, message); return;
    }
    edge_step (self->edge, &input);
}

bool
back_ready (void *context)
{
    back_t *self = context;
    int64_t now_ms = monotonic_ms ();
    for (int i = 0; i < BUDGET; i++) {
        link_peer_t peer = 0;
        message_t message;
        problem_t problem;
        status_t status = link_receive (self->link, &peer, &message, &problem);
        if (status == STATUS_NOT_FOUND)
            return false;
        if (status != STATUS_OK) {
            back_hear_bad (self, peer, &problem);
            continue;
        }
        connection_t *connection = connections_hear (&self->connections, peer, now_ms);
        back_hear (self, connection, &message);
        message_clear (&message);
        if (connection->is_shunned)
            back_part (self, connection, PARTED_SHUNNED);
    }
    return true;
}
