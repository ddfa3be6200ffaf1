/*  discard – dead letters are given up for good: those named, those of a filter, or all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/redrive.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_ALL = 400 };

static const struct argp_option discard_options [] = {
    {.name = "all", .key = OPTION_ALL, .doc = "all of the subscription"}, {0}};

static error_t
discard_take_option (int key, char *argument, struct argp_state *state)
{
    redrive_t *self = (redrive_t *)state->input;
    (void)argument;
    switch (key) {
        case ARGP_KEY_INIT:
            state->child_inputs [0] = &self->named;
            state->child_inputs [1] = &self->letters;
            return 0;
        case OPTION_ALL: self->all = true; return 0;
        case ARGP_KEY_END: redrive_check (self, state); return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

//  "…/dead-letters" and what follows; free () it.
static char *
discard_path (const redrive_t *self, client_t *client, const char *event)
{
    OWNED (text) char *base = named_path (client, self->named.ids [0], "/dead-letters");
    OWNED (text)
    char *rest =
        event ? client_path (client, "", event) : letter_options_query (&self->letters, client);
    size_t size = strlen (base) + strlen (rest) + 1;
    char *path = (char *)allocate (size, 1);
    snprintf (path, size, "%s%s", base, rest);
    return path;
}

static status_t
discard_one (const redrive_t *self, client_t *client, const char *event, problem_t *problem)
{
    OWNED (text) char *path = discard_path (self, client, event);
    OWNED (json) json_t *answer = named_ask (client, "DELETE", path, NULL, problem);
    if (!answer)
        return problem->status;
    redrive_print (self, answer, "discarded", "were given up");
    return STATUS_OK;
}

int
command_discard (int argc, char **argv)
{
    static const struct argp_child children [] = {
        {.argp = &named_argp}, {.argp = &letter_options_argp}, {0}};
    static const struct argp argp = {
        .options = discard_options,
        .parser = discard_take_option,
        .children = children,
        .args_doc = "SUBSCRIPTION EVENT...\nSUBSCRIPTION --type=PATTERN\nSUBSCRIPTION --all",
        .doc = "Give dead letters up for good. Their events stay in the log: a replay still "
               "brings them."};
    redrive_t self = {.named = {.least = 1,
                                .most = NAMED_MOST,
                                .what = "of which subscription? `tocsin subscribe --list`"}};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.named.login, &problem);
    if (!client)
        return command_fail (&problem);
    status_t status = STATUS_OK;
    if (self.named.count == 1)
        status = discard_one (&self, client, NULL, &problem);
    for (size_t i = 1; i < self.named.count && status == STATUS_OK; i++)
        status = discard_one (&self, client, self.named.ids [i], &problem);
    return status ? command_fail (&problem) : EXIT_SUCCESS;
}
