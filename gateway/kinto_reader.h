/*  kinto_reader – a Kinto notification, in the shape of Kinto's own events:
 *
 *      {"payload": {…}, "impacted_objects": [{"new": …, "old": …}, …], "source"?: "kinto"}
 *
 *  Each impacted object becomes one event of type kinto.<resource_name>.<action>, its subject the
 *  object's own URI: payload.uri names only the first of them, or the plural endpoint, so it is made
 *  of payload's ids and the object's. Its id is derived from the change itself, so that whoever
 *  tells of the same change makes the same event. payload, new and old are kept verbatim.
 */
#ifndef KINTO_READER_H
#define KINTO_READER_H

#include "gateway/reading.h"

//  BAD_JSON, BAD_EVENT or TOO_LARGE with a sentence otherwise.
status_t kinto_read (reading_t *self, json_span_t name, problem_t *problem);

#endif
