#include "cli/overview.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/roster.h"
#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

#define RED    "\x1b[31m"
#define YELLOW "\x1b[33m"
#define BOLD   "\x1b[1m"
#define PLAIN  "\x1b[0m"

enum {
    BUSIEST = 100,     //  subscriptions asked for
    HEAD_LINES = 4,    //  above the two tables
    TABLE_LINES = 3,   //  of a table beside its rows: title, heads, a blank
    ROWS_LEAST = 1,    //  of each, however low the screen
    BAR_WIDTH = 20,    //
    SILENT_MS = 2000,  //  worth a look: a heartbeat failed to come
    RATE_SIZE = 24,
    BECAUSE_SIZE = 100,
};

status_t
glance_take (glance_t *self, client_t *client, problem_t *problem)
{
    char path [40];
    glance_clear (self);
    snprintf (path, sizeof path, "/v1/status?busiest=%d", BUSIEST);
    self->status = named_ask (client, "GET", path, NULL, problem);
    self->at_ms = monotonic_ms ();
    self->workers = self->status ? roster_fetch (client, NULL, problem) : NULL;
    if (self->workers)
        return STATUS_OK;
    glance_clear (self);
    return problem->status;
}

void
glance_clear (glance_t *self)
{
    json_decref (self->status);
    json_decref (self->workers);
    *self = (glance_t){0};
}

//  ---- lines

static void
put_line (const overview_t *self, FILE *out, const char *colour, const char *line)
{
    OWNED (table) table_t *table = table_new ("l");  //  cuts it, and makes it printable
    table_add (table, line);
    OWNED (text) char *cut = table_line (table, 0, self->width);
    bool has_colour = self->has_colour && *colour;
    fprintf (out, "%s%s%s\n", has_colour ? colour : "", cut, has_colour ? PLAIN : "");
}

#define PUT(self, out, colour, ...)                  \
    do {                                             \
        char line_ [400];                            \
        snprintf (line_, sizeof line_, __VA_ARGS__); \
        put_line (self, out, colour, line_);         \
    } while (0)

//  ---- the broker

static int64_t
count_of (const glance_t *glance, const char *name)
{
    const json_t *settled = json_object_get (glance->status, "settled");
    return strcmp (name, "events") == 0 ? named_number (glance->status, name)
                                        : named_number (settled, name);
}

//  So many a second. A broker that was restarted counts from nothing: then nobody knows.
static const char *
rate_text (const overview_t *self, const char *name, char text [RATE_SIZE])
{
    int64_t more = count_of (self->now, name) - count_of (self->before, name);
    double seconds = (double)(self->now->at_ms - self->before->at_ms) / 1000;
    if (!self->before->status || more < 0 || seconds <= 0)
        return "–";
    double rate = (double)more / seconds;
    snprintf (text, RATE_SIZE, rate > 0 && rate < 9.95 ? "%.1f" : "%.0f", rate);
    return text;
}

static void
draw_broker (const overview_t *self, FILE *out)
{
    const json_t *status = self->now->status;
    char in [RATE_SIZE], ok [RATE_SIZE], retry [RATE_SIZE], fail [RATE_SIZE];
    PUT (self, out, "", "broker %s %s · %" PRId64 " events · %" PRId64 " subscriptions",
         named_text (status, "broker"), named_text (status, "version"),
         named_number (status, "events"), named_number (status, "subscriptions"));
    PUT (self, out, "", "a second: %s in · %s delivered · %s to be retried · %s failed",
         rate_text (self, "events", in), rate_text (self, "ok", ok),
         rate_text (self, "retry", retry), rate_text (self, "fail", fail));
    bool is_bad = named_number (status, "dead") > 0 || named_number (status, "broken") > 0;
    PUT (self, out, is_bad ? YELLOW : "",
         "dead letters %" PRId64 " · breakers open %" PRId64 " · under way %" PRId64
         " · waiting %" PRId64 " · retries %" PRId64 " · behind %" PRId64,
         named_number (status, "dead"), named_number (status, "broken"),
         named_number (status, "leases"), named_number (status, "waiting"),
         named_number (status, "retries"), named_number (status, "behind"));
}

//  ---- tables

//  The first rows of a table, with its heads; how many there are besides is told.
static void
draw_table (const overview_t *self, FILE *out, const table_t *table, size_t rows,
            const char *const *colours)
{
    for (size_t row = 0; row < table_rows (table) && row <= rows; row++) {
        OWNED (text) char *line = table_line (table, row, self->width);
        const char *colour = row > 0 ? colours [row - 1] : BOLD;
        bool has_colour = self->has_colour && *colour;
        fprintf (out, "%s%s%s\n", has_colour ? colour : "", line, has_colour ? PLAIN : "");
    }
}

static const char *
bar_text (int64_t part, int64_t whole, char text [BAR_WIDTH + 3])
{
    int64_t filled = whole > 0 ? (part * BAR_WIDTH + whole - 1) / whole : 0;
    if (filled > BAR_WIDTH)
        filled = BAR_WIDTH;
    text [0] = '[';
    memset (text + 1, '.', BAR_WIDTH);
    memset (text + 1, '#', (size_t)filled);
    strcpy (text + 1 + BAR_WIDTH, "]");
    return text;
}

