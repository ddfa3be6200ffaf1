/*  publish – sends an event, or a notification of Kinto; prints the ids under which it is kept. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/login.h"
#include "cli/outcome.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_KINTO = 256, OPTION_WAIT, OPTION_ID, INPUT_BYTES = 64 << 20 };

typedef struct {
    login_t login;
    const char *type, *subject, *key, *source, *id;  //  NULL when not given
    const char *data;                                //  the argument
    const char *file;                                //  "-" for stdin
    bool is_kinto;                                   //  the file is a whole notification
    int wait_seconds;                                //  0: not for the deliveries
} publish_t;

static const struct argp_option publish_options [] = {
    {.name = "type", .key = 't', .arg = "TYPE", .doc = "what happened, as in order.paid"},
    {.name = "subject", .key = 's', .arg = "PATH", .doc = "what it is about, as in /orders/42"},
    {.name = "key", .key = 'k', .arg = "KEY", .doc = "what keeps its order; default the subject"},
    {.name = "source", .key = 'S', .arg = "URI", .doc = "who says so"},
    {.name = "id", .key = OPTION_ID, .arg = "ID", .doc = "the same id again is no second event"},
    {.name = "file", .key = 'f', .arg = "FILE", .doc = "read the data from FILE; - is stdin"},
    {.name = "kinto",
     .key = OPTION_KINTO,
     .arg = "FILE",
     .doc = "send FILE, a notification as Kinto makes it; - is stdin"},
    {.name = "wait",
     .key = OPTION_WAIT,
     .arg = "SECONDS",
     .flags = OPTION_ARG_OPTIONAL,
     .doc = "also wait until its deliveries have ended (30 seconds at most), and show them"},
    {0}};

static int
publish_read_seconds (const char *argument, struct argp_state *state)
{
    enum { STANDARD = 30, MOST = 86400 };
    if (!argument)
        return STANDARD;
    char *end;
    long seconds = strtol (argument, &end, 10);
    if (*end || seconds < 1 || seconds > MOST)
        argp_error (state, "--wait is a number of seconds from 1 to %d, not \"%s\"", MOST,
                    argument);
    return (int)seconds;
}

static void
publish_check (const publish_t *self, struct argp_state *state)
{
    if (self->data && self->file)
        argp_error (state, "data both as an argument and from %s; give one",
                    self->is_kinto ? "--kinto" : "--file");
    if (self->is_kinto && (self->type || self->subject || self->key || self->source || self->id))
        argp_error (state, "a notification of Kinto says its type, subject and id itself");
    if (!self->is_kinto && !self->type)
        argp_error (state, "what happened? Give --type, as in --type order.paid");
}

static error_t
publish_take_option (int key, char *argument, struct argp_state *state)
{
    publish_t *self = (publish_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->login; return 0;
        case 't': self->type = argument; return 0;
        case 's': self->subject = argument; return 0;
        case 'k': self->key = argument; return 0;
        case 'S': self->source = argument; return 0;
        case OPTION_ID: self->id = argument; return 0;
        case 'f': self->file = argument; return 0;
        case OPTION_KINTO:
            self->file = argument;
            self->is_kinto = true;
            return 0;
        case OPTION_WAIT: self->wait_seconds = publish_read_seconds (argument, state); return 0;
        case ARGP_KEY_ARG:
            if (self->data)
                argp_error (state, "more than one argument; put the data in quotes");
            self->data = argument;
            return 0;
        case ARGP_KEY_END: publish_check (self, state); return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

/*  All of a file, with a zero after it. */
static char *
publish_read (const char *path, size_t *size, problem_t *problem)
{
    bool is_stdin = strcmp (path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen (path, "r");
    if (!file) {
        problem_set (problem, STATUS_SYSTEM, "%s: %s", path, strerror (errno));
        return NULL;
    }
    OWNED (text) char *text = NULL;
    size_t space = 65536, got = 0;
    do {
        space *= 2;
        text = (char *)allocate_again (text, space, 1);
        got += fread (text + got, 1, space - 1 - got, file);
    } while (got == space - 1 && space < INPUT_BYTES);
    text [got] = 0;
    bool has_failed = ferror (file) != 0;
    if (!is_stdin)
        fclose (file);
    if (has_failed || got == space - 1) {
        problem_set (problem, STATUS_SYSTEM, "%s: %s", path,
                     has_failed ? strerror (errno) : "too large for a request");
        return NULL;
    }
    *size = got;
    return TAKE (text);
}

/*  The data as JSON: the argument, the file, what is piped in, or nothing. */
static json_t *
publish_read_data (const publish_t *self, problem_t *problem)
{
    const char *file = self->file;
    if (!file && !self->data && !isatty (STDIN_FILENO))
        file = "-";
    size_t size = 0;
    OWNED (text)
    char *text =
        file ? publish_read (file, &size, problem) : allocate_copy (self->data ? self->data : "");
    if (!text)
        return NULL;
    if (text [strspn (text, " \t\r\n")] == 0)
        return json_null ();

    json_error_t error;
    json_t *data = json_loads (text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!data)
        problem_set (problem, STATUS_BAD_JSON,
                     "the data is not JSON: line %d, column %d: %s; a text needs double quotes",
                     error.line, error.column, error.text);
    return data;
}

static json_t *
publish_event (const publish_t *self, problem_t *problem)
{
    json_t *data = publish_read_data (self, problem);
    if (!data)
        return NULL;
    return json_pack ("{s:{s:s, s:s*, s:s*, s:s*, s:s*, s:o}}", "data", "type", self->type,
                      "subject", self->subject, "key", self->key, "source", self->source, "id",
                      self->id, "data", data);
}

static json_t *
publish_send (const publish_t *self, client_t *client, problem_t *problem)
{
    json_t *answer = NULL;
    if (self->is_kinto) {
        size_t size = 0;
        OWNED (text) char *text = publish_read (self->file, &size, problem);
        if (text)
            client_send (client, "POST", "/v1/events", text, size, &answer, problem);
        return answer;
    }
    OWNED (json) json_t *event = publish_event (self, problem);
    if (event)
        client_call (client, "POST", "/v1/events", event, &answer, problem);
    return answer;
}

/*  A line for each event; with --wait also what became of it. */
static status_t
publish_report (const publish_t *self, client_t *client, const json_t *events, problem_t *problem)
{
    size_t i;
    json_t *event;
    json_array_foreach (events, i, event)
    {
        const char *id = json_string_value (json_object_get (event, "id"));
        const char *status = json_string_value (json_object_get (event, "status"));
        if (!id || !status)
            return problem_set (problem, STATUS_INTERNAL, "the answer names no id: see the log");
        printf ("%s%s\n", id, strcmp (status, "duplicate") == 0 ? " (was there before)" : "");
        fflush (stdout);
        if (self->wait_seconds && outcome_wait (client, id, self->wait_seconds, problem))
            return problem->status;
    }
    return STATUS_OK;
}

int
command_publish (int argc, char **argv)
{
    static const struct argp_child children [] = {{.argp = &login_argp}, {0}};
    static const struct argp argp = {
        .options = publish_options,
        .parser = publish_take_option,
        .children = children,
        .args_doc = "[DATA]",
        .doc = "Send an event; print the id it is kept under, once it is on disk.\v"
               "DATA is JSON; without it, what is piped in. For example:\n"
               "  tocsin publish --type order.paid --subject /orders/42 '{\"total\": 30}'"};
    publish_t self = {0};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.login, &problem);
    if (!client)
        return command_fail (&problem);
    OWNED (json) json_t *answer = publish_send (&self, client, &problem);
    if (problem.status ||
        publish_report (&self, client, json_object_get (answer, "data"), &problem))
        return command_fail (&problem);
    return EXIT_SUCCESS;
}
