/*  event_reader – a body of POST /v1/events, whichever of the shapes it has: its first member tells. */
#ifndef EVENT_READER_H
#define EVENT_READER_H

#include "gateway/reading.h"

/*  The events are in self->events until the next call. BAD_JSON, BAD_EVENT or TOO_LARGE with a
 *  sentence otherwise. body [size] must be 0.
 */
status_t event_read (reading_t *self, const char *body, size_t size, const limits_t *limits,
                     int64_t now_ms, problem_t *problem);

#endif
