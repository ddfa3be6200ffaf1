/*  ledger – the facts of a life: what clients published and were promised, what was asked of the
 *  broker, what consumers got and how they answered. It judges nothing: checker and model do.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdlib.h>
#define uthash_fatal(message) abort ()
#include <uthash.h>

#include "proto/model/event.h"
#include "proto/model/record.h"

enum { LEDGER_SUBSCRIPTIONS = 16, LEDGER_PARTITIONS = 4 };

//  What the consumer of one subscription had of one event.
typedef struct {
    int begins;             //  attempts that began, and how they ended:
    int oks, tries, fails;  //  well; to be tried again; for good
    int64_t ok_begun_ms;    //  of the last one that went well
} experience_t;

typedef struct {
    event_t *event;     //  ours; it has its place once somebody has seen it
    int key;            //  a number for its ordering key
    int32_t partition;  //  as the client was told
    int64_t seq;        //  0: not confirmed
    status_t refusal;   //  the last
    experience_t experiences [LEDGER_SUBSCRIPTIONS];
    UT_hash_handle hh;  //  by the event's id
} promise_t;

typedef struct {
    subscription_t *subscription;            //  ours; as it was asked for last
    int64_t start_seqs [LEDGER_PARTITIONS];  //  in each partition, the last seq it does not want
} asked_t;

typedef struct {
    promise_t **promises;  //  in the order of publishing
    size_t promise_count, promise_room;
    promise_t *by_id;
    asked_t asked [LEDGER_SUBSCRIPTIONS];
    size_t asked_count;
} ledger_t;

ledger_t *ledger_new (void);
void ledger_destroy (ledger_t **self_p);

promise_t *ledger_publish (ledger_t *self, const event_t *event);
promise_t *ledger_promise (const ledger_t *self, const char *event);  //  NULL: never published

//  Made, or another version of it. Its place in `asked`.
size_t ledger_ask (ledger_t *self, const subscription_t *subscription, const int64_t *start_seqs);
size_t ledger_place (const ledger_t *self, const char *subscription);

#endif
