/*  up – gateway, broker and worker in one process, over inproc, with SQLite in one directory. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"
#include "cli/command.h"
#include "cli/data_directory.h"
#include "cli/demo.h"
#include "cli/readiness.h"
#include "daemon/context.h"
#include "daemon/options.h"
#include "daemon/role_main.h"
#include "daemon/signals.h"
#include "gateway/gateway.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"
#include "worker/worker.h"

#define FRONT "inproc://tocsin-front"
#define BACK  "inproc://tocsin-back"
#define FEED  "inproc://tocsin-feed"

enum { OPTION_DEMO = 256, OPTION_PRIVATE };

typedef struct {
    options_t options;
    const char *data, *listen, *private_addresses;  //  argv's; NULL when not given
    bool shows;                                     //  --demo
} up_t;

//  What runs, in the order in which it starts. What starts later leans on what started before.
typedef struct {
    context_t *context;
    broker_t *broker;
    gateway_t *gateway;
    worker_t *worker;
} roles_t;

static const struct argp_option up_options [] = {
    {.name = "data",
     .key = 'd',
     .arg = "DIR",
     .doc = "keep store and admin.token in DIR; default ~/.local/state/tocsin"},
    {.name = "listen",
     .key = 'l',
     .arg = "HOST:PORT",
     .doc = "serve HTTP there; default 127.0.0.1:8889, port 0 picks one"},
    {.name = "demo", .key = OPTION_DEMO, .doc = "send yourself an event of Kinto, and show it"},
    {.name = "private-addresses",
     .key = OPTION_PRIVATE,
     .arg = "yes|no",
     .doc =
         "deliver to loopback and private networks too; default yes, other than for the daemons"},
    {0}};

static error_t
up_take_option (int key, char *argument, struct argp_state *state)
{
    up_t *self = (up_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->options; return 0;
        case 'd': self->data = argument; return 0;
        case 'l': self->listen = argument; return 0;
        case OPTION_DEMO: self->shows = true; return 0;
        case OPTION_PRIVATE:
            if (strcmp (argument, "yes") != 0 && strcmp (argument, "no") != 0)
                argp_error (state, "--private-addresses is yes or no, not \"%s\"", argument);
            self->private_addresses = argument;
            return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

/*  Where store and token are, in a directory that is there. */
static status_t
up_set_data (settings_t *settings, const char *directory, problem_t *problem)
{
    OWNED (text) char *token = data_directory_file (directory, "admin.token");
    OWNED (text) char *store = data_directory_file (directory, "tocsin.db");
    OWNED (text) char *url = (char *)allocate (strlen (store) + sizeof "sqlite://", 1);
    stpcpy (stpcpy (url, "sqlite://"), store);
    status_t status =
        settings_assign (settings, "--data", "broker/admin_token_file", token, problem);
    return status ? status : settings_assign (settings, "--data", "store/url", url, problem);
}

/*  Defaults that differ from the daemons'. File, environment and --set are stronger. */
static status_t
up_set_defaults (settings_t *settings, const char *directory, problem_t *problem)
{
    static const char *const defaults [] = {
        "broker/front=" FRONT,    "broker/back=" BACK,    "broker/feed=" FEED,
        "gateway/brokers=" FRONT, "worker/brokers=" BACK, "worker/allow_private_addresses=1",
        "log/level=warning",
    };
    for (size_t i = 0; i < sizeof defaults / sizeof defaults [0]; i++)
        if (settings_set (settings, defaults [i], problem))
            return problem->status;
    return up_set_data (settings, directory, problem);
}

/*  The options of `up` itself, which are stronger than all. */
static status_t
up_set_options (const up_t *self, settings_t *settings, const char *directory, problem_t *problem)
{
    status_t status = STATUS_OK;
    if (self->data)
        status = up_set_data (settings, directory, problem);
    if (!status && self->listen)
        status = settings_assign (settings, "--listen", "gateway/listen", self->listen, problem);
    if (!status && self->private_addresses)
        status = settings_assign (settings, "--private-addresses", "worker/allow_private_addresses",
                                  *self->private_addresses == 'y' ? "1" : "0", problem);
    return status;
}

