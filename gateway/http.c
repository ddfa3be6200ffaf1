#include "gateway/http.h"

#include <civetweb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "gateway/nudge.h"
#include "gateway/routes.h"
#include "proto/model/allocate.h"

enum {
    STACK_BYTES = 262144,  //  of a request thread; JSON of 256 levels takes a quarter of it
    NUMBER_SIZE = 24,
    DRAIN_POLL_MS = 5,
};

struct http {
    services_t *services;  //  borrowed
    struct mg_context *server;
    pthread_mutex_t lock;  //  of `told`
    char told [200];       //  what civetweb said first while it started: the cause
};

//  ---- A request

static void
http_log (const request_t *request, const problem_t *problem)
{
    if (problem->status == STATUS_INTERNAL)
        log_error ("gateway", "%s %s: %s request=%s", request->info->request_method, request->path,
                   problem->text, request->id);
    else
        log_debug ("gateway", "%s %s: %s: %s request=%s", request->info->request_method,
                   request->path, status_name (problem->status), problem->text, request->id);
}

static void
http_finish (request_t *request, answer_t *answer, status_t status, problem_t *problem)
{
    if (status != STATUS_OK) {
        problem->status = status;
        answer_problem (answer, request, problem);
        http_log (request, problem);
    }
    answer_send (answer, request);
    request_drop_body (request);
}

static void
http_count (services_t *services, int code, int64_t since_us)
{
    char label [NUMBER_SIZE];
    snprintf (label, sizeof (label), "%d", code);
    metrics_add_labelled (services->metrics, METRIC_http_requests, label, 1);
    metrics_observe (services->metrics, METRIC_http_request_seconds, monotonic_us () - since_us);
}

//  Every request comes here, before civetweb looks for a file, a password file or a script.
static int
http_begin (struct mg_connection *connection)
{
    http_t *self = mg_get_user_data (mg_get_context (connection));
    services_t *services = self->services;
    desk_t *desk = mg_get_thread_pointer (connection);
    int64_t since_us = monotonic_us ();
    request_t request;
    answer_t answer;
    problem_t problem;
    problem.text [0] = problem.name [0] = 0;
    atomic_fetch_add (&services->in_flight, 1);
    metrics_add (services->metrics, METRIC_http_requests_in_flight, 1);

    answer_start (&answer, desk);
    status_t status = request_start (&request, services, desk, connection, &problem);
    if (status == STATUS_OK && atomic_load (&services->is_stopping)) {
        request.must_close = true;
        status = STATUS_STOPPING;
    }
    if (status == STATUS_OK)
        status = routes_answer (&request, &answer, &problem);
    http_finish (&request, &answer, status, &problem);
    if (!answer.is_sent)
        http_count (services, answer.code, since_us);

    desk_clear (desk);
    metrics_add (services->metrics, METRIC_http_requests_in_flight, -1);
    atomic_fetch_sub (&services->in_flight, 1);
    return answer.code;
}

//  What civetweb could not read as a request.
static int
http_error (struct mg_connection *connection, int code, const char *text)
{
    http_t *self = mg_get_user_data (mg_get_context (connection));
    desk_t *desk = mg_get_thread_pointer (connection);
    int64_t since_us = monotonic_us ();
    request_t request;
    answer_t answer;
    problem_t problem = {0};
    problem_set (&problem, code == 413 ? STATUS_TOO_LARGE : STATUS_BAD_REQUEST,
                 "this is no HTTP request, or its head is larger than 16 KiB: %s", text);
    request_start_broken (&request, self->services, desk, connection);
    answer_start (&answer, desk);
    http_finish (&request, &answer, problem.status, &problem);
    http_count (self->services, answer.code, since_us);
    desk_clear (desk);
    return 0;
}

//  ---- civetweb's other words

static void *
http_thread_begins (const struct mg_context *server, int kind)
{
    (void)server;
    return kind == 1 ? desk_new () : NULL;
}

static void
http_thread_ends (const struct mg_context *server, int kind, void *desk)
{
    (void)server;
    (void)kind;
    desk_t *owned = desk;
    desk_destroy (&owned);
}

static int
http_tell (const struct mg_connection *connection, const char *text)
{
    http_t *self = mg_get_user_data (mg_get_context (connection));
    pthread_mutex_lock (&self->lock);
    if (!self->server && !self->told [0])
        snprintf (self->told, sizeof (self->told), "%s", text);
    else if (self->server)
        log_info ("gateway", "%s", text);
    pthread_mutex_unlock (&self->lock);
    return 1;
}

//  ---- Life

