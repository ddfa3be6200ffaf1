#include "cli/pattern_options.h"

enum { OPTION_DATA = 300 };

static const struct argp_option options [] = {
    {.name = "type", .key = 't', .arg = "PATTERN", .doc = "only this type, as in kinto.record.*"},
    {.name = "subject", .key = 's', .arg = "PATTERN", .doc = "only this, as in /buckets/blog/**"},
    {.name = "data",
     .key = OPTION_DATA,
     .arg = "JSON",
     .doc = "only where the data is so, as in {\"new\": {\"status\": [\"signed\"]}}"},
    {0}};

static error_t
take_option (int key, char *argument, struct argp_state *state)
{
    pattern_options_t *self = (pattern_options_t *)state->input;
    switch (key) {
        case 't': self->type = argument; return 0;
        case 's': self->subject = argument; return 0;
        case OPTION_DATA: self->data = argument; return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp pattern_options_argp = {.options = options, .parser = take_option};

json_t *
pattern_options_match (const pattern_options_t *self, problem_t *problem)
{
    json_error_t error;
    json_t *data = NULL;
    if (self->data && !(data = json_loads (self->data, JSON_REJECT_DUPLICATES, &error))) {
        problem_set (problem, STATUS_BAD_JSON, "--data is no JSON object: column %d: %s",
                     error.column, error.text);
        return NULL;
    }
    return json_pack ("{s:s*, s:s*, s:o*}", "type", self->type, "subject", self->subject, "data",
                      data);
}
