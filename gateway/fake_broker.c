#include "gateway/fake_broker.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "daemon/clock.h"
#include "daemon/loop.h"
#include "proto/model/allocate.h"
#include "proto/wire/link.h"

enum { BEAT_MS = 50, METHODS = 16, HASH_HEX = 65 };

typedef struct {
    event_t *event;  //  a reference; its id is the key
    UT_hash_handle hh;
} kept_t;

static const struct {
    const char *token, *answer;
} tokens [] = {
    {FAKE_ADMIN, "{\"id\":\"admin\",\"scopes\":\"admin\"}"},
    {FAKE_WRITER, "{\"id\":\"writer\",\"scopes\":\"events:write\"}"},
    {FAKE_READER, "{\"id\":\"reader\",\"scopes\":\"events:read subscriptions:read\"}"},
};

struct fake_broker {
    limits_t limits;
    link_t *link;  //  the thread's
    loop_t *loop;
    bell_t *bell;
    pthread_t thread;
    atomic_bool is_stopping;
    bool keeps;
    link_peer_t last_peer;
    int64_t beat_ms;

    pthread_mutex_t lock;  //  of all below
    bool is_silent;
    status_t refusal, answer_status;
    int64_t retry_after_ms;
    int64_t backoff_ms;
    const char *refused_type;
    const char *answer;
    kept_t *kept;
    event_t *last;
    size_t largest;
    int64_t seq;
    char *arguments;
    struct {
        char *method;
        size_t count;
    } asked [METHODS];
};

static void
fake_broker_say (fake_broker_t *self, link_peer_t peer, const message_t *message)
{
    if (!self->is_silent)
        link_send (self->link, peer, message);
}

static confirmation_t
fake_broker_keep (fake_broker_t *self, event_t *event)
{
    kept_t *kept = NULL;
    if (!self->keeps)
        return (confirmation_t){CONFIRMED_STORED, 0, ++self->seq};
    HASH_FIND_STR (self->kept, event->id, kept);
    if (kept)
        return (confirmation_t){event_says_same (kept->event, event) ? CONFIRMED_DUPLICATE
                                                                     : CONFIRMED_ID_TAKEN,
                                0, kept->event->seq};
    kept = ALLOCATE (kept_t);
    kept->event = event_ref (event);
    event_set_place (event, 0, ++self->seq, 1);
    HASH_ADD_KEYPTR (hh, self->kept, event->id, strlen (event->id), kept);
    event_destroy (&self->last);
    self->last = event_ref (event);
    return (confirmation_t){CONFIRMED_STORED, 0, self->seq};
}

static bool
fake_broker_refuses (fake_broker_t *self, const message_t *message, status_t *status)
{
    *status = self->refusal;
    for (size_t i = 0; self->refused_type && i < message->event_count; i++)
        if (strcmp (message->events [i]->type, self->refused_type) == 0)
            *status = STATUS_BAD_EVENT;
    return *status != STATUS_OK;
}

static void
fake_broker_publish (fake_broker_t *self, link_peer_t peer, const message_t *message)
{
    status_t status;
    if (fake_broker_refuses (self, message, &status)) {
        fake_broker_say (self, peer,
                         &(message_t){.command = COMMAND_REFUSE,
                                      .request = message->request,
                                      .status = status,
                                      .retry_after_ms = self->retry_after_ms,
                                      .text = "refused, as I was told"});
        return;
    }
    confirmation_t *confirmations = allocate (message->event_count, sizeof (*confirmations));
    for (size_t i = 0; i < message->event_count; i++)
        confirmations [i] = fake_broker_keep (self, message->events [i]);
    if (message->event_count > self->largest)
        self->largest = message->event_count;
    fake_broker_say (self, peer,
                     &(message_t){.command = COMMAND_CONFIRM,
                                  .request = message->request,
                                  .confirmations = confirmations,
                                  .confirmation_count = message->event_count,
                                  .backoff_ms = self->backoff_ms});
    free (confirmations);
}