//  "127.0.0.1:8889" to its host; NULL when it is no HOST:PORT.
static const char *
http_port_of (const char *listen)
{
    const char *colon = strrchr (listen, ':');
    if (!colon || colon == listen || strspn (colon + 1, "0123456789") != strlen (colon + 1) ||
        !colon [1] || strlen (listen) > 255 || strchr (listen, ',') || atol (colon + 1) > 65535)
        return NULL;
    return colon + 1;
}

static void
http_write_url (http_t *self, const char *listen)
{
    struct mg_server_port port = {0};
    mg_get_server_ports (self->server, 1, &port);
    snprintf (self->services->url, sizeof (self->services->url), "http://%.*s%d",
              (int)(http_port_of (listen) - listen), listen, port.port);
}

//  Hundreds of threads, each with a small stack: civetweb takes the process's standard.
static struct mg_context *
http_start (http_t *self, const char **options)
{
    static const struct mg_callbacks callbacks = {
        .begin_request = http_begin,
        .http_error = http_error,
        .init_thread = http_thread_begins,
        .exit_thread = http_thread_ends,
        .log_message = http_tell,
    };
    struct mg_init_data init = {&callbacks, self, options};
    struct mg_error_data error = {0};
    pthread_attr_t standard, small;
    pthread_getattr_default_np (&standard);
    pthread_getattr_default_np (&small);
    pthread_attr_setstacksize (&small, STACK_BYTES);
    pthread_setattr_default_np (&small);
    struct mg_context *server = mg_start2 (&init, &error);
    pthread_setattr_default_np (&standard);
    pthread_attr_destroy (&standard);
    pthread_attr_destroy (&small);
    return server;
}

static void
http_free (http_t *self)
{
    pthread_mutex_destroy (&self->lock);
    free (self);
}

http_t *
http_new (services_t *services, problem_t *problem)
{
    const settings_t *settings = services->settings;
    const char *listen = settings_text (settings, "gateway/listen");
    char threads [NUMBER_SIZE], timeout [NUMBER_SIZE], keep_alive [NUMBER_SIZE];
    snprintf (threads, sizeof (threads), "%lld",
              (long long)settings_number (settings, "gateway/threads"));
    snprintf (timeout, sizeof (timeout), "%lld",
              (long long)settings_number (settings, "gateway/request_timeout_ms"));
    snprintf (keep_alive, sizeof (keep_alive), "%lld",
              (long long)settings_number (settings, "gateway/keep_alive_ms"));
    const char *options [] = {
        "listening_ports",
        listen,
        "num_threads",
        threads,
        "connection_queue",
        "1024",
        "listen_backlog",
        "1024",
        "request_timeout_ms",
        timeout,
        "keep_alive_timeout_ms",
        keep_alive,
        "enable_keep_alive",
        "yes",
        "tcp_nodelay",
        "1",
        "decode_url",
        "no",  //  routes decode, after they have split at slashes
        "access_control_allow_origin",
        "",
        "access_control_allow_methods",
        "",
        "enable_directory_listing",
        "no",
        "cgi_pattern",
        "",
        "ssi_pattern",
        "",
        "enable_auth_domain_check",
        "no",
        NULL,
    };
    if (!http_port_of (listen)) {
        problem_at (problem, STATUS_BAD_SETTING, "gateway/listen",
                    "gateway/listen: \"%s\" is no HOST:PORT", listen);
        return NULL;
    }
    http_t *self = ALLOCATE (http_t);
    self->services = services;
    pthread_mutex_init (&self->lock, NULL);
    struct mg_context *server = http_start (self, options);
    if (!server) {
        problem_at (problem, STATUS_SYSTEM, "gateway/listen", "gateway/listen: %s: %s", listen,
                    self->told);
        http_free (self);
        return NULL;
    }
    pthread_mutex_lock (&self->lock);
    self->server = server;
    pthread_mutex_unlock (&self->lock);
    http_write_url (self, listen);
    return self;
}

void
http_destroy (http_t **self_p)
{
    http_t *self = *self_p;
    if (!self)
        return;
    //  civetweb cuts off what is under way when it is told to stop: first let them finish.
    atomic_store (&self->services->is_stopping, true);
    int64_t deadline_ms = monotonic_ms () + 2 * settings_number (self->services->settings,
                                                                 "gateway/broker_timeout_ms");
    while (atomic_load (&self->services->in_flight) > 0 && monotonic_ms () < deadline_ms)
        nanosleep (&(struct timespec){0, DRAIN_POLL_MS * 1000000}, NULL);
    nudge_t *nudge = nudge_new (self->services->url);
    mg_stop (self->server);
    nudge_destroy (&nudge);
    http_free (self);
    *self_p = NULL;
}
