#include "worker/bond.h"

#include <stdlib.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"
#include "proto/wire/link.h"
#include "worker/feed/listener.h"

enum {
    BUDGET = 64,  //  messages heard before others get their turn
    THE_BROKER = 1
};

struct bond {
    bond_settings_t settings;
    char *endpoint;    //  ours
    link_keys_t keys;  //  settings.keys points here, or is NULL
    link_t *link;      //  NULL: it could not be made
    worker_session_t *session;
    listener_t *listener;
    bool is_member;  //  as was logged last
    bool is_leaving;
    bool is_complaining;  //  that the link cannot be made was logged
    problem_t trouble;    //  of the connection, as was logged last
};

//  Once in words, until it is a member or it is another trouble.
static void
bond_tell_trouble (bond_t *self)
{
    problem_t trouble = {0};
    if (!self->link || !link_trouble (self->link, &trouble) ||
        strcmp (trouble.text, self->trouble.text) == 0)
        return;
    log_warning ("worker", "%s", trouble.text);
    self->trouble = trouble;
}

static status_t
bond_connect (bond_t *self, problem_t *problem)
{
    bond_tell_trouble (self);
    link_destroy (&self->link);
    self->link = link_new (&(link_settings_t){.zmq = self->settings.zmq,
                                              .endpoint = self->endpoint,
                                              .limits = self->settings.session.limits,
                                              .keys = self->settings.keys},
                           problem);
    if (self->link) {
        self->is_complaining = false;
        return STATUS_OK;
    }
    if (!self->is_complaining)
        log_warning ("worker", "%s; it is tried again", problem->text);
    self->is_complaining = true;
    return problem->status;
}

//  One that cannot be sent is lost; whatever matters is repeated, or found missing.
static void
bond_send (bond_t *self, const message_t *message)
{
    if (!self->link)
        return;
    status_t status = link_send (self->link, THE_BROKER, message);
    if (status)
        log_debug ("worker", "%s to the broker at %s: %s", command_name (message->command),
                   self->endpoint, status_text (status));
}

static void
bond_say (void *context, const message_t *message)
{
    bond_send (context, message);
}

bond_t *
bond_new (const bond_settings_t *settings, problem_t *problem)
{
    OWNED (bond) bond_t *self = ALLOCATE (bond_t);
    self->settings = *settings;
    self->endpoint = allocate_copy (settings->endpoint);
    if (settings->keys) {
        self->keys = *settings->keys;
        self->settings.keys = &self->keys;
    }
    if (bond_connect (self, problem) == STATUS_BAD_SETTING)
        return NULL;
    self->session = worker_session_new (&settings->session, monotonic_ms ());
    self->listener =
        listener_new (&(listener_settings_t){.zmq = settings->zmq,
                                             .endpoint = self->endpoint,
                                             .keys = self->settings.keys,
                                             .limits = settings->session.limits,
                                             .places = settings->places,
                                             .metrics = settings->metrics,
                                             .runner = settings->runner,
                                             .owner = self,
                                             .bytes_most = (size_t)settings->session.capacity_bytes,
                                             .seed = settings->session.seed,
                                             .send = bond_say});
    return TAKE (self);
}

void
bond_destroy (bond_t **self_p)
{
    bond_t *self = *self_p;
    if (!self)
        return;
    worker_session_destroy (&self->session);
    listener_destroy (&self->listener);
    link_destroy (&self->link);
    free (self->endpoint);
    free (self);
    *self_p = NULL;
}

void *
bond_socket (const bond_t *self)
{
    return self->link ? link_socket (self->link) : NULL;
}

//  ---- in

static bool
is_for_a_worker (command_t command)
{
    return command == COMMAND_FEEDS || command == COMMAND_PAGE || command == COMMAND_WELCOME ||
           command == COMMAND_DELIVER || command == COMMAND_SETTLED || command == COMMAND_RESET ||
           command == COMMAND_CANCEL || command == COMMAND_HEARTBEAT || command == COMMAND_BYE ||
           command == COMMAND_ERROR;
}

