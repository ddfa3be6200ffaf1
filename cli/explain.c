/*  explain – why an event was, or was not, delivered to a subscription. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/named.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

//  "/v1/events/EVENT/explain?subscription=S"; free () it.
static char *
explain_path (client_t *client, const char *event, const char *subscription)
{
    OWNED (text) char *of_event = client_path (client, "/v1/events", event);
    OWNED (text) char *name = client_path (client, "", subscription);  //  "/" and the name
    size_t size = strlen (of_event) + strlen (name) + sizeof "/explain?subscription=";
    char *path = (char *)allocate (size, 1);
    snprintf (path, size, "%s/explain?subscription=%s", of_event, name + 1);
    return path;
}

static void
explain_print (const json_t *why)
{
    const char *name;
    json_t *value;
    printf ("%s for %s: %s (%s)\n", named_text (why, "event"), named_text (why, "subscription"),
            named_text (why, "status"), named_text (why, "reason"));
    printf ("    %s\n", named_text (why, "text"));
    json_object_foreach (json_object_get (why, "facts"), name, value)
    {
        char *text = json_dumps (value, JSON_ENCODE_ANY);
        printf ("    %-14s %s\n", name, text ? text : "");
        free (text);
    }
}

int
command_explain (int argc, char **argv)
{
    static const struct argp argp = {
        .parser = named_take_option,
        .children = named_children,
        .args_doc = "EVENT SUBSCRIPTION",
        .doc = "Say why an event was, or was not, delivered to a subscription: which part of the "
               "match said no, since when it waits and for what, how often it was tried."};
    named_t self = {.least = 2, .most = 2, .what = "which event, and for which subscription?"};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.login, &problem);
    if (!client)
        return command_fail (&problem);
    OWNED (text) char *path = explain_path (client, self.ids [0], self.ids [1]);
    OWNED (json) json_t *why = named_ask (client, "GET", path, NULL, &problem);
    if (!why)
        return command_fail (&problem);
    if (self.is_json)
        named_print_json (why);
    else
        explain_print (why);
    return EXIT_SUCCESS;
}
