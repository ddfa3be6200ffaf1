/*  listening – what workers that listen to feeds are told over the workers' socket: which feeds there
 *  are, how far each has come, and the stretches that they have missed.
 *
 *  Stretches are read from the log by the reader's thread, few at a time, so that a crowd of workers
 *  that come back at once keeps nobody else waiting; those that ask for the same get it from one look.
 */
#ifndef LISTENING_H
#define LISTENING_H

#include "broker/edge.h"
#include "proto/wire/message.h"

typedef struct listening listening_t;

listening_t *listening_new (edge_t *edge);  //  borrowed
void listening_destroy (listening_t **self_p);

//  Effects of the core.
void listening_tell (listening_t *self, const effect_t *feeds);
void listening_catch_up (listening_t *self, const effect_t *catch_up);

void listening_found (listening_t *self, query_t *query);  //  what the reader has

/*  Adds to a heartbeat how far the feeds of this session have come. The message borrows until the
 *  next call.
 */
void listening_add (listening_t *self, session_id_t session, message_t *heartbeat);

#endif
