/*  policy – what a subscription says of when and how: retries, its breaker, batches, bursts, questions. */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/model/opinion.h"

enum { RETRY_SCHEDULE_MOST = 32 };

typedef struct {
    int32_t max_attempts;  //  at least 1
    int32_t schedule_count;
    int64_t schedule_ms [RETRY_SCHEDULE_MOST];  //  pauses after the first, second … attempt; the
                                                //  last one is repeated. 0 of them: backoff
    int64_t min_backoff_ms;
    int64_t max_backoff_ms;
    int64_t timeout_ms;  //  of one attempt
    int64_t ttl_ms;      //  after its event was accepted a delivery is tried no more; 0: never
    int64_t retry_after_most_ms;  //  a consumer that asks for more waits this long
    int64_t disable_after_ms;     //  one that fails without a success is disabled; 0: never
} retry_policy_t;

typedef struct {
    int32_t failures;  //  in a row, and it opens; 0: it never does
    int64_t probe_ms;  //  until the first probe; doubles up to
    int64_t probe_most_ms;
} breaker_policy_t;

//  Many events in one request.
typedef struct {
    int32_t max_events;   //  of one request; 0: each event has one of its own
    int64_t max_wait_ms;  //  that one which could go waits for others
} batch_policy_t;

//  A burst of events becomes one delivery.
typedef struct {
    enum { COALESCE_NEVER, COALESCE_BY_SUBJECT, COALESCE_BY_KEY, COALESCE_BY_POINTER } by;
    const char *pointer;  //  into the data, when it is by that
    int64_t window_ms;    //  from the first of a burst
    int32_t max;          //  with so many it ends before
    bool keeps_all;  //  all of them, in one batch; otherwise the latest, and the rest is skipped
} coalesce_policy_t;

//  Of a subscription that is asked before something happens: its match.phase is pre.
typedef struct {
    int64_t timeout_ms;     //  until what nobody has answered is silence
    decision_t on_silence;  //  what that means
} ask_policy_t;

#endif
