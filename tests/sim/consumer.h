/*  consumer – how the consumers of the world answer, by their mood. */
#ifndef CONSUMER_H
#define CONSUMER_H

#include "proto/model/event.h"
#include "proto/model/record.h"
#include "tests/sim/world.h"

typedef struct {
    int64_t after_ms;
    outcome_t outcome;
    int32_t http_status;  //  0: no answer
    int64_t retry_after_ms;
    bool disables;  //  410 Gone
    bool murders;   //  the worker dies then, without an answer
} consumer_answer_t;

consumer_answer_t consumer_answer (world_t *world, const char *subscription, const event_t *event,
                                   int64_t timeout_ms);

#endif
