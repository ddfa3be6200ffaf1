/*  workers – who performs actions, as the core has them: sessions, what they offer, what they hold. */
#ifndef WORKERS_H
#define WORKERS_H

#include "broker/core/subscriber.h"

//  A session's place in an offer; it is in offer->open while the session has credit.
typedef struct membership {
    session_t *session;
    offer_t *offer;
    struct membership *prev, *next;         //  in offer->open
    struct membership *last, *next_member;  //  in offer->members
    struct membership *before, *then;       //  in session->memberships
} membership_t;

struct offer {
    char *action;               //  ours; behind its zero stand the labels
    const char *labels;         //  that a session must have (labels.h)
    size_t sessions;            //  that fit
    membership_t *members;      //  these
    size_t draining;            //  of these
    membership_t *open;         //  those with credit, served in turn
    subscriber_t *ready;        //  those that could send first tries, served in turn
    subscriber_t *ready_again;  //  those that could send nothing but retries
    uint32_t turns;             //  so far: each eighth goes to ready_again first
    subscriber_t *subscribers;  //  all that want it
    size_t questions;           //  put to one of them, that are open
    UT_hash_handle hh;          //  by action and labels
};

struct session {
    session_id_t id;
    peer_t peer;
    char *name;           //  ours
    int64_t joined_ms;    //  when it said HELLO
    uint64_t instance;    //  of its process; 0: it does not tell
    session_id_t former;  //  of whose leases it may still speak; 0: of none
    char **actions;       //  that it performs; ours
    size_t action_count;
    char *labels;  //  that it has (labels.h); ours
    membership_t *memberships;
    bringing_t *brought;   //  subscriptions that it has brought
    bool is_open;          //  stands in its offers' open
    bool is_leaving;       //  said BYE: gets nothing more
    bool is_draining;      //  gets nothing more, because somebody said so
    bool tells_begun;      //  its heartbeats say what it is at work on
    uint64_t told;         //  the last of them
    bool listens;          //  is told of feeds
    int64_t listened_ms;   //  when it was told last
    uint64_t missed;       //  seqs of the log that it came too late for
    int64_t missed_above;  //  counted last; its seq + 1
    delivery_t *kept_for;  //  gets nothing else until it has had this
    uint64_t granted, granted_bytes, sent, sent_bytes;  //  totals since WELCOME
    int64_t seen_ms;
    due_node_t silence;
    lease_t *leases;
    struct asked *asked;  //  questions it is to answer
    size_t lease_count;   //  of both
    UT_hash_handle hh;    //  by id
};

//  A subscription that a session has brought.
struct bringing {
    session_t *session;
    subscriber_t *subscriber;
    struct bringing *prev, *next;    //  in session->brought
    struct bringing *before, *then;  //  in subscriber->bringers
};

struct lease {
    lease_id_t id;
    session_t *session;    //  NULL when it has ended and the outcome is not on disk yet
    delivery_t *delivery;  //  NULL once settled, or when its subscription is gone
    bundle_t *bundle;      //  its batch, until it has ended or is settled; NULL: it goes alone
    uint64_t number;       //  of the session's deliveries
    int64_t sent_ms;
    struct said *said;  //  what was last said of it; NULL: nothing
    bool is_settled;    //  its SAVE is under way
    bool is_cancelled;  //  its delivery has ended; the worker is told until it names it no more
    bool is_begun;      //  the worker is at work on it, as of its last heartbeat
    uint64_t listed;    //  the heartbeat that last named it
    due_node_t deadline;
    lease_t *prev, *next;  //  in session->leases
    UT_hash_handle hh;     //  by id
};

#endif
