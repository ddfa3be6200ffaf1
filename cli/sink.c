#include "cli/sink.h"

#include <civetweb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/nudge.h"
#include "proto/model/allocate.h"

enum { BODY_BYTES = 4 << 20 };

struct sink {
    struct mg_context *server;
    sink_arrived_t *arrived;
    void *context;  //  borrowed, for arrived
    char url [64];
};

static int
sink_answer (struct mg_connection *connection, int status, const char *text)
{
    char answer [160];
    int size = snprintf (answer, sizeof answer, "HTTP/1.1 %d %s\r\nContent-Length: 0\r\n\r\n",
                         status, text);
    mg_write (connection, answer, (size_t)size);
    return status;
}

static const char *
sink_header (const struct mg_connection *connection, const char *name)
{
    const char *value = mg_get_header (connection, name);
    return value ? value : "";
}

static bool
sink_read (struct mg_connection *connection, char *body, size_t size)
{
    size_t got = 0;
    while (got < size) {
        int n = mg_read (connection, body + got, size - got);
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

static int
sink_serve (struct mg_connection *connection, void *context)
{
    sink_t *self = (sink_t *)context;
    const struct mg_request_info *request = mg_get_request_info (connection);
    long long size = request->content_length;
    if (strcmp (request->request_method, "POST") != 0)
        return sink_answer (connection, 405, "Method Not Allowed");
    if (size < 0 || size > BODY_BYTES)
        return sink_answer (connection, 413, "Too Large");

    char *body = (char *)allocate ((size_t)size + 1, 1);
    bool is_whole = sink_read (connection, body, (size_t)size);
    if (is_whole) {
        const arrival_t arrival = {.id = sink_header (connection, "webhook-id"),
                                   .timestamp = sink_header (connection, "webhook-timestamp"),
                                   .signature = sink_header (connection, "webhook-signature"),
                                   .content_type = sink_header (connection, "Content-Type"),
                                   .body = body,
                                   .size = (size_t)size};
        self->arrived (self->context, &arrival);
    }
    free (body);
    return is_whole ? sink_answer (connection, 204, "No Content") : 400;
}

//  civetweb would look for a file .htpasswd otherwise, and obey it.
static int
sink_admit (struct mg_connection *connection, void *context)
{
    (void)connection;
    (void)context;
    return 1;
}

sink_t *
sink_new (sink_arrived_t *arrived, void *context, problem_t *problem)
{
    static const char *options [] = {
        "listening_ports",    "127.0.0.1:0", "num_threads",       "4",   "tcp_nodelay", "1",
        "request_timeout_ms", "10000",       "enable_keep_alive", "yes", NULL};
    sink_t *self = ALLOCATE (sink_t);
    self->arrived = arrived;
    self->context = context;
    mg_init_library (0);
    self->server = mg_start (NULL, NULL, options);
    if (!self->server) {
        problem_set (problem, STATUS_SYSTEM, "the demo's consumer cannot listen on 127.0.0.1");
        mg_exit_library ();
        free (self);
        return NULL;
    }
    mg_set_auth_handler (self->server, "**", sink_admit, NULL);
    mg_set_request_handler (self->server, "**", sink_serve, self);

    struct mg_server_port port = {0};
    mg_get_server_ports (self->server, 1, &port);
    snprintf (self->url, sizeof self->url, "http://127.0.0.1:%d/demo", port.port);
    return self;
}

void
sink_destroy (sink_t **self_p)
{
    if (!*self_p)
        return;
    nudge_t *nudge = nudge_new ((*self_p)->url);
    mg_stop ((*self_p)->server);
    nudge_destroy (&nudge);
    mg_exit_library ();
    free (*self_p);
    *self_p = NULL;
}

const char *
sink_url (const sink_t *self)
{
    return self->url;
}
