/*  items – what the lists of a message hold. */
#ifndef ITEMS_H
#define ITEMS_H

#include "proto/model/event.h"
#include "proto/model/record.h"

//  What a CONFIRM says of one event.
typedef struct {
    enum { CONFIRMED_STORED, CONFIRMED_DUPLICATE, CONFIRMED_ID_TAKEN } kind;
    int32_t partition;
    int64_t seq;
} confirmation_t;

//  What a worker has to know of a subscription; the same version always says the same.
typedef struct {
    const char *subscription;
    int64_t version;
    const char *deliver;  //  JSON of `action` and `deliver`
    size_t deliver_size;
    int64_t timeout_ms;  //  of one attempt
} target_t;

typedef struct {
    uint64_t lease;
    uint64_t number;  //  counts the deliveries of the session from 1
    int32_t attempt;
    int64_t deadline_ms;  //  from its arrival: after this the broker takes the lease back
    uint32_t target;      //  index into the targets of its message
    uint64_t batch;  //  those beside it with the same number go to the consumer with it; 0: alone
    event_t *event;
} delivery_t;

//  A broadcast subscription, and how far its feed has come.
typedef struct {
    const char *subscription;
    int64_t version;
    int64_t created_ms;    //  FEEDS: of its first version: another one of this name is another feed
    const char *document;  //  FEEDS: all of it, JSON, secret included
    size_t document_size;
    uint64_t *seqs;  //  by partition: the last one that was told
    size_t seq_count;
} feed_t;

typedef struct {
    uint64_t lease;
    outcome_t outcome;
    int64_t retry_after_ms;
    bool disables;
    int64_t time_ms, duration_ms;
    int32_t http_status;
    int32_t connect_us, tls_us, first_byte_us;  //  as in attempt_t
    const char *error, *result;                 //  UTF-8; "" when none
    const char *counted;                        //  likewise: a key
    bool counts;                                //  one more of `counted`, if it is ok
} settlement_t;

#endif
