/*  sse – server-sent events, read from bytes as they come.
 *
 *  The place of a stream is the id of the last event that was whole: what was cut off comes again.
 */
#ifndef SSE_H
#define SSE_H

#include <stdbool.h>
#include <stddef.h>

enum { SSE_ID_SIZE = 512 };

typedef struct {
    const char *name;  //  "" unless the server says otherwise
    const char *data;  //  its lines with a blank between them: in JSON, where one ends is no matter
} sse_event_t;

//  An event has come. false: no more are wanted.
typedef bool sse_take_t (void *context, const sse_event_t *event);

typedef struct sse sse_t;

sse_t *sse_new (sse_take_t *take, void *context);
void sse_destroy (sse_t **self_p);

//  false: no more are wanted, or a line is longer than any that a gateway writes.
bool sse_hear (sse_t *self, const char *bytes, size_t size);
void sse_cut (sse_t *self);  //  the connection is over: what was not whole is forgotten

const char *sse_place (const sse_t *self);  //  ""; or the id to come back with
void sse_set_place (sse_t *self, const char *id);

#endif