static const char *
fake_broker_verify (const char *json, status_t *status)
{
    for (size_t i = 0; i < sizeof (tokens) / sizeof (*tokens); i++) {
        unsigned char hash [32];
        char hex [HASH_HEX];
        crypto_generichash (hash, sizeof (hash), (const unsigned char *)tokens [i].token,
                            strlen (tokens [i].token), NULL, 0);
        sodium_bin2hex (hex, sizeof (hex), hash, sizeof (hash));
        if (strstr (json, hex))
            return tokens [i].answer;
    }
    *status = STATUS_UNAUTHENTICATED;
    return "{\"message\":\"there is no such token\"}";
}

static void
fake_broker_count_call (fake_broker_t *self, const char *method)
{
    for (int i = 0; i < METHODS; i++) {
        if (!self->asked [i].method)
            self->asked [i].method = allocate_copy (method);
        if (strcmp (self->asked [i].method, method) == 0) {
            self->asked [i].count++;
            return;
        }
    }
}

static void
fake_broker_call (fake_broker_t *self, link_peer_t peer, const message_t *message)
{
    status_t status = self->answer_status;
    const char *json = self->answer;
    fake_broker_count_call (self, message->method);
    if (strcmp (message->method, "token.verify") == 0) {
        status = STATUS_OK;
        json = fake_broker_verify (message->json, &status);
    }
    if (strcmp (message->method, "status") != 0) {
        free (self->arguments);
        self->arguments = allocate_copy (message->json);
    }
    fake_broker_say (self, peer,
                     &(message_t){.command = COMMAND_REPLY,
                                  .request = message->request,
                                  .status = status,
                                  .json = json,
                                  .json_size = strlen (json)});
}

static bool
fake_broker_ready (void *context)
{
    fake_broker_t *self = context;
    message_t message;
    link_peer_t peer;
    status_t status;
    while ((status = link_receive (self->link, &peer, &message, NULL)) != STATUS_NOT_FOUND) {
        if (status != STATUS_OK)
            continue;
        pthread_mutex_lock (&self->lock);
        self->last_peer = peer;
        if (message.command == COMMAND_PUBLISH)
            fake_broker_publish (self, peer, &message);
        else if (message.command == COMMAND_CALL)
            fake_broker_call (self, peer, &message);
        pthread_mutex_unlock (&self->lock);
        message_clear (&message);
    }
    return false;
}

static bool
fake_broker_rung (void *context)
{
    fake_broker_t *self = context;
    bell_silence (self->bell);
    return false;
}

static void *
fake_broker_run (void *context)
{
    fake_broker_t *self = context;
    while (!atomic_load (&self->is_stopping)) {
        loop_turn (self->loop, self->beat_ms);
        if (monotonic_ms () < self->beat_ms)
            continue;
        self->beat_ms = monotonic_ms () + BEAT_MS;
        pthread_mutex_lock (&self->lock);
        if (self->last_peer)
            fake_broker_say (self, self->last_peer, &(message_t){.command = COMMAND_HEARTBEAT});
        pthread_mutex_unlock (&self->lock);
    }
    return NULL;
}

fake_broker_t *
fake_broker_new (void *zmq, const char *endpoint, bool keeps)
{
    fake_broker_t *self = ALLOCATE (fake_broker_t);
    problem_t problem = {0};
    self->limits = limits_default ();
    self->keeps = keeps;
    self->answer = "{}";
    pthread_mutex_init (&self->lock, NULL);
    self->link = link_new (
        &(link_settings_t){
            .zmq = zmq, .endpoint = endpoint, .is_server = true, .limits = &self->limits},
        &problem);
    if (!self->link) {
        pthread_mutex_destroy (&self->lock);
        free (self);
        return NULL;
    }
    self->loop = loop_new ();
    self->bell = bell_new ();
    loop_add_socket (self->loop, link_socket (self->link), fake_broker_ready, self);
    loop_add_descriptor (self->loop, bell_descriptor (self->bell), fake_broker_rung, self);
    pthread_create (&self->thread, NULL, fake_broker_run, self);
    return self;
}

