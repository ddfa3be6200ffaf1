/*  resume – a subscription that was paused or disabled goes on. */
#include "cli/pause.h"

int
command_resume (int argc, char **argv)
{
    static const struct argp argp = {
        .parser = named_take_option,
        .children = named_children,
        .args_doc = "SUBSCRIPTION",
        .doc = "Go on with a subscription that was paused, or disabled: by its consumer (410 "
               "Gone), because it failed for too long, or by somebody."};
    named_t self = {.least = 1, .most = 1, .what = "which subscription? `tocsin subscribe --list`"};
    command_parse (&argp, argc, argv, &self);
    return pause_or_resume (&self, "/resume", "goes on");
}
