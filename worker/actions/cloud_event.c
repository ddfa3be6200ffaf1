#include "worker/actions/cloud_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

//  CloudEvents want a source; an event without one came from a client that named none.
static const char no_source [] = "/";

bool
content_type_is_json (const char *content_type)
{
    size_t length = strcspn (content_type, "; \t");
    static const char plain [] = "application/json";
    if (length == sizeof plain - 1 && strncasecmp (content_type, plain, length) == 0)
        return true;
    return length > 5 && strncasecmp (content_type + length - 5, "+json", 5) == 0;
}

static void
add_member (body_t *body, const char *name, const char *value)
{
    if (!*value)
        return;
    body_add (body, ",\"", 2);
    body_add_text (body, name);
    body_add (body, "\":", 2);
    body_add_json (body, value);
}

//  Extension attributes: names of lower-case letters and digits, and an Integer is a number.
static void
add_cause (body_t *body, const event_t *event)
{
    add_member (body, "causationid", event->causation);
    add_member (body, "rootid", event->root);
    add_member (body, "via", event->via);
    if (event->hops == 0)
        return;
    char hops [24];
    snprintf (hops, sizeof hops, ",\"hops\":%" PRId32, event->hops);
    body_add_text (body, hops);
}

static void
add_data (body_t *body, const event_t *event)
{
    if (event->data_size == 0)
        return;
    if (content_type_is_json (event->content_type)) {
        body_add_text (body, ",\"data\":");
        body_add (body, event->data, event->data_size);
        return;
    }
    body_add_text (body, ",\"data_base64\":\"");
    body_add_base64 (body, event->data, event->data_size);
    body_add (body, "\"", 1);
}

const char *
cloud_event_id (const event_t *event)
{
    return *event->given_id ? event->given_id : event->id;
}

const char *
cloud_event_source (const event_t *event)
{
    return *event->source ? event->source : no_source;
}

void
cloud_event_write (const event_t *event, body_t *body)
{
    char sequence [24];  //  as many digits as the highest has, so that it sorts as text
    snprintf (sequence, sizeof sequence, "%019" PRId64, event->seq);

    body_add_text (body, "{\"specversion\":\"1.0\"");
    add_member (body, "id", cloud_event_id (event));
    add_member (body, "source", cloud_event_source (event));
    add_member (body, "type", event->type);
    add_member (body, "subject", event->subject);
    add_member (body, "time", event->time);
    add_member (body, "partitionkey", event->key);
    if (event->phase == PHASE_PRE)
        add_member (body, "phase", "pre");  //  a question: it has no place in the log
    else
        add_member (body, "sequence", sequence);
    add_cause (body, event);
    add_member (body, "datacontenttype", event->content_type);
    add_data (body, event);
    body_add (body, "}", 1);
}
