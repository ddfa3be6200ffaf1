#include "cli/letter_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_REASON = 310, OPTION_BEFORE, OPTION_AFTER };

static const struct argp_option options [] = {
    {.name = "type",
     .key = 't',
     .arg = "PATTERN",
     .doc = "only events of this type, as in orders.*"},
    {.name = "subject",
     .key = 's',
     .arg = "PATTERN",
     .doc = "only of this subject, as in /orders/**"},
    {.name = "reason",
     .key = OPTION_REASON,
     .arg = "REASON",
     .doc = "only those that died so: USED_UP, FINAL, EXPIRED, POISON, CANCELLED"},
    {.name = "before",
     .key = OPTION_BEFORE,
     .arg = "TIME",
     .doc = "only those that died before: 2026-11-24T03:00:00Z, or 2h for two hours ago"},
    {.name = "after", .key = OPTION_AFTER, .arg = "TIME", .doc = "only those that died since then"},
    {0}};

static void
read_time (struct argp_state *state, const char *text, char time [NUMBER_TIME_SIZE])
{
    steady_clock_t clock = steady_clock_start ();
    if (!number_read_time (text, clock.now_ms, time))
        argp_error (state, "\"%s\" is no time: 2026-11-24T03:00:00Z, or 2h for two hours ago",
                    text);
}

static error_t
take_option (int key, char *argument, struct argp_state *state)
{
    letter_options_t *self = (letter_options_t *)state->input;
    switch (key) {
        case 't': self->type = argument; return 0;
        case 's': self->subject = argument; return 0;
        case OPTION_REASON: self->reason = argument; return 0;
        case OPTION_BEFORE: read_time (state, argument, self->before); return 0;
        case OPTION_AFTER: read_time (state, argument, self->after); return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp letter_options_argp = {.options = options, .parser = take_option};

static const char *
given (const char *text)
{
    return *text ? text : NULL;
}

json_t *
letter_options_filter (const letter_options_t *self)
{
    return json_pack ("{s:s*, s:s*, s:s*, s:s*, s:s*}", "type", self->type, "subject",
                      self->subject, "reason", self->reason, "before", given (self->before),
                      "after", given (self->after));
}

bool
letter_options_are_given (const letter_options_t *self)
{
    return self->type || self->subject || self->reason || *self->before || *self->after;
}

char *
letter_options_query (const letter_options_t *self, client_t *client)
{
    OWNED (json) json_t *filter = letter_options_filter (self);
    OWNED (text) char *query = allocate_copy ("");
    const char *name;
    json_t *value;
    json_object_foreach (filter, name, value)
    {
        OWNED (text) char *escaped = client_path (client, "", json_string_value (value));
        size_t size = strlen (query) + strlen (name) + strlen (escaped) + 3;
        char *longer = (char *)allocate (size, 1);
        snprintf (longer, size, "%s%s%s=%s", query, *query ? "&" : "?", name, escaped + 1);
        free (query);
        query = longer;
    }
    return TAKE (query);
}
