/*  readiness – waits until a gateway has found its broker, by asking its /__heartbeat__. */
#ifndef READINESS_H
#define READINESS_H

#include "proto/model/status.h"

//  SYSTEM and a sentence when it has not after ten seconds.
status_t readiness_wait (const char *url, problem_t *problem);

#endif
