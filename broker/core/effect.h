/*  effect – what the core wants done. */
#ifndef CORE_EFFECT_H
#define CORE_EFFECT_H

#include "broker/core/input.h"

/*  What the core wants done, in this order. Its pointers are the core's until the next step, but
 *  for APPEND and SAVE, whose pointers hold until their ticket is (NOT_)PERSISTED.
 */
// clang-format off
typedef struct {
    enum {
        EFFECT_APPEND, EFFECT_SAVE, EFFECT_READ, EFFECT_CONFIRM, EFFECT_REFUSE, EFFECT_WELCOME,
        EFFECT_DELIVER, EFFECT_SETTLED, EFFECT_RESET, EFFECT_ERROR, EFFECT_BYE, EFFECT_ANSWER,
        EFFECT_FEED, EFFECT_FEEDS, EFFECT_CATCH_UP, EFFECT_DECIDE, EFFECT_CANCEL
    } kind;
    reason_t reason;
    peer_t peer;           //  to whom
    session_id_t session;  //  for workers
    uint64_t request;      //  for gateways
    union {
        //  Writes share one row of tickets, 1, 2, 3 … The writer may put any run of them into one commit.
        struct { uint64_t ticket; event_t *const *events; size_t count; } append;
        //  The events of a SAVE are results: all of it is written, or nothing.
        struct { uint64_t ticket; const change_t *changes; size_t count;
                 event_t *const *events; size_t event_count; } save;
        struct { uint64_t read; int32_t partition; int64_t above_seq; size_t limit_bytes, limit_events; } read;
        //  backoff_ms: a limit is near: clients would do well to wait so long; 0: it is not.
        struct { event_t *const *events; const verdict_t *verdicts; size_t count; int64_t backoff_ms; } confirm;
        struct { status_t status; int64_t retry_after_ms; } refuse;
        //  former: what it tells of leases of this session of its may count; 0: of none.
        struct { int64_t heartbeat_ms; session_id_t former; } welcome;
        //  number counts the deliveries of the session from 1, as its credit does.
        struct { lease_id_t lease; uint64_t number; int32_t attempt; int64_t deadline_ms;
                 uint64_t batch;  //  those with the same number, one after another, go together; 0: alone
                 subscription_t *subscription; event_t *event; } deliver;
        struct { const lease_id_t *leases; size_t count; } settled;
        //  These leases are over: what is still at work on them is to stop.
        struct { const lease_id_t *leases; size_t count; } cancel;
        struct { status_t status; } error;  //  bad manners: what was wrong with the peer's message
        //  To everybody: nothing of this subscription (NULL: nothing at all) lies in the partition's
        //  log between prev and the event. FEEDS: what core_each_feed has is to be told to this one.
        struct { subscription_t *subscription; event_t *event; int64_t prev; } feed;
        //  What the subscription matches of the log after above, up to up_to; the log begins with first.
        struct { subscription_t *subscription; int32_t partition; int64_t above, up_to, first; } catch_up;
        //  To SUBSCRIBE and UNSUBSCRIBE, after it is stored.
        struct { status_t status; subscription_t *subscription; } answer;
        //  To ASK. OK: all who were asked have answered, or were silent: what they said together, and
        //  each of them by subscription. Another status: nobody was asked, or it is not waited for.
        struct { status_t status; const event_t *event; const opinion_t *opinion;
                 const reply_t *replies; size_t count; } decide;
    };
} effect_t;
// clang-format on

#endif
