#include "gateway/broker_link.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/keyring.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "gateway/errands.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/wire/link.h"

enum {
    RECEIVE_BUDGET = 64,  //  messages in one turn, so that what waits is sent between
    SEND_BUDGET = 16,
    SILENT_INTERVALS = 3,
    KNOCK_LEAST_MS = 500,     //  or a heartbeat, if that is longer: then the next endpoint is tried
    PATIENCE_MOST_MS = 5000,  //  with one of them, after many rounds in vain
    FULL_PAUSE_MS = 10,       //  after a full pipe, unless something is received before
};

struct broker_link {
    const settings_t *settings;  //  borrowed, as the two that follow
    void *zmq;
    metrics_t *metrics;
    int64_t timeout_ms;  //  of a request
    int64_t heartbeat_ms, knock_ms;
    char *endpoint_list;  //  ours; the endpoints are in it
    char **endpoints;
    size_t endpoint_count;
    keyring_t *keyring;
    errands_t *errands;
    bell_t *bell;
    pthread_t thread;
    atomic_bool is_stopping;

    //  Of the thread alone. Times are monotonic.
    atomic_size_t endpoint;  //  index of the one in use; others look at it, too
    link_t *link;            //  NULL: none could be opened
    loop_t *loop;            //  over link and bell
    bool is_up;              //  something was heard over this link
    bool is_full;            //  the pipe took no more
    int64_t opened_ms;       //  when `link` was, or could not be
    int64_t patience_ms;     //  after that the next one is tried, if nothing was heard
    int64_t heard_ms, said_ms, turned_ms;
    int64_t down_ms;    //  since when no broker has answered
    problem_t trouble;  //  of the connection, as was logged last
    bool is_away;       //  for so long that requests no longer wait for one
};

//  ---- Down and up

static void
broker_link_close (broker_link_t *self)
{
    loop_destroy (&self->loop);
    link_destroy (&self->link);
    self->is_up = false;
}

static bool
broker_link_hear_bell (void *context)
{
    broker_link_t *self = context;
    bell_silence (self->bell);
    return false;
}

static bool broker_link_hear (void *context);

//  A broker answers this at once: whoever does is there. Its heartbeat would take its time.
static void
broker_link_knock (broker_link_t *self, int64_t now_ms)
{
    message_t message = {
        .command = COMMAND_CALL, .request = 0, .method = "status", .json = "{}", .json_size = 2};
    link_send (self->link, 1, &message);
    self->said_ms = now_ms;
}

//  One that a full pipe does not take is no loss: what fills it is heard as well.
static void
broker_link_beat (broker_link_t *self, int64_t now_ms)
{
    message_t message = {.command = COMMAND_HEARTBEAT};
    link_send (self->link, 1, &message);
    self->said_ms = now_ms;
}

static void
broker_link_open (broker_link_t *self, int64_t now_ms)
{
    problem_t problem = {0};
    link_keys_t keys;
    link_settings_t settings = {
        .zmq = self->zmq,
        .endpoint = self->endpoints [self->endpoint],
        .limits = settings_limits (self->settings),
        .keys = keyring_to_broker (self->keyring, self->endpoint, &keys),
    };
    self->opened_ms = now_ms;
    self->loop = loop_new ();
    self->link = link_new (&settings, &problem);
    if (self->link) {
        loop_add_socket (self->loop, link_socket (self->link), broker_link_hear, self);
        broker_link_knock (self, now_ms);
    }
    else if (!self->is_away) {  //  after that it has been said often enough
        log_warning ("gateway", "%s: %s", settings.endpoint, problem.text);
    }
    loop_add_descriptor (self->loop, bell_descriptor (self->bell), broker_link_hear_bell, self);
}

//  Once in words, until a broker answers or it is another trouble.
static void
broker_link_tell_trouble (broker_link_t *self)
{
    problem_t trouble = {0};
    if (!self->link || !link_trouble (self->link, &trouble) ||
        strcmp (trouble.text, self->trouble.text) == 0)
        return;
    log_warning ("gateway", "%s", trouble.text);
    self->trouble = trouble;
}

/*  To each its time; who has tried all in vain gives each more. A connection that is closed while it
 *  still shakes hands, since the way or the broker is slow, would begin from the start for ever.
 */
static void
broker_link_be_patient (broker_link_t *self)
{
    if (self->endpoint + 1 < self->endpoint_count)
        return;
    self->patience_ms *= 2;
    if (self->patience_ms > PATIENCE_MOST_MS)
        self->patience_ms = self->knock_ms > PATIENCE_MOST_MS ? self->knock_ms : PATIENCE_MOST_MS;
}

