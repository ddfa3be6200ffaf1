/*  pause – a subscription waits; and what `resume` shares with it. */
#include "cli/pause.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/named.h"
#include "proto/model/owned.h"

int
pause_or_resume (named_t *self, const char *suffix, const char *said)
{
    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self->login, &problem);
    if (!client)
        return command_fail (&problem);
    char *path = named_path (client, self->ids [0], suffix);
    OWNED (json) json_t *subscription = named_ask (client, "POST", path, NULL, &problem);
    free (path);
    if (!subscription)
        return command_fail (&problem);
    if (self->is_json)
        named_print_json (subscription);
    else
        printf ("%s %s\n", self->ids [0], said);
    return EXIT_SUCCESS;
}

int
command_pause (int argc, char **argv)
{
    static const struct argp argp = {
        .parser = named_take_option,
        .children = named_children,
        .args_doc = "SUBSCRIPTION",
        .doc = "Deliver nothing more for a subscription. Nothing is lost: it stays where it is in "
               "the log, and goes on when it is resumed."};
    named_t self = {.least = 1, .most = 1, .what = "which subscription? `tocsin subscribe --list`"};
    command_parse (&argp, argc, argv, &self);
    return pause_or_resume (&self, "/pause", "is paused");
}
