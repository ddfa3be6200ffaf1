/*  dead_letters – what could not be delivered, and why; and what else has not ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/letter_options.h"
#include "cli/named.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_STATUS = 400, OPTION_LIMIT, LIMIT_STANDARD = 100, LIMIT_MOST = 1000000 };

typedef struct {
    named_t named;
    letter_options_t letters;
    const char *status;
    long limit;
    json_t *all;  //  what has come so far
} dead_letters_t;

static const struct argp_option dead_letters_options [] = {
    {.name = "status",
     .key = OPTION_STATUS,
     .arg = "STATUS",
     .doc = "dead (the default), or what is not over: retry, held, slow"},
    {.name = "limit", .key = OPTION_LIMIT, .arg = "N", .doc = "show N of them; default 100"},
    {0}};

static error_t
dead_letters_take_option (int key, char *argument, struct argp_state *state)
{
    dead_letters_t *self = (dead_letters_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT:
            state->child_inputs [0] = &self->named;
            state->child_inputs [1] = &self->letters;
            return 0;
        case OPTION_STATUS: self->status = argument; return 0;
        case OPTION_LIMIT: self->limit = number_read (state, argument, 1, LIMIT_MOST); return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

static void
dead_letters_print (const json_t *letter)
{
    const json_t *event = json_object_get (letter, "event");
    const json_t *last = json_object_get (letter, "last_attempt");
    const char *when = named_text (letter, "died");
    const char *error = named_text (last, "error");
    if (!*when)
        when = named_text (letter, "next_attempt");
    printf ("%-36s %s  %s %s\n", named_text (event, "id"), when, named_text (letter, "status"),
            named_text (letter, "reason"));
    printf ("    %s %s, seq %lld\n", named_text (event, "type"), named_text (event, "subject"),
            (long long)named_number (event, "seq"));
    printf ("    %lld attempts%s%s\n", (long long)named_number (letter, "attempts"),
            *error ? ", the last: " : "", error);
}

//  The path of the first page; free () it.
static char *
dead_letters_path (const dead_letters_t *self, client_t *client)
{
    OWNED (text) char *base = named_path (client, self->named.ids [0], "/deliveries");
    OWNED (text) char *query = letter_options_query (&self->letters, client);
    OWNED (text) char *status = client_path (client, "", self->status);
    size_t size = strlen (base) + strlen (query) + strlen (status) + sizeof "?status=&_limit=" + 20;
    char *path = (char *)allocate (size, 1);
    snprintf (path, size, "%s%s%sstatus=%s&_limit=%ld", base, query, *query ? "&" : "?", status + 1,
              self->limit < LIMIT_STANDARD ? self->limit : LIMIT_STANDARD);
    return path;
}

//  Until so many are there.
static bool
dead_letters_take_page (void *context, json_t *page)
{
    dead_letters_t *self = context;
    json_array_extend (self->all, page);
    return (long)json_array_size (self->all) < self->limit;
}

static status_t
dead_letters_fetch (dead_letters_t *self, client_t *client, problem_t *problem)
{
    OWNED (text) char *path = dead_letters_path (self, client);
    return named_each_page (client, path, dead_letters_take_page, self, problem);
}

static void
dead_letters_say (const dead_letters_t *self, bool has_more)
{
    size_t i;
    json_t *letter;
    json_array_foreach (self->all, i, letter) dead_letters_print (letter);
    if (json_array_size (self->all) == 0)
        printf ("%s has none\n", self->named.ids [0]);
    if (has_more)
        fprintf (stderr, "tocsin: there are more; --limit shows them\n");
}

int
command_dead_letters (int argc, char **argv)
{
    static const struct argp_child children [] = {
        {.argp = &named_argp}, {.argp = &letter_options_argp}, {0}};
    static const struct argp argp = {
        .options = dead_letters_options,
        .parser = dead_letters_take_option,
        .children = children,
        .args_doc = "SUBSCRIPTION",
        .doc = "List what could not be delivered, and why. `tocsin redrive` tries it again.\v"
               "For example:\n  tocsin dead-letters billing --after 2h --reason USED_UP"};
    dead_letters_t self = {.named = {.least = 1,
                                     .most = 1,
                                     .what = "of which subscription? `tocsin subscribe --list`"},
                           .status = "dead",
                           .limit = LIMIT_STANDARD};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (json) json_t *all = self.all = json_array ();
    OWNED (client) client_t *client = login_open (&self.named.login, &problem);
    if (!client || dead_letters_fetch (&self, client, &problem))
        return command_fail (&problem);
    if (self.named.is_json)
        named_print_json (all);
    else
        dead_letters_say (&self, client_next_page (client));
    return EXIT_SUCCESS;
}
