/*  subscriber – a subscription as the core has it: a track for each partition, and on it the
 *  deliveries that have not ended.
 *
 *  Lists are utlist's: doubly linked, the head's prev is the tail.
 */
#ifndef SUBSCRIBER_H
#define SUBSCRIBER_H

#include <uthash.h>
#include <utlist.h>

#include "broker/core/due_queue.h"
#include "broker/core/matching.h"
#include "broker/core/pace.h"
#include "broker/core/view.h"

typedef struct subscriber subscriber_t;
typedef struct track track_t;
typedef struct delivery delivery_t;
typedef struct lease lease_t;
typedef struct session session_t;
typedef struct offer offer_t;
typedef struct bundle bundle_t;
typedef struct bringing bringing_t;

//  Deliveries of one ordering key in one track, by seq. The first may go, the rest are held.
typedef struct key_line {
    uint64_t hash;  //  of the key: two keys that share it wait for one another, which is harmless
    delivery_t *deliveries;
    UT_hash_handle hh;
} key_line_t;

//  A burst of a subscription that coalesces, while its window is open.
typedef struct group {
    char *value;             //  ours; what its events have in common
    int64_t until_ms;        //  the window: from the acceptance of the first
    int32_t count;           //  events so far, skipped ones included
    delivery_t *deliveries;  //  those that are left, by seq
    UT_hash_handle hh;       //  by value
} group_t;

struct delivery {
    track_t *track;
    int64_t seq;
    event_t *event;  //  ours; NULL: it is in the log, and read again when its turn comes
    delivery_state_t state;
    reason_t reason;          //  why it is in this state
    int32_t attempts;         //  tries so far
    int32_t forgiven;         //  of these, before it was last redriven
    int32_t crashes;          //  workers that died over it
    bool is_exception;        //  has a row, and does not pin the floor
    bool is_queued;           //  stands in fresh or again
    bool is_again;            //  in again, or would be
    bool is_fetching;         //  stands in core->fetches
    bool is_parked;           //  stands in the track's parked
    bool is_unknown;          //  order: key, and its event was not read since the restart
    bool is_redriven;         //  order: key, and its event was not read since it was redriven
    bool is_alone;            //  stands in core->lonely, or a session is kept free for it
    session_t *keeper;        //  that session; NULL: none yet
    lease_t *lease;           //  while IN_FLIGHT
    struct former *former;    //  the last one whose session has ended; NULL: none has
    uint64_t read;            //  the READ that brings its event; 0: none
    due_node_t due;           //  while RETRY
    key_line_t *line;         //  order: key
    group_t *group;           //  while its burst is gathered
    uint64_t burst;           //  that it goes in one batch with; 0: with whatever waits
    int64_t ripe_ms;          //  until then it waits for others to go with it; 0: not set
    delivery_t *prev, *next;  //  in the track's pins or exceptions
    delivery_t *queue_prev, *queue_next;  //  in fresh, again or parked, or core's fetches or lonely
    delivery_t *line_prev, *line_next;    //  in line
    delivery_t *group_prev, *group_next;  //  in group
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
    bool is_done;           //  of a replay: it has come to the end of its stretch
    bool is_ordered;        //  order: key, as it was when the first of its deliveries came
    int64_t recover_until;  //  order: key, after a restart: sends nothing before cursor is here
    size_t unknown_keys;    //  exceptions whose event, and so key, is not read yet
    int64_t fed;            //  of a broadcast subscription: the last seq that was told
    int64_t stored_floor;   //  as last saved
    bool stored_quiet;
    delivery_t *pins;        //  not ended and no exception, by seq: the first holds the floor
    delivery_t *exceptions;  //  retry, held, slow
    delivery_t *fresh;       //  waiting for a first try, with their events
    delivery_t *again;       //  waiting once more, with their events
    delivery_t *parked;      //  waiting once more, their events not read yet
    size_t again_count;      //  how many in again
    size_t fresh_count;      //  how many in fresh
    due_node_t ripe;         //  when what waits goes, even if it fills no batch
    group_t *groups;         //  by value
    size_t awaited;          //  how many whose events are being read again
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
    int32_t in_flight;  //  leases; those of a batch count as one
    pace_t pace;
    health_t health;
    due_node_t wake;       //  its rate, its breaker or its end has a time
    bringing_t *bringers;  //  sessions that have brought it, and live
    due_node_t abandoned;  //  nobody who brought it is there: when it goes
    size_t parked;         //  deliveries, over all tracks
    int64_t deficit;       //  bytes it may still send in its turn
    bool is_ready;         //  in offer->ready or offer->ready_again
    bool is_urgent;        //  in offer->ready: it has first tries
    track_t *sending;      //  tracks that could send, served in turn
    subscriber_t *ready_prev, *ready_next;
    subscriber_t *offer_prev, *offer_next;  //  in offer->subscribers
    UT_hash_handle hh;                      //  by id
};

#endif
