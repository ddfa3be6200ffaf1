#include "cli/demo.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/login.h"
#include "cli/signature.h"
#include "cli/sink.h"
#include "daemon/clock.h"
#include "kinto_example.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"

#define SUBSCRIPTION "/v1/subscriptions/demo"

enum {
    SECRET_BYTES = 32,
    LINE_BYTES = 16384  //  of one arrival: more than fits on a screen
};

struct demo {
    client_t *client;
    sink_t *sink;
    char secret [80];               //  "whsec_" and base64
    atomic_int_fast64_t posted_us;  //  monotonic; when the notification was sent. 0: it has arrived
};

/*  One write, so that what the sink's threads say does not mix. */
static void
demo_show (void *context, const arrival_t *arrival)
{
    demo_t *self = (demo_t *)context;
    bool is_valid = signature_is_valid (self->secret, arrival->id, arrival->timestamp,
                                        arrival->body, arrival->size, arrival->signature);
    OWNED (json) json_t *body = json_loadb (arrival->body, arrival->size, 0, NULL);
    char *text = body ? json_dumps (body, JSON_INDENT (2)) : NULL;
    int64_t posted_us = atomic_exchange (&self->posted_us, 0);
    char when [80] = "another one arrived";
    if (posted_us)
        snprintf (when, sizeof when, "it arrived, %.1f ms after it was sent",
                  (double)(monotonic_us () - posted_us) / 1000);
    fprintf (stderr,
             "demo: %s:\n"
             "    POST %s\n"
             "    content-type: %s\n"
             "    webhook-id: %s\n"
             "    webhook-timestamp: %s\n"
             "    webhook-signature: %s   (%s)\n"
             "%.*s\n",
             when, sink_url (self->sink), arrival->content_type, arrival->id, arrival->timestamp,
             arrival->signature, is_valid ? "checked: it is right" : "WRONG", LINE_BYTES,
             text ? text : arrival->body);
    free (text);
}

static void
demo_make_secret (demo_t *self)
{
    unsigned char bytes [SECRET_BYTES];
    int failed = sodium_init ();
    ASSERT (failed >= 0, "without libsodium no token could have been made either");
    randombytes_buf (bytes, sizeof bytes);
    char *end = stpcpy (self->secret, "whsec_");
    sodium_bin2base64 (end, sizeof self->secret - sizeof "whsec_", bytes, sizeof bytes,
                       sodium_base64_VARIANT_ORIGINAL);
}

static status_t
demo_subscribe (demo_t *self, problem_t *problem)
{
    OWNED (json)
    json_t *document =
        json_pack ("{s:{s:{s:s}, s:{s:s, s:s}}}", "data", "match", "type", "kinto.**", "deliver",
                   "url", sink_url (self->sink), "secret", self->secret);
    status_t status = client_call (self->client, "PUT", SUBSCRIPTION, document, NULL, problem);
    if (!status)
        fprintf (stderr, "demo: subscription \"demo\" sends events of type kinto.** to %s\n",
                 sink_url (self->sink));
    return status;
}

/*  The recorded notification, as of now: a change of the same time would be the same event. */
static json_t *
demo_notification (void)
{
    json_t *notification =
        json_loadb (kinto_example, sizeof kinto_example, JSON_REJECT_DUPLICATES, NULL);
    ASSERT (notification,
            "docs/examples/kinto-record-update.json is in the program as it was built");
    struct timespec now;
    clock_gettime (CLOCK_REALTIME, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    json_t *payload = json_object_get (notification, "payload");
    json_t *object = json_array_get (json_object_get (notification, "impacted_objects"), 0);
    json_object_set_new (payload, "timestamp", json_integer (now_ms));
    json_object_set_new (json_object_get (object, "new"), "last_modified", json_integer (now_ms));
    return notification;
}

static status_t
demo_publish (demo_t *self, problem_t *problem)
{
    OWNED (json) json_t *notification = demo_notification ();
    OWNED (json) json_t *answer = NULL;
    atomic_store (&self->posted_us, monotonic_us ());
    status_t status =
        client_call (self->client, "POST", "/v1/events", notification, &answer, problem);
    if (status)
        return status;
    const json_t *first = json_array_get (json_object_get (answer, "data"), 0);
    const char *id = json_string_value (json_object_get (first, "id"));
    fprintf (stderr,
             "demo: a change in Kinto was POSTed to /v1/events, and is on disk as event %s\n"
             "demo: to see what became of it: tocsin show %s\n",
             id ? id : "?", id ? id : "?");
    return STATUS_OK;
}

demo_t *
demo_new (const char *url, const char *token_file, problem_t *problem)
{
    OWNED (demo) demo_t *self = ALLOCATE (demo_t);
    demo_make_secret (self);
    const login_t login = {.url = url, .token_file = token_file};
    self->client = login_open (&login, problem);
    if (!self->client)
        return NULL;
    self->sink = sink_new (demo_show, self, problem);
    if (!self->sink || demo_subscribe (self, problem) || demo_publish (self, problem))
        return NULL;
    return TAKE (self);
}

void
demo_destroy (demo_t **self_p)
{
    demo_t *self = *self_p;
    if (!self)
        return;
    if (self->client && self->sink)
        client_call (self->client, "DELETE", SUBSCRIPTION, NULL, NULL, NULL);
    sink_destroy (&self->sink);
    client_destroy (&self->client);
    free (self);
    *self_p = NULL;
}