static void
bond_correct (bond_t *self, const message_t *message)
{
    problem_t problem;
    problem_set (&problem, STATUS_BAD_MESSAGE, "%s is not understood here: this is a worker",
                 command_name (message->command));
    log_warning ("worker", "broker %s said what is not for a worker: %s", self->endpoint,
                 command_name (message->command));
    link_send (self->link, THE_BROKER,
               &(message_t){.command = COMMAND_ERROR,
                            .status = problem.status,
                            .text = problem.text,
                            .request = message->request});
}

static void
bond_note_session (bond_t *self)
{
    listener_in_session (self->listener, worker_session_id (self->session),
                         worker_session_heartbeat_ms (self->session));
}

static void
bond_hear (bond_t *self, message_t *message)
{
    if (!is_for_a_worker (message->command))
        bond_correct (self, message);
    if (message->command == COMMAND_ERROR)
        log_warning ("worker", "broker %s did not understand us: %s", self->endpoint,
                     message->text);
    if (message->command == COMMAND_BYE && message->status != STATUS_OK)
        log_error ("worker", "broker %s hears us no more over this connection: %s", self->endpoint,
                   message->text);
    listener_hear (self->listener, message);
    worker_session_hear (self->session, message, monotonic_ms ());
    bond_note_session (self);
}

bool
bond_ready (void *context)
{
    bond_t *self = context;
    for (int i = 0; i < BUDGET; i++) {
        message_t message;
        link_peer_t peer;
        problem_t problem;
        status_t status = link_receive (self->link, &peer, &message, &problem);
        if (status == STATUS_NOT_FOUND)
            return false;
        if (status == STATUS_OK)
            bond_hear (self, &message);
        else
            log_warning ("worker", "broker %s said what is not understood: %s", self->endpoint,
                         problem.text);
    }
    return true;
}

void
bond_finish (bond_t *self, const job_t *job)
{
    if (!job->holding) {
        listener_finish (self->listener, job);
        return;
    }
    worker_session_finish (self->session, job->holding, job_settlements (job), monotonic_ms ());
}

void
bond_progress (bond_t *self, const runner_word_t *word)
{
    if (word->holding)  //  of a broadcast nobody asks
        worker_session_progress (self->session, word->holding, word->percent, word->text,
                                 monotonic_ms ());
}

void
bond_leave (bond_t *self)
{
    self->is_leaving = true;
    worker_session_leave (self->session, monotonic_ms ());
    listener_stop (self->listener);
}

void
bond_tick (bond_t *self)
{
    int64_t now_ms = monotonic_ms ();
    bond_tell_trouble (self);
    if (worker_session_deadline (self->session) <= now_ms)
        worker_session_tick (self->session, now_ms);
}

//  ---- out

static void
bond_note_membership (bond_t *self)
{
    bool is_member = worker_session_is_member (self->session);
    if (is_member && !self->is_member)
        log_notice ("worker", "joined the broker at %s", self->endpoint);
    else if (!is_member && self->is_member && !self->is_leaving)
        log_warning ("worker", "the broker at %s has ended the session or is silent: joining again",
                     self->endpoint);
    if (is_member)
        self->trouble = (problem_t){0};
    self->is_member = is_member;
}

bool
bond_act (bond_t *self)
{
    bool is_connected_anew = false;
    problem_t problem;
    worker_effect_t effect;
    while (worker_session_take (self->session, &effect)) {
        switch (effect.kind) {
            case WORKER_SEND: bond_send (self, effect.message); break;
            case WORKER_BEGIN: runner_begin (self->settings.runner, self, &effect); break;
            case WORKER_CANCEL: runner_cancel (self->settings.runner, self, effect.holding); break;
            case WORKER_CONNECT:
                is_connected_anew = true;
                bond_connect (self, &problem);
                break;
        }
    }
    bond_note_membership (self);
    bond_note_session (self);
    return listener_act (self->listener) || is_connected_anew;
}

int64_t
bond_deadline (const bond_t *self)
{
    int64_t deadline_ms = worker_session_deadline (self->session);
    int64_t feeds_ms = listener_deadline (self->listener);
    return feeds_ms < deadline_ms ? feeds_ms : deadline_ms;
}

void *
bond_feed_socket (const bond_t *self)
{
    return listener_socket (self->listener);
}

bool
bond_feed_ready (void *context)
{
    bond_t *self = context;
    return listener_ready (self->listener);
}

bool
bond_has_left (const bond_t *self)
{
    return worker_session_has_left (self->session);
}
