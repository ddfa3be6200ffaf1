/*  bytes – a buffer that grows, and is used again by its thread from request to request.
 *
 *  Zero-initialise it; before the first byte `at` is NULL. What was added is followed by a zero that
 *  is not counted. Out of memory aborts: what comes from outside is limited before it is added.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    char *at;     //  ours
    size_t size;  //  bytes in use
    size_t room;  //  bytes allocated
} bytes_t;

void bytes_free (bytes_t *self);  //  back to zero

//  Empty again. What is larger than `keep` goes back to the system, so that one large request does
//  not hold its memory in an idle thread.
void bytes_clear (bytes_t *self, size_t keep);

char *bytes_reserve (bytes_t *self, size_t more);  //  where the next `more` bytes may be written
void bytes_add (bytes_t *self, const void *bytes, size_t size);
void bytes_add_text (bytes_t *self, const char *text);
void bytes_add_number (bytes_t *self, int64_t number);

//  As a JSON string, in quotes. `text` is UTF-8.
void bytes_add_json (bytes_t *self, const char *text, size_t size);
void bytes_add_json_text (bytes_t *self, const char *text);

#endif
