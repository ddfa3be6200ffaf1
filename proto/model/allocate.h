/*  allocate – memory, or the end: out of memory aborts, everywhere, so there are no ladders of
 *  clean-up. Sizes from outside are checked against limits.tbl before they get here.
 */
#ifndef ALLOCATE_H
#define ALLOCATE_H

#include <stddef.h>

void *allocate (size_t count, size_t size);  //  zeroed; free () it
void *allocate_again (void *memory, size_t count,
                      size_t size);                     //  realloc; what is new is not zeroed
char *allocate_copy (const char *text);                 //  strdup
void *allocate_bytes (const void *bytes, size_t size);  //  memdup; NULL for 0 bytes

//  For texts: OWNED (text) char *copy = allocate_copy (text);
void text_destroy (char **text_p);

//  One thing of a type, zeroed: OWNED (core) core_t *core = ALLOCATE (core_t);
#define ALLOCATE(type) ((type *)allocate (1, sizeof (type)))

#endif
