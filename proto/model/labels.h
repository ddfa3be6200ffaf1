/*  labels – what a worker is, in words of its operator: region=eu; and what a subscription wants of one.
 *
 *  A set of them is one text: NAME=VALUE, sorted, with a blank between two: "region=eu tier=fast". The
 *  empty text is the empty set.
 */
#ifndef LABELS_H
#define LABELS_H

#include <jansson.h>
#include <stdbool.h>

#include "proto/model/limits.h"

enum { LABEL_PART_BYTES = 64 };  //  of a name, and of a value

//  Why it is none, in words; NULL: it is one. Names and values are 1 to 64 of A-Z a-z 0-9 _ . - /
const char *label_fault (const char *name, const char *value);

/*  The set of a list of NAME=VALUE; free () it. NULL and a problem (BAD_PARAMETER) for one that is
 *  none, for a name that comes twice, for more than limits/labels of them.
 */
char *labels_new (const char *const *list, size_t count, const limits_t *limits,
                  problem_t *problem);

//  Whether each of those wanted is among those offered. Both as labels_new made them.
bool labels_have (const char *offered, const char *wanted);

json_t *labels_show (const char *set);  //  {"region": "eu", "tier": "fast"}; the caller's

#endif
