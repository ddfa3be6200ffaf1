#include "daemon/options.h"

#include <unistd.h>

#include "daemon/log.h"
#include "proto/model/owned.h"

static const struct argp_option options [] = {
    {.name = "config", .key = 'c', .arg = "FILE", .doc = "read the configuration in FILE"},
    {.name = "set",
     .key = 's',
     .arg = "KEY=VALUE",
     .doc = "one setting, as in gateway/listen=0.0.0.0:80; stronger than FILE and environment"},
    {0}};

static error_t
options_take (int key, char *argument, struct argp_state *state)
{
    options_t *self = (options_t *)state->input;
    switch (key) {
        case 'c': self->config = argument; return 0;
        case 's':
            if (self->set_count == OPTIONS_SETS)
                argp_error (state, "more than %d times --set; write a configuration file",
                            OPTIONS_SETS);
            self->sets [self->set_count++] = argument;
            return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp options_argp = {.options = options, .parser = options_take};

static status_t
options_apply_log (const settings_t *settings, problem_t *problem)
{
    log_level_t level;
    if (!log_level_from_name (settings_text (settings, "log/level"), &level))
        return problem_at (problem, STATUS_BAD_SETTING, "log/level",
                           "log/level is \"%s\"; write error, warning, notice, info or debug",
                           settings_text (settings, "log/level"));
    log_format_t format;
    if (!log_format_from_name (settings_text (settings, "log/format"), &format))
        return problem_at (problem, STATUS_BAD_SETTING, "log/format",
                           "log/format is \"%s\"; write text or json",
                           settings_text (settings, "log/format"));
    log_set_level (level);
    log_set_format (format);
    return STATUS_OK;
}

status_t
options_apply (const options_t *self, settings_t *settings, problem_t *problem)
{
    status_t status = STATUS_OK;
    if (self->config)
        status = settings_read_file (settings, self->config, problem);
    if (!status)
        status = settings_read_environment (settings, environ, problem);
    for (size_t i = 0; i < self->set_count && !status; i++)
        status = settings_set (settings, self->sets [i], problem);
    return status ? status : options_apply_log (settings, problem);
}

settings_t *
options_read (const options_t *self, problem_t *problem)
{
    OWNED (settings) settings_t *settings = settings_new ();
    if (options_apply (self, settings, problem))
        return NULL;
    return TAKE (settings);
}
