/*  sink – a consumer in this process: takes deliveries over HTTP on loopback, and hands each to a
 *  function.
 */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/model/status.h"

typedef struct sink sink_t;

//  One POST. Everything in it is the sink's, for the call.
typedef struct {
    const char *id, *timestamp, *signature;  //  the webhook- headers; "" when they are missing
    const char *content_type;
    const char *body;  //  size bytes, zero after
    size_t size;
} arrival_t;

//  Called in a thread of the sink's, one at a time for each connection.
typedef void sink_arrived_t (void *context, const arrival_t *arrival);

//  On a free port of 127.0.0.1. NULL and a problem otherwise.
sink_t *sink_new (sink_arrived_t *arrived, void *context, problem_t *problem);
void sink_destroy (sink_t **self_p);
const char *sink_url (const sink_t *self);  //  "http://127.0.0.1:34567/demo"

#endif
