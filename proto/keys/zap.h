/*  zap – who asks whether a key may come in, and our answer: RFC 27 of ZeroMQ, one for a context.
 *
 *  libzmq asks in a handshake, over inproc, and waits with that connection alone for the answer. Its
 *  socket has to be bound before any that asks, and closed after them: CURVE without a live handler
 *  lets everybody in.
 */
#ifndef ZAP_H
#define ZAP_H

#include "proto/keys/node_key.h"

typedef struct zap zap_t;

typedef struct {
    const char *address;              //  where it comes from, as digits; perhaps ""
    door_t door;                      //
    char public_key [KEY_TEXT_SIZE];  //
} zap_question_t;

//  Whether this key may come in there.
typedef bool zap_judge_t (void *context, const zap_question_t *question);

/*  NULL and a problem (SYSTEM) when the context has a handler already. */
zap_t *zap_new (void *zmq, zap_judge_t *judge, void *context, problem_t *problem);
void zap_destroy (zap_t **self_p);

void *zap_socket (const zap_t *self);
bool zap_ready (void *self);  //  a loop_ready_t: answers what is asked, under a budget

#endif