//  The next endpoint is tried. What was sent over the old one will not be answered.
static void
broker_link_move_on (broker_link_t *self, int64_t now_ms)
{
    if (self->is_up) {
        log_warning ("gateway", "%s is silent for %d heartbeats: looking for a broker",
                     self->endpoints [self->endpoint], SILENT_INTERVALS);
        self->down_ms = now_ms;
        metrics_set (self->metrics, METRIC_broker_connected, 0);
    }
    else {
        broker_link_be_patient (self);
    }
    broker_link_tell_trouble (self);
    broker_link_close (self);
    errands_lose (self->errands);
    self->endpoint = (self->endpoint + 1) % self->endpoint_count;
    broker_link_open (self, now_ms);
}

static void
broker_link_came_up (broker_link_t *self)
{
    self->is_up = true;
    self->is_away = false;
    self->patience_ms = self->knock_ms;
    self->trouble = (problem_t){0};
    errands_set_away (self->errands, false);
    metrics_set (self->metrics, METRIC_broker_connected, 1);
    log_notice ("gateway", "%s answers", self->endpoints [self->endpoint]);
}

//  ---- Hear

static void
broker_link_dispatch (broker_link_t *self, const message_t *message)
{
    switch (message->command) {
        case COMMAND_CONFIRM:
            errands_confirm (self->errands, message->request, message->confirmations,
                             message->confirmation_count, message->backoff_ms);
            break;
        case COMMAND_REFUSE:
            errands_refuse (self->errands, message->request, message->status,
                            message->retry_after_ms, message->text ? message->text : "");
            break;
        case COMMAND_REPLY:
            errands_reply (self->errands, message->request, message->status, message->json,
                           message->json_size);
            break;
        case COMMAND_ERROR:
            log_error ("gateway", "%s refused a message: %s: %s", self->endpoints [self->endpoint],
                       status_name (message->status), message->text ? message->text : "");
            errands_refuse (self->errands, message->request, message->status, 0,
                            message->text ? message->text : "");
            break;
        default: break;  //  a heartbeat, or something a newer broker says
    }
}

//  At most a budget of messages; yes: there may be more.
static bool
broker_link_hear (void *context)
{
    broker_link_t *self = context;
    for (int i = 0; i < RECEIVE_BUDGET; i++) {
        message_t message;
        problem_t problem = {0};
        link_peer_t peer;
        status_t status = link_receive (self->link, &peer, &message, &problem);
        if (status == STATUS_NOT_FOUND)
            return false;
        self->heard_ms = monotonic_ms ();
        self->is_full = false;
        if (!self->is_up)
            broker_link_came_up (self);
        if (status != STATUS_OK) {
            log_error ("gateway", "%s: %s", self->endpoints [self->endpoint], problem.text);
            continue;
        }
        broker_link_dispatch (self, &message);
        message_clear (&message);
    }
    return true;
}

//  ---- Say

static message_t
shipment_message (const shipment_t *shipment)
{
    return (message_t){
        .command = shipment->method ? COMMAND_CALL : COMMAND_PUBLISH,
        .request = shipment->request,
        .events = shipment->events,
        .event_count = shipment->event_count,
        .method = shipment->method,
        .json = shipment->json,
        .json_size = shipment->json_size,
    };
}

static void
broker_link_send_waiting (broker_link_t *self)
{
    for (int i = 0; i < SEND_BUDGET && self->is_up && !self->is_full; i++) {
        shipment_t *shipment = errands_take (self->errands);
        if (!shipment)
            return;
        message_t message = shipment_message (shipment);
        if (link_send (self->link, 1, &message) == STATUS_OK) {
            self->said_ms = monotonic_ms ();
            shipment_release (shipment);
        }
        else {
            errands_return (self->errands, shipment);
            self->is_full = true;
        }
    }
}

//  ---- Time

//  Who was stopped himself has not listened either: he gives the others one interval more.
static void
broker_link_forgive (broker_link_t *self, int64_t now_ms)
{
    int64_t patience_ms = (SILENT_INTERVALS - 1) * self->heartbeat_ms;
    if (now_ms - self->turned_ms > 2 * self->heartbeat_ms && now_ms - self->heard_ms > patience_ms)
        self->heard_ms = now_ms - patience_ms;
    self->turned_ms = now_ms;
}

static int64_t
broker_link_deadline (const broker_link_t *self)
{
    if (!self->is_up)
        return self->opened_ms + self->patience_ms;
    int64_t say_ms = self->said_ms + self->heartbeat_ms;
    int64_t silence_ms = self->heard_ms + SILENT_INTERVALS * self->heartbeat_ms;
    return say_ms < silence_ms ? say_ms : silence_ms;
}

