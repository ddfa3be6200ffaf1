/*  letter_filter – which dead letters somebody means: by type, subject, reason and when they died. */
#ifndef LETTER_FILTER_H
#define LETTER_FILTER_H

#include <jansson.h>

#include "broker/store/store.h"
#include "proto/model/pattern.h"

typedef struct {
    pattern_t *type, *subject;  //  ours; NULL: any
    reason_t reason;            //  NONE: any
    int64_t before_ms;          //  died before then; INT64_MAX: whenever
    int64_t after_ms;           //  and not before then
} letter_filter_t;

/*  From {"type"?, "subject"?, "reason"?, "before"?, "after"?}; NULL wants all. Otherwise BAD_PARAMETER
 *  or BAD_MATCH, with the member in name; what was read is there to be cleared all the same.
 */
status_t letter_filter_read (letter_filter_t *self, const json_t *given, problem_t *problem);
void letter_filter_clear (letter_filter_t *self);

bool letter_filter_wants (const letter_filter_t *self, const struct listed_row *row);

#endif
