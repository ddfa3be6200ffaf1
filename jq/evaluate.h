/*  evaluate – what a program of jq makes of a value; programs used last stay compiled. */
#ifndef EVALUATE_H
#define EVALUATE_H

#include <stddef.h>

#include "daemon/transform_talk.h"

//  Bytes of an answer, there until the next.
typedef struct {
    transform_verdict_t verdict;
    const char *bytes;
    size_t size;
} evaluated_t;

//  Of a request; program and input with a zero behind each.
evaluated_t evaluate (const transform_request_t *request, const char *program, const char *input);

#endif
