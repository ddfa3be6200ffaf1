/*  tail – events as they come, from the gateway's live stream, without end.
 *
 *  Who loses the gateway comes back with the id of the last event that was whole: none is missed, and
 *  none is shown twice.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/login.h"
#include "cli/named.h"
#include "cli/number.h"
#include "cli/sse.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_JSON = 700, OPTION_FROM, OPTION_SUBJECT, OPTION_COUNT };
enum {
    PREFIXES_MOST = 64,
    PATH_SIZE = 2048,
    AGAIN_MS = 100,
    AGAIN_MOST_MS = 5000,
    DATA_SHOWN = 200
};

typedef struct {
    login_t login;
    const char *prefixes [PREFIXES_MOST];  //  argv's
    size_t prefix_count;
    const char *from, *subject;  //  argv's; NULL when not given
    bool is_json;
    long count;    //  of events to show; 0: without end
    long shown;    //  so far
    bool is_open;  //  something has come over this connection
    sse_t *sse;
} tail_t;

static const struct argp_option tail_options [] = {
    {.name = "from",
     .key = OPTION_FROM,
     .arg = "FROM",
     .doc = "a seq; `earliest`: all that the log has; `now`, if left out: what comes next"},
    {.name = "subject", .key = OPTION_SUBJECT, .arg = "PATTERN", .doc = "only those about this"},
    {.name = "count", .key = OPTION_COUNT, .arg = "N", .doc = "end after so many"},
    {.name = "json", .key = OPTION_JSON, .doc = "each as the API tells it, in a line"},
    {0}};

static error_t
tail_take_option (int key, char *argument, struct argp_state *state)
{
    tail_t *self = (tail_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->login; return 0;
        case OPTION_FROM: self->from = argument; return 0;
        case OPTION_SUBJECT: self->subject = argument; return 0;
        case OPTION_COUNT: self->count = number_read (state, argument, 1, 1000000000); return 0;
        case OPTION_JSON: self->is_json = true; return 0;
        case ARGP_KEY_ARG:
            if (self->prefix_count == PREFIXES_MOST)
                argp_error (state, "at most %d beginnings of types", PREFIXES_MOST);
            self->prefixes [self->prefix_count++] = argument;
            return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

//  The place before the first event that is wanted; "": now.
static bool
tail_begin (tail_t *self)
{
    char place [SSE_ID_SIZE] = "";
    const char *from = self->from ? self->from : "now";
    char *end = NULL;
    long long seq = strtoll (from, &end, 10);
    if (strcmp (from, "earliest") == 0)
        snprintf (place, sizeof place, "0:0");
    else if (strcmp (from, "now") != 0) {
        if (*end || end == from || seq < 1)
            return false;
        snprintf (place, sizeof place, "0:%lld", seq - 1);
    }
    sse_set_place (self->sse, place);
    return true;
}

//  ---- what is shown

//  What a terminal would obey is a question mark. (JSON itself has no control characters below.)
static void
print_data (const char *data)
{
    size_t size = strlen (data);
    for (size_t i = 0; i < size && i < DATA_SHOWN; i++) {
        bool is_control = data [i] == 0x7f || (data [i] == '\xc2' && (data [i + 1] & 0xe0) == 0x80);
        putchar (is_control ? '?' : data [i]);
        i += data [i] == '\xc2' && is_control;
    }
    if (size > DATA_SHOWN)
        printf ("…");
}

static void
tail_print (const json_t *event)
{
    OWNED (text)
    char *data = json_dumps (json_object_get (event, "data"), JSON_ENCODE_ANY | JSON_COMPACT);
    printf ("%s  %s  %s  %s  ", named_text (event, "time"), named_text (event, "type"),
            named_text (event, "subject"), named_text (event, "id"));
    print_data (data ? data : named_text (event, "data_base64"));
    puts ("");
}

static bool
tail_wants (const tail_t *self, const json_t *event)
{
    const char *type = named_text (event, "type");
    for (size_t i = 0; i < self->prefix_count; i++)
        if (strncmp (type, self->prefixes [i], strlen (self->prefixes [i])) == 0)
            return true;
    return self->prefix_count == 0;
}

static void
tail_tell_gap (const json_t *gap)
{
    fprintf (stderr, "tocsin: the log has no longer what lay in partition %lld from %lld to %lld\n",
             (long long)named_number (gap, "partition"), (long long)named_number (gap, "from"),
             (long long)named_number (gap, "to"));
}

static bool
tail_take (void *context, const sse_event_t *event)
{
    tail_t *self = context;
    OWNED (json) json_t *told = json_loads (event->data, 0, NULL);
    if (strcmp (event->name, "tocsin.gap") == 0)
        tail_tell_gap (told);
    if (*event->name || !told || !tail_wants (self, told))
        return true;
    if (self->is_json)
        puts (event->data);
    else
        tail_print (told);
    fflush (stdout);
    return ++self->shown != self->count;
}

static bool
tail_hear (void *context, const char *bytes, size_t size)
{
    tail_t *self = context;
    self->is_open = true;
    return sse_hear (self->sse, bytes, size);
}

//  ---- over as many connections as it takes

//  One beginning alone the gateway can look for, by its whole words; the rest is looked for here.
static void
tail_path (const tail_t *self, client_t *client, char path [PATH_SIZE])
{
    char type [PATH_SIZE / 8] = "";
    const char *dot = self->prefix_count == 1 ? strrchr (self->prefixes [0], '.') : NULL;
    if (dot && (size_t)(dot - self->prefixes [0]) < sizeof type - 4)
        snprintf (type, sizeof type, "%.*s.**", (int)(dot - self->prefixes [0]),
                  self->prefixes [0]);
    size_t size = (size_t)snprintf (path, PATH_SIZE, "/v1/stream");
    const char *values [] = {type, self->subject ? self->subject : "", sse_place (self->sse)};
    static const char *const names [] = {"type", "subject", "last_event_id"};
    char mark = '?';
    for (size_t i = 0; i < sizeof names / sizeof names [0]; i++) {
        if (!*values [i])
            continue;
        OWNED (text) char *value = client_path (client, names [i], values [i]);  //  "type/a.b"
        value [strlen (names [i])] = '=';
        if (size < PATH_SIZE)
            size += (size_t)snprintf (path + size, PATH_SIZE - size, "%c%s", mark, value);
        mark = '&';
    }
}

//  Whether it may be otherwise in a moment.
static bool
may_pass (status_t status)
{
    return status == STATUS_SYSTEM || status_repeat (status) != REPEAT_NEVER;
}

static void
tail_pause (int64_t *wait_ms)
{
    int64_t ms = *wait_ms / 2 + (int64_t)arc4random_uniform ((uint32_t)*wait_ms);
    nanosleep (&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
    *wait_ms = *wait_ms * 2 < AGAIN_MOST_MS ? *wait_ms * 2 : AGAIN_MOST_MS;
}

static int
tail_follow (tail_t *self, client_t *client)
{
    int64_t wait_ms = AGAIN_MS;
    bool was_open = false, is_told = false;
    for (;;) {
        char path [PATH_SIZE];
        problem_t problem = {0};
        self->is_open = false;
        tail_path (self, client, path);
        status_t status = client_follow (client, path, tail_hear, self, &problem);
        if (self->count > 0 && self->shown == self->count)
            return EXIT_SUCCESS;
        was_open = was_open || self->is_open;
        if (status != STATUS_OK && (!was_open || !may_pass (status)))
            return command_fail (&problem);
        if (self->is_open) {
            wait_ms = AGAIN_MS;
            is_told = false;
        }
        if (!is_told && status != STATUS_OK) {
            fprintf (stderr, "tocsin: %s; it is tried again\n", problem.text);
            is_told = true;
        }
        sse_cut (self->sse);
        tail_pause (&wait_ms);
    }
}

int
command_tail (int argc, char **argv)
{
    static const struct argp_child children [] = {{.argp = &login_argp}, {0}};
    static const struct argp argp = {
        .options = tail_options,
        .parser = tail_take_option,
        .args_doc = "[TYPE…]",
        .children = children,
        .doc =
            "Show events as they come, until Ctrl-C: those whose type begins with one of TYPE, or "
            "all.\vWhen gateway or broker are gone it waits for them, and goes on where it was: "
            "nothing is missed. A token needs the scope events:read. For example:\n  tocsin tail "
            "kinto.record. --json | jq .subject"};
    tail_t self = {0};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.login, &problem);
    if (!client)
        return command_fail (&problem);
    OWNED (sse) sse_t *sse = sse_new (tail_take, &self);
    self.sse = sse;
    if (!tail_begin (&self)) {
        problem_set (&problem, STATUS_BAD_PARAMETER,
                     "--from=%.80s: give a seq from 1, `earliest` or `now`", self.from);
        return command_fail (&problem);
    }
    return tail_follow (&self, client);
}
