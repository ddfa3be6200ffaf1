/*  match – a dry run: which of the last events a match would have taken. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/named.h"
#include "cli/number.h"
#include "cli/pattern_options.h"
#include "proto/model/owned.h"

enum { OPTION_LAST = 400, OPTION_LIMIT, LAST_MOST = 10000, LIMIT_MOST = 1000 };

typedef struct {
    named_t named;
    pattern_options_t pattern;
    long last, limit;  //  0 when not given
} match_command_t;

static const struct argp_option match_options [] = {
    {.name = "last", .key = OPTION_LAST, .arg = "N", .doc = "of the last N events; default 1000"},
    {.name = "limit", .key = OPTION_LIMIT, .arg = "N", .doc = "show N of them; default 20"},
    {0}};

static error_t
match_take_option (int key, char *argument, struct argp_state *state)
{
    match_command_t *self = (match_command_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT:
            state->child_inputs [0] = &self->named;
            state->child_inputs [1] = &self->pattern;
            return 0;
        case OPTION_LAST: self->last = number_read (state, argument, 1, LAST_MOST); return 0;
        case OPTION_LIMIT: self->limit = number_read (state, argument, 1, LIMIT_MOST); return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

static json_t *
match_body (const match_command_t *self, problem_t *problem)
{
    json_t *match = pattern_options_match (&self->pattern, problem);
    if (!match)
        return NULL;
    json_t *data = json_pack ("{s:o}", "match", match);
    if (self->last)
        json_object_set_new (data, "last", json_integer (self->last));
    if (self->limit)
        json_object_set_new (data, "limit", json_integer (self->limit));
    return json_pack ("{s:o}", "data", data);
}

static void
match_print (const json_t *found)
{
    size_t i;
    json_t *event;
    json_array_foreach (json_object_get (found, "events"), i, event)
        printf ("%-36s %s  %s  %s\n", named_text (event, "id"), named_text (event, "accepted"),
                named_text (event, "type"), named_text (event, "subject"));
    printf ("%lld of the last %lld events match\n", (long long)named_number (found, "matched"),
            (long long)named_number (found, "looked_at"));
}

int
command_match (int argc, char **argv)
{
    static const struct argp_child children [] = {
        {.argp = &named_argp}, {.argp = &pattern_options_argp}, {0}};
    static const struct argp argp = {
        .options = match_options,
        .parser = match_take_option,
        .children = children,
        .doc = "Try a match before it becomes a subscription: which of the last events would it "
               "have taken?\v"
               "For example:\n  tocsin match --type 'kinto.record.*' --last 5000"};
    match_command_t self = {0};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (json) json_t *body = match_body (&self, &problem);
    OWNED (client) client_t *client = body ? login_open (&self.named.login, &problem) : NULL;
    if (!client)
        return command_fail (&problem);
    OWNED (json) json_t *found = named_ask (client, "POST", "/v1/events/match", body, &problem);
    if (!found)
        return command_fail (&problem);
    if (self.named.is_json)
        named_print_json (found);
    else
        match_print (found);
    return EXIT_SUCCESS;
}
