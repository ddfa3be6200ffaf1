/*  broadcasts – the verbs of a world about broadcast (world.h has them), and what is broadcast. */
#ifndef BROADCASTS_H
#define BROADCASTS_H

#include "proto/model/subscription.h"

//  In each version it was made at the same time: it is one feed.
subscription_t *broadcasts_subscription (const char *id, int64_t version, const limits_t *limits);

#endif
