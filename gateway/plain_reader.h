/*  plain_reader – a plain event, as somebody would write it by hand:
 *
 *      {"data": {"type": "a.b", "subject": "/c", "source"?, "id"?, "key"?, "time"?, "phase"?: "post",
 *                "data": …}}
 *
 *  `data` may be any JSON and is kept verbatim. An unknown member is an error with its name, so that
 *  a misspelt one is not lost in silence.
 */
#ifndef PLAIN_READER_H
#define PLAIN_READER_H

#include "gateway/reading.h"

//  BAD_JSON, BAD_EVENT or TOO_LARGE with a sentence otherwise.
status_t plain_read (reading_t *self, json_span_t name, problem_t *problem);

#endif
