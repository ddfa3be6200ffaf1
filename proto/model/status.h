/*  status – what can go wrong, and the sentence that says where.
 *
 *  A function that can fail returns a status_t; STATUS_OK is 0. Where a sentence is owed, its last
 *  argument is a problem_t, filled by the one who knows and by nobody else. A problem may be NULL.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
#define STATUS(name, http, kinto_errno, repeat, text) STATUS_##name,
#include "proto/model/status.tbl"
    STATUSES
} status_t;

typedef enum { REPEAT_NEVER, REPEAT_LATER, REPEAT_AT_ONCE } repeat_t;

typedef struct {
    status_t status;
    char text [240];  //  UTF-8: where, what was found, what to do
    char name [120];  //  the field it is about, as in `match.data.new.status[1]`; "" when none
} problem_t;

const char *status_name (status_t status);  //  "BAD_JSON"
bool status_from_name (const char *name, status_t *status);
int status_http (status_t status);
int status_errno (status_t status);  //  Kinto's
repeat_t status_repeat (status_t status);
const char *status_text (status_t status);

/*  Fill a problem and return its status, so that a caller can return what this returns. A text that
 *  is too long is cut at a character. `name`, in problem_at, is the field.
 */
status_t problem_set (problem_t *problem, status_t status, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));
status_t problem_at (problem_t *problem, status_t status, const char *name, const char *format, ...)
    __attribute__ ((format (printf, 4, 5)));

#endif
