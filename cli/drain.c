/*  drain – a worker gets nothing more, or does so again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/number.h"
#include "cli/roster.h"
#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_UNDO = 600, OPTION_WAIT, WAIT_MOST_S = 86400, PAUSE_MS = 200 };

typedef struct {
    named_t named;
    bool undoes;
    long wait_s;  //  until it has nothing left; 0: not at all
} drain_t;

static const struct argp_option drain_options [] = {
    {.name = "undo", .key = OPTION_UNDO, .doc = "it gets deliveries again"},
    {.name = "wait",
     .key = OPTION_WAIT,
     .arg = "SECONDS",
     .doc = "wait until it has nothing left, so long at most; then fail"},
    {0}};

static error_t
drain_take_option (int key, char *argument, struct argp_state *state)
{
    drain_t *self = (drain_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->named; return 0;
        case OPTION_UNDO: self->undoes = true; return 0;
        case OPTION_WAIT: self->wait_s = number_read (state, argument, 1, WAIT_MOST_S); return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

//  The path of what is asked; free () it.
static char *
drain_path (const drain_t *self, client_t *client)
{
    OWNED (text) char *worker = client_path (client, "/v1/workers", self->named.ids [0]);
    size_t size = strlen (worker) + sizeof "/drain";
    char *path = (char *)allocate (size, 1);
    snprintf (path, size, "%s/drain", worker);
    return path;
}

static json_t *
drain_ask (const drain_t *self, client_t *client, problem_t *problem)
{
    OWNED (text) char *path = drain_path (self, client);
    OWNED (json) json_t *body = json_pack ("{s:{s:b}}", "data", "drain", !self->undoes);
    return named_ask (client, "POST", path, body, problem);
}

//  So many deliveries are left of all that have the name; and whether they are still to drain.
static status_t
drain_look (const drain_t *self, client_t *client, int64_t *left, problem_t *problem)
{
    size_t i;
    json_t *worker;
    OWNED (json) json_t *workers = roster_fetch (client, self->named.ids [0], problem);
    if (!workers)
        return problem->status;
    *left = 0;
    json_array_foreach (workers, i, worker)
    {
        *left += named_number (worker, "leases");
        if (!json_is_true (json_object_get (worker, "draining")))
            return problem_set (problem, STATUS_CHANGED,
                                "%.100s drains no more: somebody took it "
                                "back, or the broker was restarted",
                                self->named.ids [0]);
    }
    return STATUS_OK;
}

static status_t
drain_wait (const drain_t *self, client_t *client, int64_t *left, problem_t *problem)
{
    int64_t until_ms = monotonic_ms () + 1000 * self->wait_s;
    while (*left > 0 && monotonic_ms () < until_ms) {
        nanosleep (&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
        status_t status = drain_look (self, client, left, problem);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void
drain_say (const drain_t *self, int64_t left)
{
    const char *name = self->named.ids [0];
    if (self->undoes)
        printf ("%s gets deliveries again\n", name);
    else if (left == 0)
        printf ("%s is drained: it has nothing left, and gets nothing more\n", name);
    else
        printf ("%s is draining: it gets nothing more, and still has %lld deliveries\n", name,
                (long long)left);
}

int
command_drain (int argc, char **argv)
{
    static const struct argp_child children [] = {{.argp = &named_argp}, {0}};
    static const struct argp argp = {
        .options = drain_options,
        .parser = drain_take_option,
        .children = children,
        .args_doc = "WORKER",
        .doc = "Give a worker nothing more. It finishes what it has and stays, idle, until this is "
               "taken back, also when it joins again; a broker that restarts forgets it.\v"
               "Before a worker is stopped for a while:\n  tocsin drain --wait 300 worker-1"};
    drain_t self = {
        .named = {.least = 1, .most = 1, .what = "which worker? `tocsin workers` lists them"}};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.named.login, &problem);
    OWNED (json) json_t *state = client ? drain_ask (&self, client, &problem) : NULL;
    if (!state)
        return command_fail (&problem);
    int64_t left = named_number (state, "leases");
    if (!self.undoes && drain_wait (&self, client, &left, &problem) != STATUS_OK)
        return command_fail (&problem);
    json_object_set_new (state, "leases", json_integer (left));
    json_object_set_new (state, "drained", json_boolean (!self.undoes && left == 0));
    if (self.named.is_json)
        named_print_json (state);
    else
        drain_say (&self, left);
    return self.wait_s > 0 && !self.undoes && left > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
