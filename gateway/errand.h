/*  errand – what one request thread wants of the broker, and waits for.
 *
 *  It lies on the stack of the thread that waits. From errands_put until it is done, or has been
 *  withdrawn, the link thread may write its answer into it, under the lock of errands.
 */
#ifndef ERRAND_H
#define ERRAND_H

#include <stdatomic.h>

#include "gateway/bytes.h"
#include "proto/wire/message.h"

typedef struct errand {
    //  What is wanted, set by whoever waits. A PUBLISH has events; a CALL has a method.
    event_t *const *events;  //  borrowed
    size_t event_count;
    size_t bytes;        //  that it takes in a message, at the most
    const char *method;  //  NULL: it is a PUBLISH
    const char *json;    //  arguments, borrowed
    size_t json_size;
    int64_t timeout_ms;  //  it waits so long; 0: as all do
    bool changes;        //  a CALL that, unanswered, may have been carried out

    //  The answer.
    status_t status;
    int64_t retry_after_ms;         //  of a REFUSE; 0 when it says nothing
    int64_t backoff_ms;             //  of a CONFIRM: to wait before the next; 0: need not
    problem_t problem;              //  its sentence, if there is one
    confirmation_t *confirmations;  //  room of the caller for event_count
    bytes_t reply;                  //  JSON of a REPLY: the caller's to free, also on failure

    //  Of errands.c.
    enum { ERRAND_WAITING, ERRAND_SENT, ERRAND_DONE } stage;
    struct errand *prev, *next;  //  while it waits
    struct shipment *shipment;   //  while it is sent
    size_t slot;                 //  in the shipment
    bool is_alone;               //  refused in company: it travels by itself
    unsigned gate;               //  where its thread sleeps
    atomic_bool is_done;
} errand_t;

#endif
