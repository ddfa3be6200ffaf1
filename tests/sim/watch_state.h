/*  watch_state – what the watch is made of: watch hears what the broker hears, watch_said what it says. */
#ifndef WATCH_STATE_H
#define WATCH_STATE_H

#include "tests/sim/state.h"
#include "tests/sim/watch.h"
#include "tests/sim/watch_bringing.h"
#include "tests/sim/watch_policy.h"
#include "tests/sim/watch_settled.h"
#include "tests/sim/watch_workers.h"

//  Somebody has a delivery.
typedef struct {
    lease_id_t lease;
    session_id_t session;
    uint64_t number;
    uint64_t batch;  //  0: it went alone
    size_t place;    //  of the subscription in the ledger
    promise_t *promise;
    int64_t sent_ms, deadline_ms;
    bool is_named;     //  by the last heartbeat of its worker
    bool is_begun;     //  its worker says that it is at work on it
    bool is_probe;     //  the breaker was open
    bool has_ok;       //  others of its batch have been taken, or refused for good
    bool has_word;     //  of a consumer: not all of it was skipped
    bool disables;     //  the consumer said 410 to others of its batch
    bool is_doubtful;  //  overdue: taken back, unless the broker was itself asleep and is lenient
} handed_t;

//  What a worker has told with its heartbeats.
typedef struct {
    session_id_t session;
    peer_t peer;  //  it was welcomed at this connection, and is a stranger at others
    bool tells_begun, is_leaving;
} teller_t;

struct watch {
    world_t *world;
    ledger_t *ledger;
    handed_t *handed;
    size_t handed_count, handed_room;
    teller_t tellers [WORLD_SESSIONS];
    size_t teller_count;
    policy_t policies [LEDGER_SUBSCRIPTIONS];
    watch_workers_t *workers;
    watch_settled_t *settled;
    watch_bringing_t *bringing;
};

//  handed_count: none.
size_t watch_find (const watch_t *self, lease_id_t lease, session_id_t session);
void watch_take_back (watch_t *self, size_t index);
//  Sessions also end in silence: their leases with them.
void watch_forget_sessions (watch_t *self);
teller_t *watch_teller (watch_t *self, session_id_t session);

#endif
