/*  state – what the core remembers. Only core/ looks inside.
 *
 *      subscriber   a subscription, and a track for each partition
 *      track        how far it has come there, and the deliveries that have not ended
 *      delivery     one event for one subscription
 *      session      a worker; offer: an action and labels, who performs it and who wants it
 *      lease        a delivery in a session's hands
 *      pending      a write that is not on disk yet
 *
 *  Lists are utlist's: doubly linked, the head's prev is the tail.
 */
#ifndef STATE_H
#define STATE_H

#include "broker/core/effects.h"
#include "broker/core/workers.h"
#include "proto/model/random.h"

typedef struct pending pending_t;

typedef struct {
    int64_t first_seq;  //  of what the log has without gaps
    int64_t trim_to;    //  it is to begin after this; below first_seq: nothing is to go
    bool is_trimming;   //  a CHANGE_TRIM is on its way to the disk
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

//  An event that a SAVE brings along: the result of a delivery that has ended well.
typedef struct {
    const char *subscription;  //  in the arena
    int32_t partition;
    int64_t seq;       //  of the event that was acted on
    int32_t attempts;  //  so far
} emission_t;

struct pending {
    bool is_append;
    uint64_t ticket;      //  0: not emitted, or withdrawn to be emitted again
    bool may_be_written;  //  it was emitted before, and nobody knows what came of that
    peer_t peer;          //  of the PUBLISH, or of the request that wants an ANSWER; 0: nobody
    uint64_t request;
    event_t **events;  //  ours
    size_t event_count, bytes;
    emission_t *emissions;  //  of a SAVE: what each event is of
    size_t event_room;
    change_t *changes;
    size_t change_count, change_room;
    change_t *merged;         //  these and those of the SAVEs that travel with it
    event_t **merged_events;  //  likewise; borrowed from them
    kept_t *kept;
    size_t kept_count, kept_room;
    status_t answer_status;  //  what ANSWER says when it is on disk
    subscription_t *answer;  //  ours; what ANSWER shows; NULL: nothing
    bool trims;              //  has a CHANGE_TRIM
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
    offer_t *offers;       //  by action and labels
    session_t *sessions;   //  by id
    struct death *deaths;  //  that workers seem to have died, the oldest first
    size_t death_count;
    struct drained *drained;     //  names of workers that get nothing more
    lease_t *leases;             //  by id
    struct former *formers;      //  leases whose session has ended, by id (belated.c)
    struct ended *ended;         //  these sessions, by id
    size_t cancelled;            //  leases that are, and that a worker may still have
    lease_id_t last_lease;       //  of deliveries and of questions alike
    struct question *questions;  //  open
    struct asked *asked;         //  that a worker has, by lease
    struct asked *unasked;       //  that wait for a worker, the oldest first
    struct question *decided;    //  freed at the next step, since effects point to them
    size_t awaited, question_bytes;
    bool may_ask;  //  something of what `unasked` waits for has come
    uint64_t last_bundle, last_burst;
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
    event_t **notices;       //  that wait to be appended; ours
    size_t notice_count;
    uint64_t notices_lost;  //  for which there was no room
    delivery_t *lonely;     //  that want a session to themselves; by queue_next
    uint64_t feed_changes;  //  of broadcast subscriptions, so far
    uint64_t skipped;       //  events that subscriptions lost to retention
    uint64_t coalesced;     //  events in whose place a later one of their burst goes
    size_t waiting, waiting_bytes, gathered, lease_count, retries, dead;
};

#endif