static settings_t *
up_read_settings (const up_t *self, const char *directory, problem_t *problem)
{
    OWNED (settings) settings_t *settings = settings_new ();
    if (up_set_defaults (settings, directory, problem) ||
        options_apply (&self->options, settings, problem) ||
        up_set_options (self, settings, directory, problem))
        return NULL;
    return TAKE (settings);
}

/*  Whoever speaks to the broker speaks to this one, unless it was told of another. */
static status_t
up_find_broker (settings_t *settings, const broker_t *broker, problem_t *problem)
{
    status_t status = STATUS_OK;
    if (strcmp (settings_text (settings, "gateway/brokers"), FRONT) == 0)
        status =
            settings_assign (settings, "up", "gateway/brokers", broker_front (broker), problem);
    if (!status && strcmp (settings_text (settings, "worker/brokers"), BACK) == 0)
        status = settings_assign (settings, "up", "worker/brokers", broker_back (broker), problem);
    return status;
}

/*  In reverse, so that nobody loses what he leans on: requests end, then actions, then the store. */
static void
roles_destroy (roles_t *self)
{
    gateway_destroy (&self->gateway);
    worker_destroy (&self->worker);
    broker_destroy (&self->broker);
    context_destroy (&self->context);
}

static status_t
up_start (settings_t *settings, roles_t *roles, problem_t *problem)
{
    roles->context = context_new (problem);
    if (!roles->context)
        return problem->status;
    void *zmq = context_zmq (roles->context);
    roles->broker = broker_new (settings, zmq, problem);
    if (!roles->broker || up_find_broker (settings, roles->broker, problem))
        return problem->status;
    roles->worker = worker_new (settings, zmq, problem);
    if (!roles->worker)
        return problem->status;
    roles->gateway = gateway_new (settings, zmq, problem);
    if (!roles->gateway)
        return problem->status;
    return readiness_wait (gateway_url (roles->gateway), problem);
}

static void
up_say_ready (const settings_t *settings, const roles_t *roles)
{
    if (settings_flag (settings, "worker/allow_private_addresses"))
        fprintf (stderr, "tocsin: delivers to loopback and private networks too, as development "
                         "needs; --private-addresses=no ends that\n");
    printf ("tocsin ready %s %s\n", gateway_url (roles->gateway),
            settings_text (settings, "broker/admin_token_file"));
    fflush (stdout);
    notify_supervisor ("READY=1");
}

static status_t
up_serve (const up_t *self, settings_t *settings, problem_t *problem)
{
    __attribute__ ((cleanup (roles_destroy))) roles_t roles = {0};
    if (up_start (settings, &roles, problem))
        return problem->status;
    up_say_ready (settings, &roles);

    OWNED (demo) demo_t *demo = NULL;
    if (self->shows)
        demo = demo_new (gateway_url (roles.gateway),
                         settings_text (settings, "broker/admin_token_file"), problem);
    if (self->shows && !demo)
        return problem->status;

    signals_wait ();
    signals_unblock ();
    notify_supervisor ("STOPPING=1");
    return STATUS_OK;
}

int
command_up (int argc, char **argv)
{
    static const struct argp_child children [] = {{.argp = &options_argp}, {0}};
    static const struct argp argp = {
        .options = up_options,
        .parser = up_take_option,
        .children = children,
        .doc = "Run gateway, broker and worker in this process, with a store on disk.\v"
               "When it serves, it prints one line: tocsin ready URL FILE-OF-THE-ADMIN-TOKEN. "
               "Everything else is on stderr. It runs until SIGTERM or SIGINT."};
    worker_prepare_process ();
    up_t self = {0};
    command_parse (&argp, argc, argv, &self);

    signals_block ();
    problem_t problem = {0};
    OWNED (text)
    char *directory =
        self.data ? data_directory_absolute (self.data) : data_directory_default (&problem);
    if (!directory)
        return command_fail (&problem);
    OWNED (settings) settings_t *settings = up_read_settings (&self, directory, &problem);
    if (!settings) {
        command_fail (&problem);
        return EXIT_CONFIGURATION;
    }
    if (data_directory_make (directory, &problem) || up_serve (&self, settings, &problem))
        return command_fail (&problem);
    return EXIT_SUCCESS;
}
