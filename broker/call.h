/*  call – one CALL of a gateway, from its arguments to its reply: for the files of methods.
 *
 *  A method ends its call with one of call_reply, call_reply_text, call_fail, which free it; or
 *  leaves it with something under way: a look into the store goes on in `found`, a change ends with
 *  `prepared` when it is on disk.
 */
#ifndef CALL_H
#define CALL_H

#include <jansson.h>
#include <uthash.h>

#include "broker/calls.h"
#include "proto/model/owned.h"

typedef struct call call_t;
typedef void call_found_t (call_t *self, query_t *query);

struct call {
    edge_t *edge;           //  borrowed
    calls_t *calls;         //  it is one of these
    uint64_t number;        //  ours, 1, 2, 3 …
    peer_t peer;            //  who asked
    uint64_t request;       //  the gateway's number of it
    json_t *args;           //  an object; ours
    json_t *prepared;       //  the answer, once what it says is on disk; ours
    call_found_t *found;    //  goes on with what the reader found
    bool may_find_nothing;  //  NOT_FOUND is for `found` too
    query_t question;       //  for the reader, as last asked
    void *more;             //  what its method keeps while it waits; ours
    void (*more_free) (void *more);
    uint64_t behind;        //  what the store did not know when it was asked, as event_view says
    uint64_t after_ticket;  //  goes on with `then` once this is on disk
    void (*then) (call_t *self);
    call_t *prev, *next;  //  in the line of those that wait for the disk
    bool is_answered;     //  it goes on without being waited for
    UT_hash_handle hh;
};

#define METHOD(name, function, text) void call_##function (call_t *self);
#include "broker/calls.tbl"

void call_decided (call_t *self, const effect_t *decide);  //  event.ask: its question has ended

//  Each ends the call.
void call_reply (call_t *self, json_t *json);  //  takes it
void call_reply_text (call_t *self, const char *json, size_t size);
void call_fail (call_t *self, const problem_t *problem);

/*  Answers, and goes on: a long piece of work, of which the caller has heard enough. What ends the call
 *  later is not sent; a failure is logged.
 */
void call_reply_early (call_t *self, json_t *json);  //  takes it

/*  Asks the reader, and goes on in `found`: at once, or when everything that is now on its way to
 *  the disk is there. Ends the call with FULL when too much waits there.
 */
void call_ask (call_t *self, int kind, const char *text, call_found_t *found);
void call_ask_query (call_t *self, const query_t *question, call_found_t *found);
void call_ask_again (call_t *self);
/*  Whether to ask again, since deliveries have ended after the store was read, as event_view says of
 *  `behind`. False: what was found is all there is, for the same was said when it was asked before.
 */
bool call_is_behind (call_t *self, uint64_t behind);
//  Anything else, and the first, when a ticket is on disk: at once, if it is there.
void call_when_on_disk (call_t *self, uint64_t ticket, void (*then) (call_t *self));
void call_ask_on_disk (call_t *self, uint64_t ticket, const query_t *question, call_found_t *found);

//  Arguments. One that must be there but is not gives BAD_REQUEST.
status_t call_text (const call_t *self, const char *name, const char **text, problem_t *problem);
status_t call_number (const call_t *self, const char *name, int64_t *number, problem_t *problem);
//  Those that may be missing: then what is there stays. BAD_PARAMETER out of bounds.
status_t call_optional_text (const call_t *self, const char *name, const char **text,
                             problem_t *problem);
status_t call_optional_number (const call_t *self, const char *name, int64_t least, int64_t most,
                               int64_t *number, problem_t *problem);

/*  The subscription that argument `name` names, borrowed from the core; NULL and NOT_FOUND. Replays
 *  are none: what is theirs is in replay.*.
 */
subscription_t *call_subscription (const call_t *self, const char *name, problem_t *problem);
subscription_t *call_subscription_or_replay (const call_t *self, const char *name,
                                             problem_t *problem);  //  "S", or "S~rID"
//  if_match: the version that the caller has seen. CHANGED: there is another, or none.
status_t call_check_version (const call_t *self, const subscription_t *subscription,
                             problem_t *problem);
int64_t call_next_version (const call_t *self, const subscription_t *old);  //  old: NULL for none
//  Has the core take it; the call ends with what was prepared when that is on disk.
void call_subscribe (call_t *self, subscription_t *subscription);

//  So many bytes a reply may have, within a message.
size_t call_reply_most (const call_t *self);

static inline void
json_destroy (json_t **json_p)
{
    json_decref (*json_p);
    *json_p = NULL;
}

#endif
