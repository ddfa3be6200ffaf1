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

#include <uthash.h>
#include <utlist.h>

#include "broker/core/core.h"
#include "broker/core/due_queue.h"
#include "broker/core/effects.h"
#include "broker/core/matching.h"
#include "broker/core/random.h"

typedef struct subscriber subscriber_t;
typedef struct track track_t;
typedef struct delivery delivery_t;
typedef struct session session_t;
typedef struct lease lease_t;
typedef struct offer offer_t;
typedef struct pending pending_t;

//  Deliveries of one ordering key in one track, by seq. The first may go, the rest are held.
typedef struct key_line {
    uint64_t hash;  //  of the key: two keys that share it wait for one another, which is harmless
    delivery_t *deliveries;
    UT_hash_handle hh;
} key_line_t;

struct delivery {
    track_t *track;
    int64_t seq;
    event_t *event;  //  ours; NULL: it is in the log, and read again when its turn comes
    delivery_state_t state;
    reason_t reason;          //  why it is in this state
    int32_t attempts;         //  tries so far
    bool is_exception;        //  has a row, and does not pin the floor
    bool is_queued;           //  stands in fresh or again
    bool is_again;            //  in again, or would be
    bool is_fetching;         //  stands in core->fetches
    bool is_unknown;          //  order: key, and its event was not read since the restart
    lease_t *lease;           //  while IN_FLIGHT
    uint64_t read;            //  the READ that brings its event; 0: none
    due_node_t due;           //  while RETRY
    key_line_t *line;         //  order: key
    delivery_t *prev, *next;  //  in the track's pins or exceptions
    delivery_t *queue_prev, *queue_next;  //  in fresh or again, or in core's fetches
    delivery_t *line_prev, *line_next;    //  in line
};

struct track {
    subscriber_t *subscriber;
    int32_t partition;
    bool is_owned;  //  the partition is ours
    progress_t progress;
    int64_t cursor;         //  up to here every event was asked; of a level track: last_seq
    bool is_level;          //  new events come from memory
    bool is_hungry;         //  in core->hungry
    bool is_dirty;          //  in core->dirty: its progress is to be saved
    bool is_sending;        //  in subscriber->sending
    bool is_sharing;        //  takes from the page that is being handed out
    bool is_reading;        //  has a READ under way
    bool is_ordered;        //  order: key, as it was when the first of its deliveries came
    int64_t recover_until;  //  order: key, after a restart: sends nothing before cursor is here
    size_t unknown_keys;    //  exceptions whose event, and so key, is not read yet
    int64_t stored_floor;   //  as last saved
    bool stored_quiet;
    delivery_t *pins;        //  not ended and no exception, by seq: the first holds the floor
    delivery_t *exceptions;  //  retry, held, slow
    delivery_t *fresh;       //  waiting for a first try, with their events
    delivery_t *again;       //  waiting once more, with their events
    size_t pinned;           //  how many pins
    size_t excepted;         //  how many exceptions
    size_t held_rows;        //  exceptions that are HELD
    size_t dead;             //  rows in the store
    uint32_t turns;          //  sends so far: each eighth goes to again first
    key_line_t *lines;
    track_t *hungry_prev, *hungry_next;
    track_t *dirty_prev, *dirty_next;
    track_t *sending_prev, *sending_next;
    track_t *lagging_prev, *lagging_next;  //  in partition's lagging
    track_t *active_prev, *active_next;    //  in partition's active
    bool is_active;
};

struct subscriber {
    subscription_t *subscription;  //  ours
    matching_node_t place;
    track_t *tracks;    //  one for each partition
    offer_t *offer;     //  of its action
    int32_t in_flight;  //  leases
    bool is_ready;      //  in offer->ready
    track_t *sending;   //  tracks that could send, served in turn
    subscriber_t *ready_prev, *ready_next;
    subscriber_t *offer_prev, *offer_next;  //  in offer->subscribers
    UT_hash_handle hh;                      //  by id
};

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
