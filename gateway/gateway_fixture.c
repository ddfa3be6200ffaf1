#include "gateway/gateway_fixture.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "daemon/clock.h"
#include "daemon/log.h"

static void
fixture_set (fixture_t *self, const char *key_is_value)
{
    problem_t problem = {0};
    if (settings_set (self->settings, key_is_value, &problem) != STATUS_OK)
        fail_msg ("%s: %s", key_is_value, problem.text);
}

static void
fixture_start_gateway (fixture_t *self)
{
    problem_t problem = {0};
    char brokers [300], heartbeat [64], timeout [64];
    snprintf (brokers, sizeof (brokers), "gateway/brokers=%s", fake_broker_endpoint (self->broker));
    snprintf (heartbeat, sizeof (heartbeat), "broker/heartbeat_ms=%d", FIXTURE_HEARTBEAT_MS);
    snprintf (timeout, sizeof (timeout), "gateway/broker_timeout_ms=%d", FIXTURE_TIMEOUT_MS);
    self->settings = settings_new ();
    fixture_set (self, brokers);
    fixture_set (self, heartbeat);
    fixture_set (self, timeout);
    fixture_set (self, "gateway/listen=127.0.0.1:0");
    fixture_set (self, "gateway/threads=16");
    fixture_set (self, "gateway/request_timeout_ms=2000");
    fixture_set (self, "gateway/keep_alive_ms=2000");
    self->gateway = gateway_new (self->settings, self->zmq, &problem);
    if (!self->gateway)
        fail_msg ("%s", problem.text);
    self->port = atoi (strrchr (gateway_url (self->gateway), ':') + 1);
}

void
fixture_stop_broker (fixture_t *self)
{
    snprintf (self->endpoint, sizeof (self->endpoint), "%s", fake_broker_endpoint (self->broker));
    fake_broker_destroy (&self->broker);
}

void
fixture_start_broker (fixture_t *self)
{
    int64_t deadline_ms = monotonic_ms () + FIXTURE_PATIENCE_MS;
    while (!self->broker && monotonic_ms () < deadline_ms)  //  ZeroMQ closes in the background
        self->broker = fake_broker_new (self->zmq, self->endpoint, true);
    assert_non_null (self->broker);
}

int
fixture_set_up (void **state)
{
    fixture_t *self = calloc (1, sizeof (*self));
    log_set_level (LOG_ERROR);
    self->zmq = zmq_ctx_new ();
    self->broker = fake_broker_new (self->zmq, "tcp://127.0.0.1:*", true);
    fixture_start_gateway (self);
    *state = self;
    return 0;
}

int
fixture_tear_down (void **state)
{
    fixture_t *self = *state;
    gateway_destroy (&self->gateway);
    fake_broker_destroy (&self->broker);
    settings_destroy (&self->settings);
    zmq_ctx_term (self->zmq);
    bytes_free (&self->headers);
    bytes_free (&self->body);
    free (self);
    return 0;
}

int
fixture_begin (void **state)
{
    fixture_t *self = *state;
    fake_broker_forget (self->broker);
    return 0;
}

int
fixture_connect (const fixture_t *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons ((uint16_t)self->port)};
    inet_pton (AF_INET, "127.0.0.1", &address.sin_addr);
    int descriptor = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true (descriptor >= 0);
    assert_int_equal (connect (descriptor, (struct sockaddr *)&address, sizeof (address)), 0);
    return descriptor;
}

//  Until the other side closes.
static void
fixture_receive (fixture_t *self, int descriptor, bytes_t *all)
{
    (void)self;
    for (;;) {
        struct pollfd item = {.fd = descriptor, .events = POLLIN};
        if (poll (&item, 1, FIXTURE_PATIENCE_MS) != 1)
            fail_msg ("no answer and no end after %d ms", FIXTURE_PATIENCE_MS);
        char *at = bytes_reserve (all, 65536);
        ssize_t got = recv (descriptor, at, 65536, 0);
        if (got <= 0)
            break;
        all->size += (size_t)got;
    }
    bytes_add (all, "", 0);
}

