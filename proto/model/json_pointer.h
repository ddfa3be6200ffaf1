/*  json_pointer – a place in a JSON value, as RFC 6901 writes it: `/new/title`, `/records/0/id`. "" is
 *  the whole.
 *
 *  A text of `size` bytes, so that one can stand inside another text.
 */
#ifndef JSON_POINTER_H
#define JSON_POINTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { JSON_POINTER_BYTES = 1024, JSON_POINTER_STEPS = 64 };

//  Whether it is one: "" or steps that begin with / each, ~ only as ~0 and ~1, within the bounds above.
bool json_pointer_is_good (const char *pointer, size_t size);

/*  What is there; NULL: nothing is, or it is no pointer. Borrowed from value, which may be NULL. "-",
 *  the place behind the last element, is never there.
 */
const json_t *json_pointer_get (const json_t *value, const char *pointer, size_t size);

#endif
