/*  status – how the broker and its workers are, or one subscription. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/named.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

static long long
status_number (const json_t *status, const char *name)
{
    return json_integer_value (json_object_get (status, name));
}

static const char *
status_word (const json_t *status, const char *name)
{
    const char *word = json_string_value (json_object_get (status, name));
    return word ? word : "?";
}

static void
status_print_labels (const json_t *labels)
{
    const char *name;
    json_t *value;
    if (json_object_size (labels) > 0)
        printf ("              ");
    json_object_foreach ((json_t *)(uintptr_t)labels, name, value)
        printf (" %s=%s", name, json_string_value (value));
    if (json_object_size (labels) > 0)
        putchar ('\n');
}

static void
status_print_workers (const json_t *workers)
{
    size_t i;
    json_t *worker;
    if (json_array_size (workers) == 0)
        puts ("no worker      nothing is delivered until one joins");
    json_array_foreach (workers, i, worker)
    {
        printf ("worker         %s, %lld deliveries under way, room for %lld more\n",
                status_word (worker, "name"), status_number (worker, "leases"),
                status_number (worker, "credit"));
        status_print_labels (json_object_get (worker, "labels"));
        if (status_number (worker, "missed") > 0)
            printf (
                "               was away too long for broadcasts: %lld events had left the log\n",
                status_number (worker, "missed"));
    }
}

static void
status_print (const json_t *status)
{
    printf ("broker         %s, version %s\n", status_word (status, "broker"),
            status_word (status, "version"));
    printf ("store          %s\n", status_word (status, "store"));
    printf ("events         %lld\n", status_number (status, "events"));
    printf ("subscriptions  %lld\n", status_number (status, "subscriptions"));
    printf ("deliveries     %lld waiting, %lld to be tried again, %lld dead\n",
            status_number (status, "waiting"), status_number (status, "retries"),
            status_number (status, "dead"));
    printf ("behind         %lld events still to be read for the furthest subscription\n",
            status_number (status, "behind"));
    status_print_workers (json_object_get (status, "workers"));
}

//  ---- one subscription

static void
status_print_times (const json_t *state)
{
    static const struct {
        const char *name, *words;
    } times [] = {{"since", "so since"},
                  {"failing_since", "failing since"},
                  {"next_probe", "next probe"},
                  {"until", "until"},
                  {"expires", "expires"}};
    for (size_t i = 0; i < sizeof times / sizeof times [0]; i++)
        if (*named_text (state, times [i].name))
            printf ("%-14s %s\n", times [i].words, named_text (state, times [i].name));
}

static void
status_print_state (const json_t *state)
{
    const json_t *job = json_object_get (state, "job");
    printf ("%s is %s: %s\n", status_word (state, "id"), status_word (state, "status"),
            status_word (state, "text"));
    status_print_times (state);
    printf ("under way      %lld, of %lld at most\n", status_number (state, "in_flight"),
            status_number (state, "in_flight_cap"));
    printf ("deliveries     %lld waiting, %lld to be tried again, %lld held, %lld dead\n",
            status_number (state, "waiting"), status_number (state, "retries"),
            status_number (state, "held"), status_number (state, "dead"));
    printf ("behind         %lld events still to be read\n", status_number (state, "behind"));
    printf ("workers        %lld offer its action\n", status_number (state, "workers"));
    if (job)
        printf ("under way too  dead letters: %lld looked at, %lld %s, since %s\n",
                status_number (job, "looked_at"),
                status_number (job, "redriven") + status_number (job, "discarded"),
                json_object_get (job, "redriven") ? "redriven" : "discarded",
                status_word (job, "started"));
}

int
command_status (int argc, char **argv)
{
    static const struct argp argp = {
        .parser = named_take_option,
        .children = named_children,
        .args_doc = "[SUBSCRIPTION]",
        .doc = "Say how the broker and its workers are, or how one subscription does."};
    named_t self = {.most = 1};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.login, &problem);
    if (!client)
        return command_fail (&problem);
    OWNED (text)
    char *path =
        self.count > 0 ? named_path (client, self.ids [0], "/state") : allocate_copy ("/v1/status");
    OWNED (json) json_t *status = named_ask (client, "GET", path, NULL, &problem);
    if (!status)
        return command_fail (&problem);
    if (self.is_json)
        named_print_json (status);
    else if (self.count > 0)
        status_print_state (status);
    else
        status_print (status);
    return EXIT_SUCCESS;
}
