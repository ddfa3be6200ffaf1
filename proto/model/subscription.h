/*  subscription – match + action + deliver + policy: who wants which events, and what is done.
 *
 *  Immutable and counted: a change makes a new one with a higher version. Its JSON is the document
 *  of the API and of the store; the fields beside it are what the core and the worker need of it.
 */
#ifndef SUBSCRIPTION_H
#define SUBSCRIPTION_H

#include <jansson.h>

#include "proto/model/match.h"
#include "proto/model/policy.h"

enum { IN_FLIGHT_STANDARD = 64 };

typedef enum { ORDER_NONE, ORDER_KEY } order_t;
typedef enum { START_NOW, START_EARLIEST, START_TIME, START_SEQ } start_t;
typedef enum { KEEP_ALL, KEEP_FAILURES, KEEP_NONE } keep_t;

//  What makes a replay of a subscription: the same deliveries once more, from a stretch of the log.
typedef struct {
    const char *id;        //  NULL: it is no replay
    const char *of;        //  the subscription that is replayed
    const int64_t *from;   //  for each partition, the seq before the first one
    const int64_t *until;  //  and the last one
    size_t partitions;
    bool has_ended;
} replay_t;

//  What becomes of the result of its action: a new event.
typedef struct {
    const char *type;     //  NULL: nothing does
    const char *subject;  //  NULL: that of the event that was acted on
    const char *source;
} emit_t;

//  By whom it was brought: a worker, in its HELLO. Somebody's change makes it theirs.
typedef struct {
    const char *by;    //  the worker's name; NULL: nobody brought it
    int64_t revision;  //  a higher one replaces it
    bool keep;         //  it stays when the last worker that brings it has gone
} brought_t;

typedef struct subscription {
    const char *id;
    int64_t version;     //  ms since 1970 of its last change, rising: its ETag
    int64_t created_ms;  //  since 1970: its first version; 0: not known
    const match_t *match;
    const char *action;  //  "webhook"
    const char *labels;  //  that a worker must have (labels.h); "": none
    const char
        *deliver_json;  //  compact JSON of `action` and `deliver`, for the worker, secret included
    size_t deliver_size;  //  bytes
    retry_policy_t retry;
    breaker_policy_t breaker;
    batch_policy_t batch;
    coalesce_policy_t coalesce;
    bool is_asked;           //  takes questions and no stored events
    ask_policy_t ask;        //  of one that is
    bool replies;            //  who publishes with Prefer: wait waits for it
    int32_t in_flight_most;  //  requests: a batch is one
    bool adapts;             //  its cap moves below in_flight_most by itself
    double rate_per_second;  //  0: as fast as may be
    int64_t burst;           //  deliveries that a pause saves up for
    order_t order;
    start_t start;
    int64_t start_at;    //  START_TIME: ms since 1970; START_SEQ: the first seq
    int64_t expires_ms;  //  since 1970; 0: never
    keep_t keep;         //  which attempts
    bool is_broadcast;   //  every worker that offers its action gets each event, from the feed
    bool is_paused;
    bool is_disabled;
    const char *disabled_because;  //  "asked", "gone", "failing"; "" when it is not
    replay_t replay;
    brought_t brought;
    emit_t emit;
    bool delivers_results;   //  deliver.url is for them: its companion does it (results.h)
    const char *results_of;  //  of a companion: the subscription it belongs to; NULL: it is none
    const json_t *document;  //  all of it, normalised: defaults filled in, secret included
} subscription_t;

/*  From the document in a request ({"id"?, "match", "action"?, "deliver", …}, without the outer
 *  "data"). Defaults are filled in; an id and a signing secret (whsec_ and 32 random bytes in base64)
 *  are made where none is given. NULL and a problem (BAD_SUBSCRIPTION or BAD_MATCH, path in name)
 *  for an unknown member, a wrong type, a value out of bounds.
 */
subscription_t *subscription_new (const json_t *document, int64_t version, const limits_t *limits,
                                  problem_t *problem);
/*  From what subscription_dump made, as the store keeps it. */
subscription_t *subscription_load (const char *text, size_t size, const limits_t *limits,
                                   problem_t *problem);
char *subscription_dump (const subscription_t *self);  //  for the store; free () it

/*  The same with another state, a new version: what pausing and 410 Gone make of it. because: a
 *  word of disabled_because; NULL when it is not disabled.
 */
subscription_t *subscription_with_state (const subscription_t *self, int64_t version,
                                         bool is_paused, const char *because);

//  The same, of the same version, but nobody has brought it: somebody has changed it.
subscription_t *subscription_taken_over (const subscription_t *self);

/*  The replay `id` of it, of that stretch of the log; its id is that of the subscription, ~ and `id`.
 *  match: instead of its own; NULL: its own. rate_per_second: 0: its own.
 */
subscription_t *subscription_replay (const subscription_t *self, int64_t version,
                                     const replay_t *replay, const json_t *match,
                                     double rate_per_second, const limits_t *limits,
                                     problem_t *problem);
subscription_t *subscription_replay_ended (const subscription_t *self, int64_t version);

subscription_t *subscription_ref (const subscription_t *self);
void subscription_destroy (subscription_t **self_p);  //  gives one reference back; safe on NULL

/*  The document to show: with or without its secret, last_modified = version added. Owned by the
 *  caller.
 */
json_t *subscription_show (const subscription_t *self, bool with_secret);

#endif
