/*  form – members of a JSON document, read strictly: a wrong one is a sentence, a missing one its
 *  default.
 *
 *  What was read is put under the same name into `made`, so that the document made is complete.
 */
#ifndef FORM_H
#define FORM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/model/limits.h"

//  One object of a document, while it is read.
typedef struct {
    const char *at;      //  its path; "" for the document itself
    const json_t *json;  //  as it came; NULL when it is missing
    json_t *made;        //  with defaults; borrowed
    const limits_t *limits;
    status_t status;  //  of what is wrong: BAD_SUBSCRIPTION
    problem_t *problem;
} form_t;

//  Where a member is: `retry.max_attempts`. The text lives in `path`.
enum { FORM_PATH_SIZE = 120 };
const char *form_path (const form_t *self, const char *name, char path [FORM_PATH_SIZE]);

//  Says what is wrong with a member: "PATH: SENTENCE". Returns self->status.
status_t form_refuse (const form_t *self, const char *name, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

//  That it is an object, and has no members but these, which are separated by blanks.
status_t form_members (const form_t *self, const char *known);

//  The object of a member, as a form of its own; its made goes into the parent's.
form_t form_part (const form_t *self, const char *name);

status_t form_integer (const form_t *self, const char *name, int64_t standard, int64_t least,
                       int64_t most);
status_t form_number (const form_t *self, const char *name, double standard, double least,
                      double most);
status_t form_flag (const form_t *self, const char *name, bool standard);

//  A string out of some, which are separated by blanks; standard is one of them.
status_t form_word (const form_t *self, const char *name, const char *known, const char *standard);

//  The text of a member that is a string of 1 … most bytes without control characters; NULL, and a
//  problem, otherwise. Puts nothing into made.
const char *form_text (const form_t *self, const char *name, size_t most);

#endif
