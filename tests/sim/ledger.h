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

enum { LEDGER_SUBSCRIPTIONS = 32, LEDGER_PARTITIONS = 4 };

//  What the consumer of one subscription had of one event, and what was asked for it.
typedef struct {
    int begins;             //  attempts that began, and how they ended:
    int oks, tries, fails;  //  well; to be tried again; for good
    int skips;              //  with nothing to be done
    int64_t ok_begun_ms;    //  of the last one that went well, or had nothing to do
    int suspicions;         //  workers that were lost while they may have been at work on it, and
                            //  nobody has settled it since
    int redrives;
    bool was_cancelled;  //  somebody cancelled it once; perhaps, if the broker died over it
    bool is_cancelled;   //  surely, and nobody has redriven it since
    bool is_discarded;   //  somebody gave it up; perhaps, if the broker died over it
    bool was_poison;     //  there were suspicions enough once
    bool is_kept;        //  the broker has said that it keeps it as gone well …
    int kept_redrives;   //  … after it had been redriven so often
    struct promise
        *instead;  //  the later event of its burst for which the broker skipped it, as it says
} experience_t;

typedef struct promise {
    event_t *event;        //  ours; it has its place once somebody has seen it
    int key;               //  a number for its ordering key
    int32_t partition;     //  as the client was told
    int64_t seq;           //  0: not confirmed
    status_t refusal;      //  the last
    int64_t confirmed_ms;  //  when the client heard of it first
    experience_t experiences [LEDGER_SUBSCRIPTIONS];
    UT_hash_handle hh;  //  by the event's id
} promise_t;

//  A subscription, or a replay. Which events it wants is a promise only once it was answered.
typedef struct {
    subscription_t *subscription;  //  ours; as it was asked for last
    const char *type;              //  the pattern in its match; NULL: it has none
    const char *via;               //  likewise: it wants what this one's action makes
    int64_t
        low_seqs [LEDGER_PARTITIONS];  //  in each partition: what is not above it it never gets,
    int64_t high_seqs [LEDGER_PARTITIONS];   //  what is above this one it does,
    int64_t until_seqs [LEDGER_PARTITIONS];  //  if it is not above this one
    bool is_ending;                          //  somebody asked for its end
} asked_t;

typedef struct {
    promise_t **promises;  //  in the order of publishing
    size_t promise_count, promise_room;
    promise_t *by_id;
    asked_t asked [LEDGER_SUBSCRIPTIONS];
    size_t asked_count;
    int64_t soft_seqs [LEDGER_PARTITIONS];  //  the log may begin after these, if nobody needs more,
    int64_t hard_seqs [LEDGER_PARTITIONS];  //  and after these even so
} ledger_t;

ledger_t *ledger_new (void);
void ledger_destroy (ledger_t **self_p);

promise_t *ledger_publish (ledger_t *self, const event_t *event);
//  It has another place in the log: there it is new to all.
void ledger_moved (ledger_t *self, promise_t *promise, const event_t *event);
promise_t *ledger_promise (const ledger_t *self, const char *event);  //  NULL: never published

//  Asked for, or another version of it, with who delivers its results; then made, when the log was as long as `last_seqs`; then asked
//  to end, with its replays.
void ledger_ask (ledger_t *self, const subscription_t *subscription);
void ledger_made (ledger_t *self, const char *subscription, const int64_t *last_seqs);
void ledger_end (ledger_t *self, const char *subscription);
asked_t *ledger_find (ledger_t *self, const char *subscription);       //  NULL: never asked for
size_t ledger_place (const ledger_t *self, const char *subscription);  //  it was asked for

//  Whether the one at this place is a replay of that subscription, or delivers its results.
bool ledger_goes_with (const ledger_t *self, size_t place, const char *subscription);

void ledger_redriven (ledger_t *self, const char *subscription, int32_t partition, int64_t seq);
void ledger_discarded (ledger_t *self, const char *subscription, int32_t partition, int64_t seq);
void ledger_cancelled (ledger_t *self, const char *subscription, int32_t partition, int64_t seq);
void ledger_trimmed (ledger_t *self, int32_t partition, int64_t soft_seq, int64_t hard_seq);

#endif
