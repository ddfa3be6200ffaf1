#include "daemon/role_main.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/context.h"
#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/signals.h"
#include "proto/model/owned.h"
#include "version.h"

enum { OPTION_CHECK = 256, OPTION_SAMPLE };

typedef struct {
    options_t options;
    bool checks;   //  --check
    bool samples;  //  --sample
} command_t;

static const struct argp_option role_options [] = {
    {.name = "check", .key = OPTION_CHECK, .doc = "only say whether the configuration is fine"},
    {.name = "sample", .key = OPTION_SAMPLE, .doc = "print a configuration with every setting"},
    {0}};

static error_t
role_take_option (int key, char *argument, struct argp_state *state)
{
    command_t *self = (command_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->options; return 0;
        case OPTION_CHECK: self->checks = true; return 0;
        case OPTION_SAMPLE: self->samples = true; return 0;
        case ARGP_KEY_ARG:
            argp_error (state, "\"%s\" is no option; settings are given by --set KEY=VALUE",
                        argument);
            return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

static void
role_parse (int argc, char **argv, const role_t *role, command_t *command)
{
    static const struct argp_child children [] = {{.argp = &options_argp}, {0}};
    static char version [80];  //  argp keeps it
    char doc [400];
    snprintf (version, sizeof version, "tocsin-%s %s", role->name, TOCSIN_VERSION);
    snprintf (doc, sizeof doc,
              "%s\vIt runs until SIGTERM or SIGINT. What it has to say is on stderr. Exit codes: 0 "
              "stopped, 1 could not run, 64 command line, 78 configuration.",
              role->text);
    const struct argp argp = {
        .options = role_options, .parser = role_take_option, .doc = doc, .children = children};
    argp_program_version = version;
    argp_parse (&argp, argc, argv, 0, NULL, command);
}

static int
role_fail (const role_t *role, const problem_t *problem, int code)
{
    fprintf (stderr, "tocsin-%s: %s\n", role->name, problem->text);
    return code;
}

int
role_exit_code (const problem_t *problem)
{
    return problem->status == STATUS_BAD_SETTING ? EXIT_CONFIGURATION : EXIT_FAILURE;
}

/*  From started to stopped. */
static int
role_serve (const role_t *role, const settings_t *settings)
{
    problem_t problem = {0};
    OWNED (context) context_t *context = context_new (&problem);
    if (!context)
        return role_fail (role, &problem, EXIT_FAILURE);
    void *self = role->start (settings, context_zmq (context), &problem);
    if (!self)
        return role_fail (role, &problem, role_exit_code (&problem));

    notify_supervisor ("READY=1");
    log_notice (role->name, "version %s serves", TOCSIN_VERSION);
    int number = signals_wait ();
    notify_supervisor ("STOPPING=1");
    log_notice (role->name, "%s: stopping", number == SIGINT ? "SIGINT" : "SIGTERM");
    signals_unblock ();
    role->stop (self);
    log_notice (role->name, "stopped");
    return EXIT_SUCCESS;
}

int
role_main (int argc, char **argv, const role_t *role)
{
    command_t command = {0};
    role_parse (argc, argv, role, &command);
    if (command.samples) {
        settings_write_sample (stdout);
        return EXIT_SUCCESS;
    }

    signals_block ();
    problem_t problem = {0};
    OWNED (settings) settings_t *settings = options_read (&command.options, &problem);
    if (!settings)
        return role_fail (role, &problem, EXIT_CONFIGURATION);
    if (command.checks) {
        printf ("tocsin-%s: the configuration is fine\n", role->name);
        return EXIT_SUCCESS;
    }
    return role_serve (role, settings);
}
