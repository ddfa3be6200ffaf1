/*  show – an event, its deliveries and their attempts, and the tree of its causes. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/causes.h"
#include "cli/command.h"
#include "cli/login.h"
#include "cli/outcome.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_JSON = 256 };

typedef struct {
    login_t login;
    const char *id;
    bool is_json;  //  --json
} show_t;

static const struct argp_option show_options [] = {
    {.name = "json", .key = OPTION_JSON, .doc = "as the API answers it"}, {0}};

static error_t
show_take_option (int key, char *argument, struct argp_state *state)
{
    show_t *self = (show_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->login; return 0;
        case OPTION_JSON: self->is_json = true; return 0;
        case ARGP_KEY_ARG:
            if (self->id)
                argp_error (state, "one id at a time");
            self->id = argument;
            return 0;
        case ARGP_KEY_END:
            if (!self->id)
                argp_error (state, "which event? Give its id, as `tocsin publish` printed it");
            return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

static void
show_member (const json_t *event, const char *name)
{
    const json_t *value = json_object_get (event, name);
    if (json_is_string (value))
        printf ("    %-10s %s\n", name, json_string_value (value));
    else if (json_is_integer (value))
        printf ("    %-10s %" JSON_INTEGER_FORMAT "\n", name, json_integer_value (value));
}

static void
show_event (const json_t *event)
{
    static const char *const members [] = {"type", "subject",  "source",    "given_id", "key",
                                           "time", "accepted", "partition", "seq",      "causation",
                                           "root", "via",      "hops"};
    puts (json_string_value (json_object_get (event, "id")));
    for (size_t i = 0; i < sizeof members / sizeof members [0]; i++)
        show_member (event, members [i]);
    char *data = json_dumps (json_object_get (event, "data"), JSON_ENCODE_ANY | JSON_INDENT (2));
    if (data)
        printf ("%s\n", data);
    free (data);
    outcome_print_deliveries (event);
}

//  The tree that it stands in, if it does not stand alone.
static status_t
show_causes (client_t *client, const char *id, problem_t *problem)
{
    OWNED (json) json_t *answer = NULL;
    OWNED (text) char *event = client_path (client, "/v1/events", id);
    size_t size = strlen (event) + sizeof "/trace";
    OWNED (text) char *path = (char *)allocate (size, 1);
    snprintf (path, size, "%s/trace", event);
    status_t status = client_call (client, "GET", path, NULL, &answer, problem);
    if (status == STATUS_OK)
        causes_print (json_object_get (answer, "data"));
    return status;
}

int
command_show (int argc, char **argv)
{
    static const struct argp_child children [] = {{.argp = &login_argp}, {0}};
    static const struct argp argp = {
        .options = show_options,
        .parser = show_take_option,
        .children = children,
        .args_doc = "ID",
        .doc =
            "Show an event, its deliveries and their attempts, what it came of and what came of it."};
    show_t self = {0};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.login, &problem);
    if (!client)
        return command_fail (&problem);
    OWNED (json) json_t *event = outcome_fetch (client, self.id, &problem);
    if (!event)
        return command_fail (&problem);
    if (self.is_json) {
        json_dumpf (event, stdout, JSON_INDENT (2));
        putchar ('\n');
        return EXIT_SUCCESS;
    }
    show_event (event);
    return show_causes (client, self.id, &problem) == STATUS_OK ? EXIT_SUCCESS
                                                                : command_fail (&problem);
}