//  Head and body of what came; any number of 100 Continue before it is left out.
static void
fixture_part (fixture_t *self, const bytes_t *all)
{
    static const char go_on [] = "HTTP/1.1 100 Continue\r\n\r\n";
    const char *at = all->at;
    bytes_clear (&self->headers, 0);
    bytes_clear (&self->body, 0);
    self->code = 0;
    while (strncmp (at, go_on, sizeof (go_on) - 1) == 0)
        at += sizeof (go_on) - 1;
    const char *end = strstr (at, "\r\n\r\n");
    if (!end)
        return;
    self->code = atol (at + strlen ("HTTP/1.1 "));
    bytes_add (&self->headers, at, (size_t)(end + 2 - at));
    bytes_add (&self->body, end + 4, (size_t)(all->at + all->size - end - 4));
}

long
fixture_send_raw (fixture_t *self, const char *bytes, size_t size)
{
    int descriptor = fixture_connect (self);
    bytes_t all = {0};
    for (size_t done = 0; done < size;) {
        ssize_t sent = send (descriptor, bytes + done, size - done, MSG_NOSIGNAL);
        if (sent <= 0)
            break;  //  refused before all was sent: the answer is there
        done += (size_t)sent;
    }
    fixture_receive (self, descriptor, &all);
    fixture_part (self, &all);
    bytes_free (&all);
    close (descriptor);
    return self->code;
}

void
fixture_ask_sized (fixture_t *self, const char *method, const char *path, const char *token,
                   const char *headers, const char *body, size_t size)
{
    bytes_t request = {0};
    bytes_add_text (&request, method);
    bytes_add_text (&request, " ");
    bytes_add_text (&request, path);
    bytes_add_text (&request, " HTTP/1.1\r\nHost: example.com:80\r\nConnection: close\r\n");
    if (token) {
        bytes_add_text (&request, "Authorization: Bearer ");
        bytes_add_text (&request, token);
        bytes_add_text (&request, "\r\n");
    }
    if (body && !strstr (headers, "Content-Type"))
        bytes_add_text (&request, "Content-Type: application/json\r\n");
    if (body) {
        bytes_add_text (&request, "Content-Length: ");
        bytes_add_number (&request, (int64_t)size);
        bytes_add_text (&request, "\r\n");
    }
    bytes_add_text (&request, headers);
    bytes_add_text (&request, "\r\n");
    if (body)
        bytes_add (&request, body, size);
    fixture_send_raw (self, request.at, request.size);
    bytes_free (&request);
}

void
fixture_ask (fixture_t *self, const char *method, const char *path, const char *token,
             const char *headers, const char *body)
{
    fixture_ask_sized (self, method, path, token, headers, body, body ? strlen (body) : 0);
}

const char *
fixture_body (const fixture_t *self)
{
    return self->body.at ? self->body.at : "";
}

bool
fixture_says (const fixture_t *self, const char *text)
{
    return strstr (fixture_body (self), text) != NULL;
}

bool
fixture_has_header (const fixture_t *self, const char *line)
{
    const char *at = self->headers.at ? strstr (self->headers.at, line) : NULL;
    return at && at [-1] == '\n' && strncmp (at + strlen (line), "\r\n", 2) == 0;
}

void
fixture_expect (const fixture_t *self, long code, const char *in_body)
{
    if (self->code != code || !fixture_says (self, in_body))
        fail_msg ("expected %ld and %s, got %s%s", code, in_body,
                  self->headers.at ? self->headers.at : "nothing", fixture_body (self));
}

void
fixture_post_event (fixture_t *self, const char *id)
{
    char body [256];
    snprintf (body, sizeof (body),
              "{\"data\":{\"type\":\"a.b\",\"subject\":\"/s\",\"id\":\"%s\",\"data\":{}}}", id);
    fixture_ask (self, "POST", "/v1/events", FAKE_WRITER, "", body);
}

void
fixture_wait_for_code (fixture_t *self, long code)
{
    int64_t deadline_ms = monotonic_ms () + FIXTURE_PATIENCE_MS;
    do
        fixture_post_event (self, "again");
    while (self->code != code && monotonic_ms () < deadline_ms);
    fixture_expect (self, code, "");
}
