/*  cloud_event – an event as a CloudEvent 1.0 in the JSON format, for the structured mode of HTTP.
 *
 *  Its data goes verbatim, since whoever accepted it has checked it; what is not JSON goes as
 *  data_base64. id and source are those that the client gave. As the extensions: partitionkey is the
 *  ordering key, sequence the event's place in its partition's log, sortable as text.
 */
#ifndef CLOUD_EVENT_H
#define CLOUD_EVENT_H

#include <stdbool.h>

#include "proto/model/event.h"
#include "worker/actions/body.h"

//  As they stand in it.
const char *cloud_event_id (const event_t *event);
const char *cloud_event_source (const event_t *event);

void cloud_event_write (const event_t *event, body_t *body);

//  application/json, or any type that ends in +json; its parameters are not looked at.
bool content_type_is_json (const char *content_type);

#endif
