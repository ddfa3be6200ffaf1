/*  transform_check – whether the transform of a subscription is a program, asked of tocsin-jq.
 *
 *  The broker has no processes of its own and waits for none; a request has a thread that can wait.
 */
#ifndef TRANSFORM_CHECK_H
#define TRANSFORM_CHECK_H

#include "gateway/json_scan.h"

/*  document: of a subscription, as it came. BAD_SUBSCRIPTION, and jq's words, when its program cannot be
 *  compiled; OK too for one that has none, or no document that the broker will take. Waits, for
 *  seconds at most.
 */
status_t transform_check (json_span_t document, problem_t *problem);

#endif
