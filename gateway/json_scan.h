/*  json_scan – one pass over the bytes of a JSON text, strict, without building anything.
 *
 *  The reader pulls: it enters objects and arrays, takes the members it wants, and skips the others,
 *  which checks them just as strictly (RFC 8259, UTF-8, no lone surrogates, no name twice in one
 *  object, nesting limited). A span is the value's own bytes, so that data can be kept verbatim.
 *
 *  The first mistake ends the scan: every later call answers false, so that a reader's loops end by
 *  themselves and it asks once, with json_scan_end, whether all was well.
 *
 *      json_scan_start (&scan, bytes, size, depth_most);
 *      json_scan_enter_object (&scan);
 *      while (json_scan_member (&scan, &name))
 *          if (json_span_is (name, "data"))
 *              json_scan_skip (&scan, &data);
 *          …
 *      status = json_scan_end (&scan, problem);
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/json_names.h"
#include "proto/model/status.h"

typedef struct {
    const char *at;  //  NULL: there is none
    size_t size;     //  bytes
} json_span_t;

//  What a value is, told by its first byte. KIND_NONE: nothing that could begin a value.
typedef enum {
    KIND_NONE,
    KIND_OBJECT,
    KIND_ARRAY,
    KIND_STRING,
    KIND_NUMBER,
    KIND_BOOLEAN,
    KIND_NULL
} json_kind_t;

enum { JSON_DEPTH_MOST = 256 };  //  as in limits.tbl: a skip recurses once for each level

/*  Zero-initialise once, then use again and again: it keeps the room for names. */
typedef struct {
    const char *start, *at, *end;  //  the caller's bytes, and how far we are
    int depth;                     //  objects and arrays we are in
    int depth_most;
    bool is_first;         //  nothing has been read yet in the innermost object or array
    const char *wrong_at;  //  where it stops being JSON; NULL while all is well
    const char *wrong;     //  in words
    json_names_t names;    //  of the open objects, to find one that comes twice
} json_scan_t;

/*  bytes [size] must be readable and 0: with it no look at the next byte needs to ask for the end. */
void json_scan_start (json_scan_t *self, const char *bytes, size_t size, int64_t depth_most);
void json_scan_free (json_scan_t *self);  //  back to zero

json_kind_t json_scan_kind (json_scan_t *self);  //  of the next value, which stays unread
const char *json_kind_name (json_kind_t kind);   //  "an object"

//  Enter; then take each member (its value must be read before the next) until false, which leaves.
bool json_scan_enter_object (json_scan_t *self);
bool json_scan_member (json_scan_t *self, json_span_t *name);  //  raw: escapes as they stand
bool json_scan_enter_array (json_scan_t *self);
bool json_scan_element (json_scan_t *self);

//  Any value, with all that is in it.
bool json_scan_skip (json_scan_t *self, json_span_t *value);

/*  A string, decoded and ended with a zero at *room, which moves behind it. All strings of a text
 *  fit into as many bytes as the text has. NULL: it is no string, or holds \u0000.
 */
const char *json_scan_text (json_scan_t *self, char **room);

//  A number that is a whole one and fits. False otherwise, with the cursor where it was.
bool json_scan_integer (json_scan_t *self, int64_t *number);

/*  After the outermost value: OK when nothing but blanks follows, and nothing was wrong before.
 *  Otherwise BAD_JSON with line and column, both from 1, the column in characters.
 */
status_t json_scan_end (json_scan_t *self, problem_t *problem);
status_t json_scan_status (const json_scan_t *self, problem_t *problem);  //  the same, on the way

bool json_span_is (json_span_t span, const char *text);

#endif
