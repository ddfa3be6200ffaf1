/*  consumer – how the consumers of the world answer, by their mood. */
#ifndef CONSUMER_H
#define CONSUMER_H

#include "proto/model/record.h"
#include "tests/sim/world.h"

typedef struct {
    int64_t after_ms;
    outcome_t outcome;
} consumer_answer_t;

consumer_answer_t consumer_answer (world_t *world, const char *subscription, int64_t timeout_ms);

#endif
