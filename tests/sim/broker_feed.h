/*  broker_feed – the broker's feed in the world: told to whoever listens, and lost, repeated and late
 *  as the seed has it; and the answers to those who ask what they have missed.
 */
#ifndef BROKER_FEED_H
#define BROKER_FEED_H

#include "broker/core/core.h"
#include "proto/wire/message.h"
#include "tests/sim/broker_actor.h"

//  FEED, FEEDS and CATCH_UP of the core.
void broker_feed_perform (broker_actor_t *self, const effect_t *effect);

//  Adds to a heartbeat how far the feeds of its session have come. free_feeds: what it borrows.
void broker_feed_add (broker_actor_t *self, message_t *heartbeat);
void broker_feed_free (message_t *message);

#endif
