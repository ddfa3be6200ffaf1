/*  status – how the broker and its workers are. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/login.h"
#include "proto/model/owned.h"

enum { OPTION_JSON = 256 };

typedef struct {
    login_t login;
    bool is_json;  //  --json
} status_command_t;

static const struct argp_option status_options [] = {
    {.name = "json", .key = OPTION_JSON, .doc = "as JSON, for programs"}, {0}};

static error_t
status_take_option (int key, char *argument, struct argp_state *state)
{
    status_command_t *self = (status_command_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->login; return 0;
        case OPTION_JSON: self->is_json = true; return 0;
        case ARGP_KEY_ARG: argp_error (state, "\"%s\" is no option", argument); return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

static long long
status_number (const json_t *status, const char *name)
{
    return json_integer_value (json_object_get (status, name));
}

static const char *
status_word (const json_t *status, const char *name)
{
    const char *word = json_string_value (json_object_get (status, name));
    return word ? word : "?";
}

static void
status_print_workers (const json_t *workers)
{
    size_t i;
    json_t *worker;
    if (json_array_size (workers) == 0)
        puts ("no worker      nothing is delivered until one joins");
    json_array_foreach (workers, i, worker)
        printf ("worker         %s, %lld deliveries under way, room for %lld more\n",
                status_word (worker, "name"), status_number (worker, "leases"),
                status_number (worker, "credit"));
}

static void
status_print (const json_t *status)
{
    printf ("broker         %s, version %s\n", status_word (status, "broker"),
            status_word (status, "version"));
    printf ("store          %s\n", status_word (status, "store"));
    printf ("events         %lld\n", status_number (status, "events"));
    printf ("subscriptions  %lld\n", status_number (status, "subscriptions"));
    printf ("deliveries     %lld waiting, %lld to be tried again, %lld dead\n",
            status_number (status, "waiting"), status_number (status, "retries"),
            status_number (status, "dead"));
    printf ("behind         %lld events still to be read for the furthest subscription\n",
            status_number (status, "behind"));
    status_print_workers (json_object_get (status, "workers"));
}

int
command_status (int argc, char **argv)
{
    static const struct argp_child children [] = {{.argp = &login_argp}, {0}};
    static const struct argp argp = {.options = status_options,
                                     .parser = status_take_option,
                                     .children = children,
                                     .doc = "Say how the broker and its workers are."};
    status_command_t self = {0};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (json) json_t *answer = NULL;
    OWNED (client) client_t *client = login_open (&self.login, &problem);
    if (!client || client_call (client, "GET", "/v1/status", NULL, &answer, &problem))
        return command_fail (&problem);
    const json_t *status = json_object_get (answer, "data");
    if (self.is_json) {
        json_dumpf (status, stdout, JSON_INDENT (2));
        putchar ('\n');
    }
    else
        status_print (status);
    return EXIT_SUCCESS;
}
