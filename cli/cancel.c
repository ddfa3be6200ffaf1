/*  cancel – deliveries that have not ended are given up, and kept as dead letters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/named.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

//  "…/deliveries/EVENT/cancel"; free () it.
static char *
cancel_path (client_t *client, const char *subscription, const char *event)
{
    OWNED (text) char *base = named_path (client, subscription, "/deliveries");
    OWNED (text) char *rest = client_path (client, "", event);
    size_t size = strlen (base) + strlen (rest) + sizeof "/cancel";
    char *path = (char *)allocate (size, 1);
    snprintf (path, size, "%s%s/cancel", base, rest);
    return path;
}

static status_t
cancel_one (const named_t *self, client_t *client, const char *event, problem_t *problem)
{
    OWNED (text) char *path = cancel_path (client, self->ids [0], event);
    OWNED (json) json_t *answer = named_ask (client, "POST", path, NULL, problem);
    if (!answer)
        return problem->status;
    if (self->is_json)
        named_print_json (answer);
    else
        printf ("%s is cancelled for %s: it was %s, and is a dead letter now\n", event,
                self->ids [0], named_text (answer, "was"));
    return STATUS_OK;
}

int
command_cancel (int argc, char **argv)
{
    static const struct argp argp = {
        .parser = named_take_option,
        .children = named_children,
        .args_doc = "SUBSCRIPTION EVENT...",
        .doc = "Cancel deliveries that have not ended: what waits is tried no more, and a worker "
               "that is at work on one is told to stop. Each is a dead letter then, and may be "
               "redriven."};
    named_t self = {.least = 2,
                    .most = NAMED_MOST,
                    .what = "of which subscription, and which event? `tocsin show EVENT` says what "
                            "is under way"};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.login, &problem);
    if (!client)
        return command_fail (&problem);
    status_t status = STATUS_OK;
    for (size_t i = 1; i < self.count && status == STATUS_OK; i++)
        status = cancel_one (&self, client, self.ids [i], &problem);
    return status ? command_fail (&problem) : EXIT_SUCCESS;
}
