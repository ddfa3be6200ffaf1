/*  workers – who performs actions, and how much of it. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/roster.h"
#include "daemon/clock.h"
#include "proto/model/owned.h"

int
command_workers (int argc, char **argv)
{
    static const struct argp argp = {
        .parser = named_take_option,
        .children = named_children,
        .args_doc = "[WORKER]",
        .doc =
            "Say who performs actions, or those of one name: what each has, would take and offers."};
    named_t self = {.most = 1};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.login, &problem);
    if (!client)
        return command_fail (&problem);
    OWNED (json) json_t *workers = roster_fetch (client, self.ids [0], &problem);
    if (!workers)
        return command_fail (&problem);
    steady_clock_t clock = steady_clock_start ();
    if (self.is_json)
        named_print_json (workers);
    else if (json_array_size (workers) > 0)
        roster_print (workers, clock.now_ms);
    else if (self.count > 0)
        printf ("there is no worker %s; `tocsin workers` lists them\n", self.ids [0]);
    else
        puts ("no worker is here: nothing is delivered until one joins");
    return EXIT_SUCCESS;
}
