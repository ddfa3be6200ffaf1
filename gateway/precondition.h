/*  precondition – If-Match and If-None-Match, by a resource's last_modified. */
#ifndef PRECONDITION_H
#define PRECONDITION_H

#include "gateway/request.h"

typedef struct {
    int64_t match;       //  If-Match: the version it must have; -1: not asked
    int64_t none_match;  //  If-None-Match: the version it must not have; -1: not asked
    bool must_be_new;    //  If-None-Match: *
} precondition_t;

//  BAD_PARAMETER when one of them is no quoted number.
status_t precondition_read (precondition_t *self, request_t *request, problem_t *problem);

#endif
