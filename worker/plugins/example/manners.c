/*  manners – a plug-in for the tests: does what the subscription's `manner` says, all of it badly. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tocsin_plugin.h>

enum { GIANT = 64 << 20, FOR_EVER = -1, LOOK_MS = 20, PATH_SIZE = 200 };

static int
manners_open (const char *settings, void **self, char *error, size_t error_size)
{
    *self = NULL;
    snprintf (error, error_size, "its settings say so");
    return strcmp (settings, "refuse") == 0;
}

static void
write_giant (tocsin_call_t *call)
{
    char *giant = malloc (GIANT);
    if (!giant)
        return;
    memset (giant, 'x', GIANT);
    call->host->result (call, giant, GIANT);
    free (giant);
}

//  Until nobody wants to hear of it any more.
static void
wait_until_over (tocsin_call_t *call)
{
    struct pollfd over = {.fd = call->host->over_descriptor (call), .events = POLLIN};
    while (!call->host->is_over (call))
        poll (&over, 1, FOR_EVER);
}

//  A path among the parameters: "gate":"/tmp/x". "": it is not there.
static void
read_path (const tocsin_call_t *call, const char *name, char path [PATH_SIZE])
{
    char start [32];
    snprintf (start, sizeof start, "\"%s\":\"", name);
    const char *found = strstr (call->parameters, start);
    *path = 0;
    if (found)
        sscanf (found + strlen (start), "%199[^\"]", path);
}

//  Says that it has begun, by one file, and waits for another.
static void
wait_at_gate (tocsin_call_t *call)
{
    char begun [PATH_SIZE], gate [PATH_SIZE];
    read_path (call, "begun", begun);
    read_path (call, "gate", gate);
    FILE *note = fopen (begun, "w");
    if (note)
        fclose (note);
    while (access (gate, F_OK) != 0 && !call->host->is_over (call))
        poll (NULL, 0, LOOK_MS);
}

static int
is_manner (const tocsin_call_t *call, const char *manner)
{
    return strstr (call->parameters, manner) != NULL;
}

static tocsin_outcome_t
manners_perform (void *self, const tocsin_event_t *event, tocsin_call_t *call)
{
    (void)self;
    if (is_manner (call, "crashes"))
        abort ();
    if (is_manner (call, "tells"))
        call->host->progress (call, 42, "half\xff of it");
    if (is_manner (call, "hangs"))
        poll (NULL, 0, FOR_EVER);
    if (is_manner (call, "waits"))
        wait_until_over (call);
    if (is_manner (call, "gated"))
        wait_at_gate (call);
    if (is_manner (call, "giant"))
        write_giant (call);
    if (is_manner (call, "garbage"))
        call->host->result (call, "a\xff\x01z", 4);
    if (is_manner (call, "busy")) {
        call->host->error (call, "not now");
        call->host->retry_after (call, 50);
        return call->attempt > 1 ? TOCSIN_OK : TOCSIN_RETRY;
    }
    if (is_manner (call, "nothing"))
        return TOCSIN_SKIP;
    if (is_manner (call, "unknown"))
        return (tocsin_outcome_t)17;
    if (is_manner (call, "echoes"))
        call->host->result (call, event->data, event->data_size);
    return TOCSIN_OK;
}

const tocsin_plugin_t *
tocsin_plugin (void)
{
    static const tocsin_plugin_t manners = {
        .abi = TOCSIN_PLUGIN_ABI, .version = "0", .open = manners_open, .perform = manners_perform};
    return &manners;
}
