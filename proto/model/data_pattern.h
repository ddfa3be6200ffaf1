/*  data_pattern – the shape that an event's data must have: match.data, read once, asked often.
 *
 *  An object asks each of its members of the data's member of that name; an array accepts any of
 *  its elements, which are values to equal or tests (data_test.tbl). Where the data has an array,
 *  one element that fits is enough. What is missing fits only {"exists": false}.
 */
#ifndef DATA_PATTERN_H
#define DATA_PATTERN_H

#include <jansson.h>
#include <stdbool.h>

#include "proto/model/limits.h"

typedef struct data_pattern data_pattern_t;

/*  NULL and a problem (BAD_MATCH, its path in name) when it cannot be understood, is nested deeper
 *  than limits/json_depth or has more than limits/match_nodes names and values.
 */
data_pattern_t *data_pattern_new (const json_t *data, const limits_t *limits, problem_t *problem);
void data_pattern_destroy (data_pattern_t **self_p);

bool data_pattern_fits (const data_pattern_t *self, const json_t *data);

/*  Of data that does not fit: the first path that said no (in name, match.data.new.status) and what
 *  it has there, in a sentence. Its status says nothing.
 */
void data_pattern_why (const data_pattern_t *self, const json_t *data, problem_t *why);

#endif
