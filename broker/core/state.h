/*  state – what the core remembers. Only core/ looks inside.
 *
 *      subscriber   a subscription, and a track for each partition
 *      track        how far it has come there, and the deliveries that have not ended
 *      delivery     one event for one subscription
 *      session      a worker; offer: an action, who performs it and who wants it
 *      lease        a delivery in a session's hands
 *      pending      a write that is not on disk yet
 *
 *  Lists are utlist's: doubly linked, the head's prev is the tail.
 */
#ifndef STATE_H
#define STATE_H

#include "broker/core/effects.h"
#include "broker/core/random.h"
#include "broker/core/subscriber.h"

typedef struct session session_t;
typedef struct pending pending_t;

//  A session's place in an offer; it is in offer->open while the session has credit.
typedef struct membership {
    session_t *session;
    offer_t *offer;
    struct membership *prev, *next;
} membership_t;

struct offer {
    char *action;               //  ours
    size_t sessions;            //  that offer it
    membership_t *open;         //  those with credit, served in turn
    subscriber_t *ready;        //  those that could send, served in turn
    subscriber_t *subscribers;  //  all that want it
    UT_hash_handle hh;          //  by action
};

struct session {
    session_id_t id;
    peer_t peer;
    char *name;  //  ours
    membership_t *memberships;
    size_t membership_count;
    bool is_open;                                       //  stands in its offers' open
    bool is_leaving;                                    //  said BYE: gets nothing more
    uint64_t granted, granted_bytes, sent, sent_bytes;  //  totals since WELCOME
    int64_t seen_ms;
    due_node_t silence;
    lease_t *leases;
    size_t lease_count;
    UT_hash_handle hh;  //  by id
};

struct lease {
    lease_id_t id;
    session_t *session;    //  NULL when it has ended and the outcome is not on disk yet
    delivery_t *delivery;  //  NULL once settled, or when its subscription is gone
    uint64_t number;       //  of the session's deliveries
    int64_t sent_ms;
    bool is_settled;  //  its SAVE is under way
    uint64_t listed;  //  the heartbeat that last named it
    due_node_t deadline;
    lease_t *prev, *next;  //  in session->leases
    UT_hash_handle hh;     //  by id
};

typedef struct {
    int64_t last_seq;   //  of what is on disk and announced
    int64_t level_seq;  //  as last saved
    bool is_owned;
    track_t *lagging;  //  tracks that read from the log
    track_t *active;   //  tracks that are not quiet
} partition_t;

//  A lease whose outcome rides in a SAVE.
typedef struct {
    peer_t peer;
    session_id_t session;
    lease_id_t lease;
} kept_t;

struct pending {
    bool is_append;
    uint64_t ticket;  //  0: not emitted, or withdrawn to be emitted again
    peer_t peer;      //  of the PUBLISH, or of the request that wants an ANSWER; 0: nobody
    uint64_t request;
    event_t **events;  //  ours
    size_t event_count, bytes;
    change_t *changes;
    size_t change_count, change_room;
    change_t *merged;  //  these and those of the SAVEs that travel with it
    kept_t *kept;
    size_t kept_count, kept_room;
    subscription_t *answer;  //  ours; what ANSWER shows
    arena_t arena;           //  of the changes' strings and progresses
    pending_t *prev, *next;
};

//  A READ that has not been answered.
typedef struct {
    uint64_t id;
    int32_t partition;
    int64_t above_seq;
    bool is_fetch;
    delivery_t *delivery;  //  whose event a fetch brings; NULL: it wants it no more
    track_t *track;        //  that asked for a page; NULL: it is gone
    UT_hash_handle hh;
} reading_t;

struct core {
    core_settings_t settings;
    random_t random;
    int64_t now_ms;
    int64_t asked_ms;    //  the deadline last told: who calls much later was stopped
    int64_t lenient_ms;  //  until then nobody is judged silent or late
    bool is_stopping;
    partition_t *partitions;
    subscriber_t *subscribers;  //  by id
    matching_t *matching;
    offer_t *offers;      //  by action
    session_t *sessions;  //  by id
    lease_t *leases;      //  by id
    lease_id_t last_lease;
    uint64_t heartbeats;  //  so far, to tell which leases one has named
    due_queue_t due;
    track_t *hungry;  //  want a page
    track_t *dirty;
    delivery_t *fetches;  //  want their event; by queue_next
    reading_t *readings;  //  by id
    uint64_t last_read;
    size_t pages_under_way, fetches_under_way;
    int64_t reading_again_ms;  //  the log could not be read: not before then
    pending_t *pending;        //  writes, the oldest first
    pending_t *save;           //  of this step, not emitted yet
    pending_t *spent;          //  done with; freed at the next step, since effects point to them
    uint64_t last_ticket;
    size_t pending_events, pending_bytes;
    size_t pending_saves;
    status_t store_status;   //  OK, or why nothing is accepted now
    int64_t store_retry_ms;  //  when it is tried again
    int64_t level_due_ms;    //  next CHANGE_LEVEL, if something was added
    size_t waiting, waiting_bytes, lease_count, retries, dead;
};

#endif
