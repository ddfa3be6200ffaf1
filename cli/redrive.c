/*  redrive – dead letters are tried again: those named, those of a filter, or all. */
#include "cli/redrive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_ALL = 400, OPTION_RATE };

static const struct argp_option redrive_options [] = {
    {.name = "all", .key = OPTION_ALL, .doc = "all of the subscription"},
    {.name = "rate",
     .key = OPTION_RATE,
     .arg = "N",
     .doc = "so many a second; default as fast as the consumer takes them"},
    {0}};

void
redrive_check (const redrive_t *self, struct argp_state *state)
{
    bool has_events = self->named.count > 1, has_filter = letter_options_are_given (&self->letters);
    if (self->named.count > 0 && has_events + has_filter + self->all != 1)
        argp_error (state, "which? Give events, or a filter as --type, or --all");
}

static error_t
redrive_take_option (int key, char *argument, struct argp_state *state)
{
    redrive_t *self = (redrive_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT:
            state->child_inputs [0] = &self->named;
            state->child_inputs [1] = &self->letters;
            return 0;
        case OPTION_ALL: self->all = true; return 0;
        case OPTION_RATE: self->rate = number_read_rate (state, argument); return 0;
        case ARGP_KEY_END: redrive_check (self, state); return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

void
redrive_print (const redrive_t *self, const json_t *answer, const char *name, const char *said)
{
    const char *id = self->named.ids [0];
    size_t i;
    json_t *missing;
    if (self->named.is_json) {
        named_print_json (answer);
        return;
    }
    printf ("%lld dead letters of %s %s%s\n", (long long)named_number (answer, name), id, said,
            strcmp (named_text (answer, "status"), "running") == 0 ? " so far" : "");
    if (strcmp (named_text (answer, "status"), "running") == 0)
        printf ("it goes on: `tocsin status %s` says how far it is\n", id);
    json_array_foreach (json_object_get (answer, "missing"), i, missing)
        fprintf (stderr, "tocsin: %s is no dead letter of %s\n", json_string_value (missing), id);
}

static json_t *
redrive_body (const redrive_t *self)
{
    json_t *data = json_object ();
    if (self->named.count > 1)
        json_object_set_new (data, "events", json_array ());
    for (size_t i = 1; i < self->named.count; i++)
        json_array_append_new (json_object_get (data, "events"), json_string (self->named.ids [i]));
    if (letter_options_are_given (&self->letters))
        json_object_set_new (data, "filter", letter_options_filter (&self->letters));
    if (self->rate > 0)
        json_object_set_new (data, "rate_per_second", json_real (self->rate));
    return json_pack ("{s:o}", "data", data);
}

int
command_redrive (int argc, char **argv)
{
    static const struct argp_child children [] = {
        {.argp = &named_argp}, {.argp = &letter_options_argp}, {0}};
    static const struct argp argp = {
        .options = redrive_options,
        .parser = redrive_take_option,
        .children = children,
        .args_doc = "SUBSCRIPTION EVENT...\nSUBSCRIPTION --type=PATTERN\nSUBSCRIPTION --all",
        .doc = "Try dead letters again; their attempts begin anew, and what happened before stays "
               "to be seen.\v"
               "For example:\n  tocsin redrive billing --all --rate 20"};
    redrive_t self = {.named = {.least = 1,
                                .most = NAMED_MOST,
                                .what = "of which subscription? `tocsin subscribe --list`"}};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.named.login, &problem);
    if (!client)
        return command_fail (&problem);
    OWNED (text) char *path = named_path (client, self.named.ids [0], "/dead-letters/redrive");
    OWNED (json) json_t *body = redrive_body (&self);
    OWNED (json) json_t *answer = named_ask (client, "POST", path, body, &problem);
    if (!answer)
        return command_fail (&problem);
    redrive_print (&self, answer, "redriven", "are tried again");
    return EXIT_SUCCESS;
}