//  What has come due.
static void
broker_link_keep_time (broker_link_t *self)
{
    int64_t now_ms = monotonic_ms ();
    broker_link_forgive (self, now_ms);
    if (self->is_up && now_ms >= self->heard_ms + SILENT_INTERVALS * self->heartbeat_ms)
        broker_link_move_on (self, now_ms);
    else if (!self->is_up && now_ms >= self->opened_ms + self->patience_ms)
        broker_link_move_on (self, now_ms);
    else if (self->is_up && now_ms >= self->said_ms + self->heartbeat_ms)
        broker_link_beat (self, now_ms);
    if (!self->is_up && !self->is_away && now_ms >= self->down_ms + self->timeout_ms) {
        self->is_away = true;
        errands_set_away (self->errands, true);
        log_warning ("gateway", "no broker answers at %s: every request is answered 503",
                     settings_text (self->settings, "gateway/brokers"));
    }
}

//  Until something is heard, something is to be said, or it is time.
static void
broker_link_turn (broker_link_t *self)
{
    bool may_sleep = errands_may_sleep (self->errands) || !self->is_up;
    int64_t deadline_ms = may_sleep ? broker_link_deadline (self) : 0;
    if (self->is_full && deadline_ms == 0)
        deadline_ms = monotonic_ms () + FULL_PAUSE_MS;
    loop_turn (self->loop, deadline_ms);
    self->is_full = false;
    broker_link_send_waiting (self);
    broker_link_keep_time (self);
}

static void *
broker_link_run (void *context)
{
    broker_link_t *self = context;
    pthread_setname_np (pthread_self (), "gateway-link");
    self->turned_ms = self->down_ms = monotonic_ms ();
    broker_link_open (self, self->turned_ms);
    while (!atomic_load (&self->is_stopping))
        broker_link_turn (self);
    broker_link_close (self);
    errands_lose (self->errands);
    return NULL;
}

//  ---- Life

//  "a b" to {"a", "b"}. False: there is none.
static bool
broker_link_split (broker_link_t *self, const char *list)
{
    self->endpoint_list = allocate_copy (list);
    self->endpoints = allocate (strlen (list) / 2 + 1, sizeof (*self->endpoints));
    char *rest = self->endpoint_list, *endpoint;
    while ((endpoint = strsep (&rest, " \t\n")))
        if (endpoint [0])
            self->endpoints [self->endpoint_count++] = endpoint;
    return self->endpoint_count > 0;
}

static void
broker_link_free (broker_link_t *self)
{
    keyring_destroy (&self->keyring);
    errands_destroy (&self->errands);
    bell_destroy (&self->bell);
    free (self->endpoints);
    free (self->endpoint_list);
    free (self);
}

broker_link_t *
broker_link_new (const settings_t *settings, void *zmq, metrics_t *metrics, problem_t *problem)
{
    broker_link_t *self = ALLOCATE (broker_link_t);
    self->settings = settings;
    self->zmq = zmq;
    self->metrics = metrics;
    self->timeout_ms = settings_number (settings, "gateway/broker_timeout_ms");
    self->heartbeat_ms = settings_number (settings, "broker/heartbeat_ms");
    self->knock_ms = self->heartbeat_ms > KNOCK_LEAST_MS ? self->heartbeat_ms : KNOCK_LEAST_MS;
    self->patience_ms = self->knock_ms;
    self->errands = errands_new (settings_limits (settings));
    self->bell = bell_new ();
    self->keyring = keyring_new (settings, problem);
    if (!broker_link_split (self, settings_text (settings, "gateway/brokers")))
        problem_at (problem, STATUS_BAD_SETTING, "gateway/brokers",
                    "gateway/brokers is empty: name the front of a broker, tcp://127.0.0.1:7101");
    else if (!self->keyring ||
             keyring_check (self->keyring, "gateway/brokers", self->endpoint_count, problem))
        ;  //  the problem is told
    else if (pthread_create (&self->thread, NULL, broker_link_run, self) != 0)
        problem_set (problem, STATUS_SYSTEM, "gateway: no thread can be made for the broker");
    else
        return self;
    broker_link_free (self);
    return NULL;
}

void
broker_link_destroy (broker_link_t **self_p)
{
    broker_link_t *self = *self_p;
    if (!self)
        return;
    atomic_store (&self->is_stopping, true);
    bell_ring (self->bell);
    pthread_join (self->thread, NULL);
    broker_link_free (self);
    *self_p = NULL;
}

static void
broker_link_ring (void *context)
{
    broker_link_t *self = context;
    bell_ring (self->bell);
}

status_t
broker_link_do (broker_link_t *self, errand_t *errand)
{
    int64_t timeout_ms = errand->timeout_ms > 0 ? errand->timeout_ms : self->timeout_ms;
    errands_do (self->errands, errand, timeout_ms, broker_link_ring, self);
    return errand->status;
}

const char *
broker_link_endpoint (broker_link_t *self)
{
    return self->endpoints [atomic_load (&self->endpoint)];
}

const link_keys_t *
broker_link_keys (broker_link_t *self, link_keys_t *keys)
{
    return keyring_to_broker (self->keyring, atomic_load (&self->endpoint), keys);
}
