/*  companion – S~results follows S: made, changed, paused and ended with it.
 *
 *  It is a subscription like any other (proto/model/results.h), and the core treats it as one; only
 *  its consumer's 410 Gone, or failing for too long, is said to it alone.
 */
#ifndef COMPANION_H
#define COMPANION_H

#include "broker/core/state.h"

//  This one was made, or replaced by another version: its companion is made, changed, or ended.
void companion_follow (core_t *core, const subscription_t *subscription);

//  Whether this subscriber is the companion of that subscription, or a replay of it.
bool companion_is_of (const subscriber_t *subscriber, const char *subscription);

#endif
