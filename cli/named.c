#include "cli/named.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_JSON = 256 };

static const struct argp_option options [] = {
    {.name = "json", .key = OPTION_JSON, .doc = "as the API answers it, for programs"}, {0}};

static error_t
take_option (int key, char *argument, struct argp_state *state)
{
    named_t *self = (named_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->login; return 0;
        case OPTION_JSON: self->is_json = true; return 0;
        case ARGP_KEY_ARG:
            if (self->count == self->most)
                argp_error (state, "\"%s\" is one too many: there are %zu at most", argument,
                            self->most);
            self->ids [self->count++] = argument;
            return 0;
        case ARGP_KEY_END:
            if (self->count < self->least)
                argp_error (state, "%s", self->what);
            return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child login_children [] = {{.argp = &login_argp}, {0}};
const struct argp named_argp = {
    .options = options, .parser = take_option, .children = login_children};
const struct argp_child named_children [] = {{.argp = &named_argp}, {0}};

error_t
named_take_option (int key, char *argument, struct argp_state *state)
{
    (void)argument;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs [0] = state->input;
    return 0;
}

char *
named_path (client_t *client, const char *id, const char *suffix)
{
    OWNED (text) char *path = client_path (client, "/v1/subscriptions", id);
    size_t size = strlen (path) + strlen (suffix) + 1;
    char *whole = (char *)allocate (size, 1);
    snprintf (whole, size, "%s%s", path, suffix);
    return whole;
}

json_t *
named_ask (client_t *client, const char *method, const char *path, const json_t *body,
           problem_t *problem)
{
    OWNED (json) json_t *answer = NULL;
    if (client_call (client, method, path, body, &answer, problem))
        return NULL;
    json_t *data = json_object_get (answer, "data");
    if (!data)
        problem_set (problem, STATUS_INTERNAL, "the answer holds no data: see the gateway's log");
    return json_incref (data);
}

status_t
named_each_page (client_t *client, const char *path, named_page_found_t *found, void *context,
                 problem_t *problem)
{
    OWNED (text) char *next = allocate_copy (path);
    for (;;) {
        OWNED (json) json_t *page = named_ask (client, "GET", next, NULL, problem);
        if (!page)
            return problem->status;
        const char *after = found (context, page) ? client_next_page (client) : NULL;
        if (!after)
            return STATUS_OK;
        free (next);
        next = allocate_copy (after);
    }
}

const char *
named_text (const json_t *object, const char *name)
{
    const char *text = json_string_value (json_object_get (object, name));
    return text ? text : "";
}

int64_t
named_number (const json_t *object, const char *name)
{
    return json_integer_value (json_object_get (object, name));
}

void
named_print_json (const json_t *json)
{
    json_dumpf (json, stdout, JSON_INDENT (2));
    putchar ('\n');
}
