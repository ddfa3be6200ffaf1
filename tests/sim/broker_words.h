/*  broker_words – between the core's inputs and effects and the messages of the wire. */
#ifndef BROKER_WORDS_H
#define BROKER_WORDS_H

#include "broker/core/core.h"
#include "proto/wire/message.h"
#include "tests/sim/world.h"

//  An effect that is said to a peer.
void broker_words_say (world_t *world, const effect_t *effect);
//  The deliveries of a step, those of one session in one message, as the broker's edge has it.
void broker_words_deliver (world_t *world, const effects_t *effects);

//  false: nobody says that to a broker. The input borrows from the message and from settles, which
//  is to be freed.
bool broker_words_understand (const message_t *message, input_t *input, settle_t **settles);

#endif
