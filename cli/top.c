/*  top – the broker, its workers and the busiest subscriptions, as they are from second to second. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/named.h"
#include "cli/number.h"
#include "cli/overview.h"
#include "cli/screen.h"
#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_ONCE = 640, OPTION_INTERVAL, MS_LEAST = 100, MS_STANDARD = 1000, MS_MOST = 3600000 };
enum { TITLE_SIZE = 300 };

typedef struct {
    login_t login;
    bool is_once;
    int64_t interval_ms;
} top_t;

static const struct argp_option top_options [] = {
    {.name = "once", .key = OPTION_ONCE, .doc = "show it once, with the rates of one interval"},
    {.name = "interval",
     .key = OPTION_INTERVAL,
     .arg = "SECONDS",
     .doc = "between two looks; default 1, at least 0.1"},
    {0}};

static error_t
top_take_option (int key, char *argument, struct argp_state *state)
{
    top_t *self = (top_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->login; return 0;
        case OPTION_ONCE: self->is_once = true; return 0;
        case OPTION_INTERVAL:
            self->interval_ms = (int64_t)(1000 * number_read_rate (state, argument));
            if (self->interval_ms < MS_LEAST || self->interval_ms > MS_MOST)
                argp_error (state, "an interval is 0.1 to 3600 seconds");
            return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

static void
top_title (const top_t *self, char title [TITLE_SIZE])
{
    const char *url;
    char token [LOGIN_TOKEN_BYTES], clock [16];
    problem_t problem;
    time_t now = time (NULL);
    struct tm parts;
    if (login_find (&self->login, &url, token, &problem) != STATUS_OK)
        url = "";
    strftime (clock, sizeof clock, "%H:%M:%SZ", gmtime_r (&now, &parts));  //  as all times here
    snprintf (title, TITLE_SIZE, "tocsin top  %s  %.200s", clock, url);
}

static void
top_pause (int64_t ms)
{
    nanosleep (&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void
top_draw (const top_t *self, overview_t *overview, FILE *out)
{
    char title [TITLE_SIZE];
    top_title (self, title);
    overview->title = title;
    overview_draw (overview, out);
    overview->title = "";
}

//  ---- once, or into a pipe: one below the other, each with the rates since the last

static int
top_print (const top_t *self, client_t *client)
{
    problem_t problem = {0};
    glance_t before = {0}, now = {0};
    overview_t overview = {.before = &before, .now = &now, .trouble = ""};
    status_t status = glance_take (&before, client, &problem);
    while (status == STATUS_OK) {
        top_pause (self->interval_ms);
        status = glance_take (&now, client, &problem);
        if (status != STATUS_OK)
            break;
        top_draw (self, &overview, stdout);
        if (self->is_once)
            break;
        puts ("");
        fflush (stdout);
        glance_clear (&before);
        before = now;
        now = (glance_t){0};
    }
    glance_clear (&before);
    glance_clear (&now);
    return status == STATUS_OK ? EXIT_SUCCESS : command_fail (&problem);
}

//  ---- on a terminal

static void
top_show (const top_t *self, overview_t *overview)
{
    OWNED (text) char *text = NULL;
    size_t size;
    FILE *out = open_memstream (&text, &size);
    screen_size (&overview->width, &overview->height);
    top_draw (self, overview, out);
    fclose (out);
    screen_show (text);
}

//  The next reading. Who does not answer is told, and what was read last stays.
static void
top_read (client_t *client, glance_t *before, glance_t *now, problem_t *problem)
{
    glance_t next = {0};
    *problem = (problem_t){0};
    if (glance_take (&next, client, problem) != STATUS_OK)
        return;
    glance_clear (before);
    *before = *now;
    *now = next;
}

static int
top_watch (const top_t *self, client_t *client)
{
    problem_t problem = {0};
    glance_t before = {0}, now = {0};
    overview_t overview = {.before = &before, .now = &now, .has_colour = true};
    bool is_over = false;
    screen_open ();
    while (!is_over) {
        int64_t next_ms = monotonic_ms () + self->interval_ms;
        top_read (client, &before, &now, &problem);
        do {
            overview.trouble = problem.text;
            top_show (self, &overview);
            is_over = screen_wait (next_ms - monotonic_ms ());
        } while (!is_over && monotonic_ms () < next_ms);
    }
    screen_close ();
    glance_clear (&before);
    glance_clear (&now);
    return EXIT_SUCCESS;
}

int
command_top (int argc, char **argv)
{
    static const struct argp_child children [] = {{.argp = &login_argp}, {0}};
    static const struct argp argp = {
        .options = top_options,
        .parser = top_take_option,
        .children = children,
        .doc =
            "Watch the broker, its workers and the subscriptions that have something to do: first "
            "those that are broken or disabled, then those with most to do. q or Ctrl-C ends it.\v"
            "Into a pipe it prints one look below the other, without colours. A token needs the "
            "scopes events:read, subscriptions:read and workers:read."};
    top_t self = {.interval_ms = MS_STANDARD};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.login, &problem);
    if (!client)
        return command_fail (&problem);
    return self.is_once || !screen_is_there () ? top_print (&self, client)
                                               : top_watch (&self, client);
}
