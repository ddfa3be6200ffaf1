#include "proto/model/event_text.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/moment.h"

//  Where it comes from; what is not known is left out.
static void
add_cause (json_t *json, const event_t *event)
{
    const char *const members [][2] = {
        {"causation", event->causation}, {"root", event->root}, {"via", event->via}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (*members [i][1])
            json_object_set_new (json, members [i][0], json_string (members [i][1]));
    json_object_set_new (json, "hops", json_integer (event->hops));
}

json_t *
event_text_attributes (const event_t *event)
{
    char accepted [MOMENT_SIZE];
    json_t *json = json_pack (
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:s}", "id", event->id, "source",
        event->source, "type", event->type, "subject", event->subject, "key", event->key, "time",
        event->time, "phase", event->phase == PHASE_PRE ? "pre" : "post", "partition",
        (int)event->partition, "seq", (json_int_t)event->seq, "content_type", event->content_type,
        "accepted", moment_text (event->accepted_ms, accepted));
    if (*event->given_id)
        json_object_set_new (json, "given_id", json_string (event->given_id));
    if (event_has_cause (event))
        add_cause (json, event);
    return json;
}

static bool
data_is_json (const event_t *event)
{
    const size_t flags =
        JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;  //  any that is JSON
    if (event->data_size == 0 || !strstr (event->content_type, "json"))
        return false;
    json_t *json = json_loadb ((const char *)event->data, event->data_size, flags, NULL);
    json_decref (json);
    return json != NULL;
}

//  The data as the value of "data", or of "data_base64" when it is no JSON. free () it.
static char *
show_data (const event_t *event, const char **name, size_t *size)
{
    if (data_is_json (event)) {
        *name = "data";
        *size = event->data_size;
        return allocate_bytes (event->data, event->data_size);
    }
    *name = "data_base64";
    size_t room = sodium_base64_encoded_len (event->data_size, sodium_base64_VARIANT_ORIGINAL);
    char *text = allocate (room + 2, 1);
    sodium_bin2base64 (text + 1, room, event->data, event->data_size,
                       sodium_base64_VARIANT_ORIGINAL);
    *size = strlen (text + 1) + 2;
    text [0] = text [*size - 1] = '"';
    return text;
}

char *
event_text_with (const event_t *event, json_t *json, size_t *size)
{
    //  15 digits: all that a double keeps of any decimal; more of them would show 0.352 as 0.35199…
    char *attributes = json_dumps (json, JSON_COMPACT | JSON_REAL_PRECISION (15));
    json_decref (json);
    ASSERT (attributes, "strings of an event were checked to be UTF-8 before they were stored");

    const char *name;
    size_t data_size;
    char *data = show_data (event, &name, &data_size);
    size_t attributes_size = strlen (attributes);
    size_t room = attributes_size + data_size + 64;
    char *text = allocate (room, 1);
    int head = snprintf (text, room, "%.*s,\"%s\":", (int)attributes_size - 1, attributes, name);
    memcpy (text + head, data, data_size);
    memcpy (text + head + data_size, "}", 2);
    *size = (size_t)head + data_size + 1;
    free (attributes);
    free (data);
    return text;
}

char *
event_text (const event_t *event, size_t *size)
{
    return event_text_with (event, event_text_attributes (event), size);
}
