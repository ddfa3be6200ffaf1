#include "cli/roster.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/owned.h"
#include "proto/model/rfc3339.h"

//  The path of the first page; free () it.
static char *
roster_path (client_t *client, const char *name)
{
    if (!name)
        return allocate_copy ("/v1/workers?_limit=1000");
    OWNED (text) char *escaped = client_path (client, "", name);
    size_t size = strlen (escaped) + sizeof "/v1/workers?name=";
    char *path = (char *)allocate (size, 1);
    snprintf (path, size, "/v1/workers?name=%s", escaped + 1);
    return path;
}

static bool
roster_take_page (void *all, json_t *page)
{
    json_array_extend (all, page);
    return true;
}

json_t *
roster_fetch (client_t *client, const char *name, problem_t *problem)
{
    OWNED (json) json_t *all = json_array ();
    OWNED (text) char *path = roster_path (client, name);
    if (named_each_page (client, path, roster_take_page, all, problem))
        return NULL;
    return TAKE (all);
}

const char *
roster_state (const json_t *worker)
{
    if (json_is_true (json_object_get (worker, "leaving")))
        return "leaving";
    if (json_is_true (json_object_get (worker, "away")))
        return "drained, away";
    if (json_is_true (json_object_get (worker, "drained")))
        return "drained";
    if (json_is_true (json_object_get (worker, "draining")))
        return "draining";
    return "active";
}

const char *
roster_age (int64_t ms, char text [ROSTER_AGE_SIZE])
{
    static const struct {
        int64_t ms;
        char unit;
    } units [] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
    size_t i = 0;
    while (i < 3 && ms < 2 * units [i].ms)
        i++;
    snprintf (text, ROSTER_AGE_SIZE, "%" PRId64 "%c", ms > 0 ? ms / units [i].ms : 0,
              units [i].unit);
    return text;
}

//  "webhook counter …", as many as there are.
static char *
actions_text (const json_t *worker)
{
    char *text = NULL;
    size_t size = 0, i;
    json_t *action;
    FILE *out = open_memstream (&text, &size);
    json_array_foreach (json_object_get (worker, "actions"), i, action)
        fprintf (out, "%s%s", i > 0 ? " " : "", json_string_value (action));
    fclose (out);
    return text;
}

//  "region=eu tier=fast"
static char *
labels_text (const json_t *worker)
{
    char *text = NULL;
    size_t size = 0, count = 0;
    const char *name;
    json_t *value;
    FILE *out = open_memstream (&text, &size);
    json_object_foreach (json_object_get (worker, "labels"), name, value)
        fprintf (out, "%s%s=%s", count++ > 0 ? " " : "", name, json_string_value (value));
    fclose (out);
    return text;
}

static void
add_row (table_t *table, const json_t *worker, int64_t now_ms)
{
    int64_t joined_ms = now_ms;
    char joined [ROSTER_AGE_SIZE], heard [ROSTER_AGE_SIZE];
    OWNED (text) char *actions = actions_text (worker);
    OWNED (text) char *labels = labels_text (worker);
    rfc3339_read (named_text (worker, "joined"), &joined_ms);
    table_add (table, named_text (worker, "name"));
    table_add (table, roster_state (worker));
    table_add_number (table, named_number (worker, "leases"));
    table_add_number (table, named_number (worker, "capacity"));
    table_add_number (table, named_number (worker, "credit"));
    table_add (table, roster_age (now_ms - joined_ms, joined));
    table_add (table, roster_age (named_number (worker, "heartbeat_age_ms"), heard));
    table_add (table, named_text (worker, "version"));
    table_add (table, named_text (worker, "session"));
    table_add (table, actions);
    table_add (table, labels);
}

void
roster_print (const json_t *workers, int64_t now_ms)
{
    static const char *const heads [] = {"NAME",    "STATE",   "LEASES", "CAPACITY",
                                         "CREDIT",  "JOINED",  "HEARD",  "VERSION",
                                         "SESSION", "ACTIONS", "LABELS"};
    OWNED (table) table_t *table = table_new ("llrrrrrllll");
    size_t i;
    json_t *worker;
    for (i = 0; i < sizeof heads / sizeof *heads; i++)
        table_add (table, heads [i]);
    json_array_foreach (workers, i, worker) add_row (table, worker, now_ms);
    table_print (table, stdout, 0);
}
