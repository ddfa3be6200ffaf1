/*  broker_intake – what a worker brings along in its HELLO becomes a BRING, as broker/back and
 *  broker/intake have it.
 */
#ifndef BROKER_INTAKE_H
#define BROKER_INTAKE_H

#include "proto/wire/message.h"
#include "tests/sim/broker_actor.h"

//  A HELLO: the worker is welcomed, and then is heard what it brings, once in a session.
void broker_intake_hello (broker_actor_t *self, const input_t *input, const message_t *hello);

#endif
