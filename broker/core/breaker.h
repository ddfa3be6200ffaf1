/*  breaker – whether a consumer is there at all.
 *
 *      closed ──failures in a row──▶ open ──probe_ms──▶ one delivery is tried
 *        ▲                             ▲                     │
 *        └──────── it goes well ───────┼─────────────────────┤
 *                                      └─ twice the pause ◀──┘ it fails
 *
 *  While it is open nothing is sent but the probes, so that a consumer that is down for a week
 *  costs no attempts of the events that wait for it. An answer that is final (a 400 that the
 *  subscription calls final) shows that the consumer is there.
 */
#ifndef BREAKER_H
#define BREAKER_H

#include "broker/core/state.h"

bool breaker_is_open (const subscriber_t *self);
//  Not before then; at most now_ms: at once. INT64_MAX: a probe is under way.
int64_t breaker_next_ms (const subscriber_t *self, int64_t now_ms);

//  The consumer has answered, or not. What it changes is saved; it may disable the subscription.
void breaker_succeeded (core_t *core, subscriber_t *self);
void breaker_failed (core_t *core, subscriber_t *self);

//  As if nothing had ever failed: somebody has resumed or changed the subscription.
void breaker_reset (core_t *core, subscriber_t *self);

#endif
