/*  counters – what the action counter has counted for a subscription, by key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/named.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_KEY = 500 };

typedef struct {
    named_t named;
    const char *key;  //  NULL: all of them
    json_t *all;      //  what has come so far
} counters_t;

static const struct argp_option counters_options [] = {
    {.name = "key", .key = OPTION_KEY, .arg = "KEY", .doc = "this one alone"}, {0}};

static error_t
counters_take_option (int key, char *argument, struct argp_state *state)
{
    counters_t *self = (counters_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->named; return 0;
        case OPTION_KEY: self->key = argument; return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

//  The path of the first page; free () it.
static char *
counters_path (const counters_t *self, client_t *client)
{
    char *base = named_path (client, self->named.ids [0], "/counters?_limit=1000");
    if (!self->key)
        return base;
    OWNED (text) char *key = client_path (client, "", self->key);  //  "/" and the key
    size_t size = strlen (base) + strlen (key) + sizeof "&key=";
    char *path = (char *)allocate (size, 1);
    snprintf (path, size, "%s&key=%s", base, key + 1);
    free (base);
    return path;
}

//  There may be very many: each page is printed as it comes.
static bool
counters_take_page (void *context, json_t *page)
{
    counters_t *self = context;
    size_t i;
    json_t *row;
    if (!self->named.is_json)
        json_array_foreach (page, i, row) printf (
            "%12lld  %s\n", (long long)named_number (row, "count"), named_text (row, "key"));
    json_array_extend (self->all, page);
    return true;
}

static status_t
counters_fetch (counters_t *self, client_t *client, problem_t *problem)
{
    OWNED (text) char *path = counters_path (self, client);
    return named_each_page (client, path, counters_take_page, self, problem);
}

int
command_counters (int argc, char **argv)
{
    static const struct argp_child children [] = {{.argp = &named_argp}, {0}};
    static const struct argp argp = {
        .options = counters_options,
        .parser = counters_take_option,
        .children = children,
        .args_doc = "SUBSCRIPTION",
        .doc = "Show what the action counter has counted for a subscription: how many of each "
               "key.\vFor example:\n  tocsin counters orders --key /orders/17"};
    counters_t self = {.named = {.least = 1,
                                 .most = 1,
                                 .what = "of which subscription? `tocsin subscribe --list`"}};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (json) json_t *all = self.all = json_array ();
    OWNED (client) client_t *client = login_open (&self.named.login, &problem);
    if (!client || counters_fetch (&self, client, &problem))
        return command_fail (&problem);
    if (self.named.is_json)
        named_print_json (all);
    else if (json_array_size (all) == 0)
        printf ("%s has counted nothing\n", self.named.ids [0]);
    return EXIT_SUCCESS;
}
