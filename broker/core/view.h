/*  view – what may be asked of the core at any time, without changing anything. */
#ifndef VIEW_H
#define VIEW_H

#include "broker/core/core.h"

typedef enum {
    DELIVERY_NOT_MATCHED,  //  or from before the subscription began
    DELIVERY_WAITING,
    DELIVERY_IN_FLIGHT,
    DELIVERY_RETRY,
    DELIVERY_HELD,
    DELIVERY_DELIVERED,
    DELIVERY_DEAD,
    DELIVERY_SKIPPED
} delivery_state_t;
const char *delivery_state_name (delivery_state_t state);  //  "in_flight"

typedef struct {
    delivery_state_t state;
    reason_t reason;
    int32_t attempts;    //  tries so far
    int64_t due_ms;      //  next try, when it waits for one; 0 otherwise
    const char *worker;  //  who has it; "" when nobody
    //  What its worker last said of it: percent 0: not said, text ""; said_ms 0: nothing.
    int32_t percent;
    const char *text;
    int64_t said_ms;
} delivery_view_t;

/*  What the core holds of one event for one subscription. false: nothing, and then it has ended (the
 *  attempts in the store say how) if core_has_passed, or has not been read from the log yet.
 */
bool core_look (const core_t *self, const char *subscription, int32_t partition, int64_t seq,
                delivery_view_t *view);
bool core_has_passed (const core_t *self, const char *subscription, int32_t partition, int64_t seq);
//  It has been tried, and the disk does not know of it yet: a crash now would repeat it.
bool core_is_saving (const core_t *self, const char *subscription, int32_t partition, int64_t seq);

//  Whether it may be cancelled, if it is wanted at all: it has not ended. false also of one that lies so
//  far behind what is done that its end cannot be written down yet.
bool core_can_cancel (const core_t *self, const char *subscription, int32_t partition, int64_t seq);

//  The seq of the last event of a partition that is on disk and was announced; 0: none.
int64_t core_last_seq (const core_t *self, int32_t partition);
int64_t core_first_seq (const core_t *self, int32_t partition);  //  where the log begins

//  One by its id, NULL when there is none; and all of them, in no order that matters.
subscription_t *core_subscription (const core_t *self, const char *id);
typedef void core_subscription_found_t (void *context, subscription_t *subscription);
void core_each_subscription (const core_t *self, core_subscription_found_t *found, void *context);

//  So many dead letters may be redriven now: what is tried again has a row, and rows a bound.
size_t core_redrive_room (const core_t *self, const char *subscription, int32_t partition);

typedef struct {
    const char *name;    //  the worker's
    const char *labels;  //  that it has (labels.h)
    session_id_t session;
    peer_t peer;
    size_t leases, credit;
    int64_t joined_ms, seen_ms;  //  seen: when it said something last
    bool listens;                //  to feeds
    bool is_leaving;             //  said BYE
    bool is_draining;            //  gets nothing more, because somebody said so
    uint64_t missed;             //  seqs of the log that it came too late for
} session_view_t;
typedef void core_session_found_t (void *context, const session_view_t *view);
void core_each_session (const core_t *self, core_session_found_t *found, void *context);

//  The names of workers that are to get nothing more, whether they are here or not.
bool core_is_drained (const core_t *self, const char *worker);
size_t core_drained (const core_t *self);  //  how many names
typedef void core_drained_found_t (void *context, const char *worker);
void core_each_drained (const core_t *self, core_drained_found_t *found, void *context);

//  Broadcast: how often one was made, changed or ended; those of the actions that a session offers;
//  and the last seq that one has told.
uint64_t core_feed_changes (const core_t *self);
void core_each_feed (const core_t *self, session_id_t session, core_subscription_found_t *found,
                     void *context);
int64_t core_feed_seq (const core_t *self, const char *subscription, int32_t partition);

typedef struct {
    int64_t last_seq;  //  over all partitions, the sum
    size_t subscriptions, sessions, leases, pending_events, pending_bytes, waiting, waiting_bytes;
    size_t pending_saves;  //  what is not on disk yet of outcomes and changes
    size_t retries, dead;
    size_t gathered;        //  deliveries that wait for the end of their coalesce window
    size_t awaited;         //  answers to questions
    size_t broken;          //  subscriptions whose breaker is open
    uint64_t skipped;       //  events that subscriptions lost to retention
    uint64_t coalesced;     //  events in whose place a later one of their burst goes
    uint64_t notices_lost;  //  tocsin.… events for which there was no room
    int64_t behind;         //  events the furthest subscription still has to read
} core_stats_t;
core_stats_t core_stats (const core_t *self);

#endif
