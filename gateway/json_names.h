/*  json_names – the names in the objects that are open, to find one that comes twice.
 *
 *  A few are compared one by one; an object of many is sorted when it closes, so that no text, however
 *  it was made, takes more than n log n.
 */
#ifndef JSON_NAMES_H
#define JSON_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

//  A name; or, where an object begins, a mark: no `at`, and in `size` the first name of the outer one.
typedef struct {
    const char *at;     //  in the text, or `decoded`
    char *decoded;      //  ours; NULL when there was no escape to decode
    const char *place;  //  of its opening quote in the text, for the error
    size_t size;        //  bytes
} json_name_t;

typedef struct {
    json_name_t *at;  //  those of the outermost object first
    size_t count, room;
    size_t first;  //  index of the innermost object's first name, behind its mark
} json_names_t;

void json_names_free (json_names_t *self);
void json_names_clear (json_names_t *self);

void json_names_open (json_names_t *self);

//  One more in the innermost object, `at` behind its quote. False: it is there already.
bool json_names_add (json_names_t *self, const char *at, size_t size, bool has_escapes);

//  The innermost object ends. NULL, or where a name stands that was there before.
const char *json_names_close (json_names_t *self);

#endif