static const char *
add_worker (table_t *table, const json_t *worker)
{
    char bar [BAR_WIDTH + 3], heard [ROSTER_AGE_SIZE];
    int64_t age_ms = named_number (worker, "heartbeat_age_ms");
    int64_t leases = named_number (worker, "leases"), capacity = named_number (worker, "capacity");
    const char *state = roster_state (worker);
    table_add (table, named_text (worker, "name"));
    table_add (table, state);
    table_add (table, bar_text (leases, capacity, bar));
    table_add_number (table, leases);
    table_add_number (table, capacity);
    table_add_number (table, named_number (worker, "credit"));
    table_add (table, roster_age (age_ms, heard));
    table_add (table, named_text (worker, "version"));
    return age_ms > SILENT_MS ? RED : strcmp (state, "active") != 0 ? YELLOW : "";
}

static void
draw_workers (const overview_t *self, FILE *out, size_t rows)
{
    static const char *const heads [] = {"WORKER",   "STATE",  "LOAD",  "LEASES",
                                         "CAPACITY", "CREDIT", "HEARD", "VERSION"};
    size_t count = json_array_size (self->now->workers), i;
    const char **colours = (const char **)allocate (count + 1, sizeof *colours);
    OWNED (table) table_t *table = table_new ("lllrrrrl");
    json_t *worker;
    for (i = 0; i < sizeof heads / sizeof *heads; i++)
        table_add (table, heads [i]);
    json_array_foreach (self->now->workers, i, worker) colours [i] = add_worker (table, worker);
    put_line (self, out, "", "");
    PUT (self, out, count > 0 ? "" : RED, "%zu worker%s%s%s", count, count == 1 ? "" : "s",
         count > rows ? "; not all fit here, `tocsin workers` lists them" : "",
         count > 0 ? "" : ": nothing is delivered until one joins");
    if (count > 0)
        draw_table (self, out, table, rows, colours);
    free (colours);
}

//  What hinders it, and until when: "BREAKER_OPEN 03:05:00Z"; "" when nothing hinders it.
static const char *
because_text (const json_t *state, char text [BECAUSE_SIZE])
{
    const char *reason = named_text (state, "reason");
    const char *until = named_text (state, "until");
    const char *clock = strchr (until, 'T');
    snprintf (text, BECAUSE_SIZE, "%.60s%s%.*s%s", strcmp (reason, "NONE") == 0 ? "" : reason,
              clock ? " " : "", clock ? 8 : 0, clock ? clock + 1 : "", clock ? "Z" : "");
    return text;
}

static const char *
add_subscription (table_t *table, const json_t *state)
{
    const char *status = named_text (state, "status");
    char because [BECAUSE_SIZE], under_way [48];
    snprintf (under_way, sizeof under_way, "%" PRId64 "/%" PRId64,
              named_number (state, "in_flight"), named_number (state, "in_flight_cap"));
    table_add (table, named_text (state, "id"));
    table_add (table, status);
    table_add_number (table, named_number (state, "behind"));
    table_add_number (table, named_number (state, "waiting"));
    table_add (table, under_way);
    table_add_number (table, named_number (state, "retries"));
    table_add_number (table, named_number (state, "held"));
    table_add_number (table, named_number (state, "dead"));
    table_add (table, because_text (state, because));
    bool is_down = strcmp (status, "broken") == 0 || strcmp (status, "disabled") == 0;
    bool is_odd = strcmp (status, "paused") == 0 || named_number (state, "dead") > 0;
    return is_down ? RED : is_odd ? YELLOW : "";
}

static void
draw_subscriptions (const overview_t *self, FILE *out, size_t rows)
{
    static const char *const heads [] = {"SUBSCRIPTION", "STATUS", "BEHIND", "WAITING", "UNDER WAY",
                                         "RETRIES",      "HELD",   "DEAD",   "BECAUSE"};
    const json_t *busiest = json_object_get (self->now->status, "busiest");
    size_t count = json_array_size (busiest), i;
    const char **colours = (const char **)allocate (count + 1, sizeof *colours);
    OWNED (table) table_t *table = table_new ("llrrrrrrl");
    json_t *state;
    for (i = 0; i < sizeof heads / sizeof *heads; i++)
        table_add (table, heads [i]);
    json_array_foreach (busiest, i, state) colours [i] = add_subscription (table, state);
    put_line (self, out, "", "");
    PUT (self, out, "", "%s%zu subscription%s with something to do%s",
         count == BUSIEST ? "at least " : "", count, count == 1 ? "" : "s",
         count > rows ? ", the first of them" : "");
    if (count > 0)
        draw_table (self, out, table, rows, colours);
    free (colours);
}

//  What is left of the height, shared: who needs less than half leaves the rest to the other.
static void
share (const overview_t *self, size_t workers, size_t subscriptions, size_t rows [2])
{
    size_t used = HEAD_LINES + 2 * TABLE_LINES + (*self->trouble != 0);
    size_t left = self->height > used ? self->height - used : 0;
    rows [0] = workers < left / 2 ? workers : left / 2;
    rows [1] = left - rows [0];
    if (subscriptions < rows [1])
        rows [0] = left - subscriptions;
    for (int i = 0; i < 2; i++)
        if (rows [i] < ROWS_LEAST)
            rows [i] = ROWS_LEAST;
    if (self->height == 0)
        rows [0] = rows [1] = SIZE_MAX - 1;
}

void
overview_draw (const overview_t *self, FILE *out)
{
    size_t rows [2];
    put_line (self, out, BOLD, self->title);
    if (*self->trouble)
        put_line (self, out, RED, self->trouble);
    if (!self->now->status)
        return;
    share (self, json_array_size (self->now->workers),
           json_array_size (json_object_get (self->now->status, "busiest")), rows);
    draw_broker (self, out);
    draw_workers (self, out, rows [0]);
    draw_subscriptions (self, out, rows [1]);
}
