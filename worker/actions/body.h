/*  body – bytes that grow, re-used from one request to the next. */
#ifndef BODY_H
#define BODY_H

#include <stddef.h>

//  Zero-initialised it is empty; body_free at the end.
typedef struct {
    char *bytes;
    size_t used, room;
} body_t;

void body_clear (body_t *self);  //  empty again; an outsized buffer is given back
void body_free (body_t *self);
void body_add (body_t *self, const void *bytes, size_t size);
void body_add_text (body_t *self, const char *text);
void body_add_json (body_t *self, const char *text);  //  as a JSON string, quotes included
void body_add_base64 (body_t *self, const void *bytes, size_t size);

#endif
