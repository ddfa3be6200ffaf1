/*  outbox – what one worker is to be told at the end of this turn, gathered into few messages.
 *
 *  It takes references of the events and subscriptions that it holds, since the effects they came
 *  with end before the turn does.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "broker/core/core.h"
#include "proto/wire/message.h"

typedef struct outbox outbox_t;

outbox_t *outbox_new (session_id_t session, const limits_t *limits);  //  limits borrowed
void outbox_destroy (outbox_t **self_p);

session_id_t outbox_session (const outbox_t *self);

//  false: it would pass the limits of a message, or is another session's: send and clear it first.
bool outbox_takes_delivery (const outbox_t *self, const effect_t *deliver);
bool outbox_takes_settled (const outbox_t *self, const effect_t *settled);
void outbox_add_delivery (outbox_t *self, const effect_t *deliver);
void outbox_add_settled (outbox_t *self, const effect_t *settled);

//  The messages, borrowing from the outbox until it is cleared; false: there is none.
bool outbox_deliveries (const outbox_t *self, message_t *message);
bool outbox_settled (const outbox_t *self, message_t *message);

void outbox_clear (outbox_t *self, session_id_t session);  //  empty, and this session's from now on

#endif
