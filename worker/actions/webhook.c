#include "worker/actions/webhook.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "worker/actions/cloud_event.h"
#include "worker/actions/webhook_state.h"

//  What a setting of libcurl depends on is its build, which is ours to check.
#define SET(curl, option, value)                                \
    ASSERT (curl_easy_setopt (curl, option, value) == CURLE_OK, \
            "libcurl 7.88 or later, with OpenSSL and HTTP, knows " #option)

//  ---- what libcurl calls

static curl_socket_t
webhook_open (void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    webhook_t *self = context;
    (void)purpose;
    address_text (&address->addr, self->address);
    if (!self->settings->allows_private && !address_is_public (&address->addr)) {
        self->is_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket (address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t
webhook_read_header (char *bytes, size_t one, size_t size, void *context)
{
    webhook_t *self = context;
    (void)one;
    if (size > 5 && memcmp (bytes, "HTTP/", 5) == 0)
        self->has_head = false;  //  of a 1xx was the one before
    else if (size > 0 && (*bytes == '\r' || *bytes == '\n'))
        self->has_head = true;
    self->header_size += size;
    return self->header_size > HEADER_BYTES ? 0 : size;
}

static size_t
webhook_read_reply (char *bytes, size_t one, size_t size, void *context)
{
    webhook_t *self = context;
    (void)one;
    size_t room = self->settings->reply_bytes - self->reply.used;
    body_add (&self->reply, bytes, size < room ? size : room);
    self->reply_size += size;
    //  Less than size ends the transfer: what follows is of no interest, and might never end.
    return self->reply_size > self->settings->reply_bytes + DRAIN_BYTES ? 0 : size;
}

//  ---- a slot

static void
webhook_set_once (webhook_t *self)
{
    CURL *curl = self->curl;
    SET (curl, CURLOPT_ERRORBUFFER, self->curl_error);
    SET (curl, CURLOPT_NOSIGNAL, 1L);
    SET (curl, CURLOPT_PROTOCOLS_STR, "http,https");
    SET (curl, CURLOPT_FOLLOWLOCATION, 0L);
    SET (curl, CURLOPT_PROXY, "");  //  the check of the address would be of the proxy's
    SET (curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET (curl, CURLOPT_CONNECTTIMEOUT_MS, (long)self->settings->connect_timeout_ms);
    SET (curl, CURLOPT_TCP_KEEPALIVE, 1L);
    SET (curl, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    SET (curl, CURLOPT_OPENSOCKETFUNCTION, webhook_open);
    SET (curl, CURLOPT_OPENSOCKETDATA, (void *)self);
    SET (curl, CURLOPT_HEADERFUNCTION, webhook_read_header);
    SET (curl, CURLOPT_HEADERDATA, (void *)self);
    SET (curl, CURLOPT_WRITEFUNCTION, webhook_read_reply);
    SET (curl, CURLOPT_WRITEDATA, (void *)self);
    SET (curl, CURLOPT_POST, 1L);
    SET (curl, CURLOPT_HTTPHEADER, self->lines);
}

webhook_t *
webhook_new (const webhook_settings_t *settings)
{
    webhook_t *self = ALLOCATE (webhook_t);
    self->settings = settings;
    self->curl = curl_easy_init ();
    ASSERT (self->curl, "out of memory: lower worker/capacity");
    self->lines [0].data = self->id_line;
    self->lines [1].data = self->timestamp_line;
    self->lines [2].data = self->signature_line;
    webhook_set_once (self);
    return self;
}

void
webhook_destroy (webhook_t **self_p)
{
    webhook_t *self = *self_p;
    if (!self)
        return;
    curl_easy_cleanup (self->curl);
    webhook_target_destroy (&self->target);
    body_free (&self->type_line);
    body_free (&self->body);
    body_free (&self->reply);
    free (self);
    *self_p = NULL;
}

CURL *
webhook_handle (webhook_t *self)
{
    return self->curl;
}

const webhook_target_t *
webhook_last_target (const webhook_t *self)
{
    return self->target;
}

//  ---- a request

static void
webhook_set_target (webhook_t *self, webhook_target_t *target)
{
    if (self->target == target)
        return;
    webhook_target_destroy (&self->target);
    self->target = webhook_target_ref (target);
    SET (self->curl, CURLOPT_URL, target->url);
}

static void
webhook_set_body (webhook_t *self, const event_t *event)
{
    const void *bytes = event->data;
    size_t size = event->data_size;
    if (self->target->format == FORMAT_CLOUDEVENTS) {
        body_clear (&self->body);
        cloud_event_write (event, &self->body);
        bytes = self->body.bytes;
        size = self->body.used;
    }
    //  NULL would have libcurl ask for a body by a callback
    SET (self->curl, CURLOPT_POSTFIELDS, size > 0 ? bytes : "");
    SET (self->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);

    self->signature_line [0] = '\0';
    if (self->target->signer) {
        char *value = stpcpy (self->signature_line, "webhook-signature: ");
        signer_sign (self->target->signer, event->id, self->now_s, bytes, size, value);
    }
}

static const char *
webhook_content_type (const webhook_t *self, const event_t *event)
{
    switch (self->target->format) {
        case FORMAT_CLOUDEVENTS: return "application/cloudevents+json; charset=utf-8";
        case FORMAT_KINTO:
        case FORMAT_RAW: break;
    }
    return event->content_type;
}

//  The lines of this delivery, and behind them those of the target.
static void
webhook_set_headers (webhook_t *self, const event_t *event)
{
    snprintf (self->id_line, sizeof self->id_line, "webhook-id: %s", event->id);
    snprintf (self->timestamp_line, sizeof self->timestamp_line, "webhook-timestamp: %" PRId64,
              self->now_s);
    struct curl_slist *last = &self->lines [1];
    if (*self->signature_line)
        last = last->next = &self->lines [2];
    body_clear (&self->type_line);
    body_add_text (&self->type_line, "content-type: ");
    body_add_text (&self->type_line, webhook_content_type (self, event));
    body_add (&self->type_line, "", 1);
    self->lines [3].data = self->type_line.bytes;
    last = last->next = &self->lines [3];
    last->next = self->target->headers;
    self->lines [0].next = &self->lines [1];
}

void
webhook_prepare (webhook_t *self, webhook_target_t *target, const event_t *event,
                 int64_t timeout_ms, int64_t now_s)
{
    self->now_s = now_s;
    self->reply_size = self->header_size = 0;
    body_clear (&self->reply);
    self->is_refused = self->has_head = false;
    self->address [0] = self->curl_error [0] = '\0';
    webhook_set_target (self, target);
    webhook_set_body (self, event);
    webhook_set_headers (self, event);
    if (self->timeout_ms != timeout_ms) {
        self->timeout_ms = timeout_ms;
        SET (self->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    }
}