void
fake_broker_destroy (fake_broker_t **self_p)
{
    fake_broker_t *self = *self_p;
    if (!self)
        return;
    atomic_store (&self->is_stopping, true);
    bell_ring (self->bell);
    pthread_join (self->thread, NULL);
    loop_destroy (&self->loop);
    link_destroy (&self->link);
    bell_destroy (&self->bell);
    fake_broker_forget (self);
    pthread_mutex_destroy (&self->lock);
    free (self);
    *self_p = NULL;
}

const char *
fake_broker_endpoint (const fake_broker_t *self)
{
    return link_endpoint (self->link);
}

//  ---- What a test tells it and asks it

void
fake_broker_forget (fake_broker_t *self)
{
    kept_t *kept, *next;
    pthread_mutex_lock (&self->lock);
    HASH_ITER (hh, self->kept, kept, next)
    {
        HASH_DEL (self->kept, kept);
        event_destroy (&kept->event);
        free (kept);
    }
    event_destroy (&self->last);
    for (int i = 0; i < METHODS; i++)
        free (self->asked [i].method);
    memset (self->asked, 0, sizeof (self->asked));
    free (self->arguments);
    self->arguments = NULL;
    self->seq = 0;
    self->largest = 0;
    self->is_silent = false;
    self->refusal = self->answer_status = STATUS_OK;
    self->refused_type = NULL;
    self->backoff_ms = 0;
    self->answer = "{}";
    pthread_mutex_unlock (&self->lock);
}

void
fake_broker_set_silent (fake_broker_t *self, bool is_silent)
{
    pthread_mutex_lock (&self->lock);
    self->is_silent = is_silent;
    pthread_mutex_unlock (&self->lock);
}

void
fake_broker_refuse (fake_broker_t *self, status_t status, int64_t retry_after_ms)
{
    pthread_mutex_lock (&self->lock);
    self->refusal = status;
    self->retry_after_ms = retry_after_ms;
    pthread_mutex_unlock (&self->lock);
}

void
fake_broker_ask_to_wait (fake_broker_t *self, int64_t backoff_ms)
{
    pthread_mutex_lock (&self->lock);
    self->backoff_ms = backoff_ms;
    pthread_mutex_unlock (&self->lock);
}

void
fake_broker_refuse_type (fake_broker_t *self, const char *type)
{
    pthread_mutex_lock (&self->lock);
    self->refused_type = type;
    pthread_mutex_unlock (&self->lock);
}

void
fake_broker_answer (fake_broker_t *self, status_t status, const char *json)
{
    pthread_mutex_lock (&self->lock);
    self->answer_status = status;
    self->answer = json;
    pthread_mutex_unlock (&self->lock);
}

size_t
fake_broker_count (fake_broker_t *self)
{
    pthread_mutex_lock (&self->lock);
    size_t count = HASH_COUNT (self->kept);
    pthread_mutex_unlock (&self->lock);
    return count;
}

event_t *
fake_broker_last (fake_broker_t *self)
{
    pthread_mutex_lock (&self->lock);
    event_t *last = self->last ? event_ref (self->last) : NULL;
    pthread_mutex_unlock (&self->lock);
    return last;
}

size_t
fake_broker_asked (fake_broker_t *self, const char *method)
{
    size_t count = 0;
    pthread_mutex_lock (&self->lock);
    for (int i = 0; i < METHODS && self->asked [i].method; i++)
        if (strcmp (self->asked [i].method, method) == 0)
            count = self->asked [i].count;
    pthread_mutex_unlock (&self->lock);
    return count;
}

char *
fake_broker_arguments (fake_broker_t *self)
{
    pthread_mutex_lock (&self->lock);
    char *arguments = allocate_copy (self->arguments ? self->arguments : "");
    pthread_mutex_unlock (&self->lock);
    return arguments;
}

size_t
fake_broker_largest (fake_broker_t *self)
{
    pthread_mutex_lock (&self->lock);
    size_t largest = self->largest;
    pthread_mutex_unlock (&self->lock);
    return largest;
}
