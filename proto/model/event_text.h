/*  event_text – an event as the API shows it, in JSON. Its data stands in it byte for byte. */
#ifndef EVENT_TEXT_H
#define EVENT_TEXT_H

#include <jansson.h>

#include "proto/model/event.h"

//  What it is, without its data; a new reference.
json_t *event_text_attributes (const event_t *event);

//  All of it: free () it. json: attributes, and whatever else is to be told; taken.
char *event_text (const event_t *event, size_t *size);
char *event_text_with (const event_t *event, json_t *json, size_t *size);

#endif
