/*  calls – questions and administration: what gateways ask with CALL, answered with REPLY.
 *
 *  A call ends at once, or waits for the store's threads and goes on when their answer comes.
 *  The methods stand in calls.tbl.
 */
#ifndef CALLS_H
#define CALLS_H

#include "broker/edge.h"
#include "proto/wire/message.h"

typedef struct calls calls_t;

calls_t *calls_new (edge_t *edge);  //  borrowed
void calls_destroy (calls_t **self_p);

void calls_hear (calls_t *self, peer_t peer, const message_t *message);

//  What calls wait for.
void calls_answer (calls_t *self, const effect_t *answer);  //  a subscription's change
void calls_decide (calls_t *self, const effect_t *decide);  //  a question's end
void calls_found (calls_t *self, query_t *query);           //  a look into the store
void calls_written (calls_t *self, uint64_t call, const problem_t *problem);  //  a token's change
void calls_persisted (calls_t *self);  //  everything that waited for the disk is there

#endif
