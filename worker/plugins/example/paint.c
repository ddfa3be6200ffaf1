/*  paint – a plug-in to begin with: says in which colour a thing is painted.
 *
 *  Settings: the colour for those subscriptions that name none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tocsin_plugin.h>

enum { COLOUR_SIZE = 32 };

typedef struct {
    char colour [COLOUR_SIZE];
} paint_t;

static int
paint_open (const char *settings, void **self, char *error, size_t error_size)
{
    if (strlen (settings) >= COLOUR_SIZE) {
        snprintf (error, error_size, "a colour has fewer than %d letters", COLOUR_SIZE);
        return 1;
    }
    paint_t *paint = calloc (1, sizeof *paint);
    if (!paint)
        return 1;
    strcpy (paint->colour, *settings ? settings : "red");
    *self = paint;
    return 0;
}

//  {"colour": "blue"}: it was checked against the schema. A real one would take a library for JSON.
static const char *
find_colour (const paint_t *paint, const char *parameters, char colour [COLOUR_SIZE])
{
    const char *found = strstr (parameters, "\"colour\":\"");
    return found && sscanf (found, "\"colour\":\"%31[^\"]", colour) == 1 ? colour : paint->colour;
}

static tocsin_outcome_t
paint_perform (void *self, const tocsin_event_t *event, tocsin_call_t *call)
{
    char colour [COLOUR_SIZE], result [128];
    if (strcmp (event->type, "thing.broken") == 0) {
        call->host->error (call, "what is broken is not painted");
        return TOCSIN_FAIL;
    }
    int size = snprintf (result, sizeof result, "{\"painted\": \"%s\"}",
                         find_colour (self, call->parameters, colour));
    call->host->result (call, result, (size_t)size);
    return TOCSIN_OK;
}

const tocsin_plugin_t *
tocsin_plugin (void)
{
    static const tocsin_plugin_t paint = {
        .abi = TOCSIN_PLUGIN_ABI,
        .version = "1.0",
        .schema = "{\"type\": \"object\", \"additionalProperties\": false, \"properties\":"
                  " {\"colour\": {\"enum\": [\"red\", \"green\", \"blue\"]}}}",
        .open = paint_open,
        .close = free,
        .perform = paint_perform};
    return &paint;
}
