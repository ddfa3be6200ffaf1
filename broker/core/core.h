/*  core – what the broker decides: all rules of delivery, and nothing else.
 *
 *  One function of an input and a time. It knows no clock, socket, file, thread or log; what it
 *  wants done it says in effects, in order, each with its reason. Same inputs and times, same
 *  effects, so that a simulated world can run years of it in a minute and repeat any failure.
 */
#ifndef CORE_H
#define CORE_H

#include "proto/model/event.h"
#include "proto/model/limits.h"
#include "proto/model/reason.h"
#include "proto/model/record.h"
#include "proto/model/subscription.h"

typedef struct core core_t;
typedef struct effects effects_t;

typedef uint64_t peer_t;  //  a connection, as the edge numbers it; 0 is nobody
typedef uint64_t
    session_id_t;  //  random, so that a restarted broker never gives one again; 0 is none
typedef uint64_t lease_id_t;  //  1, 2, 3 … of one core; 0 is none

typedef struct {
    int32_t partitions;  //  N of hash (key) mod N
    uint64_t seed;       //  of jitter and of session ids
    int64_t heartbeat_ms;
    int64_t level_ms;  //  between two CHANGE_LEVEL of a partition
    limits_t limits;
} core_settings_t;

//  What became of one event of an APPEND.
typedef struct {
    enum { VERDICT_STORED, VERDICT_DUPLICATE, VERDICT_ID_TAKEN } kind;
    int64_t seq;  //  its own, or that of the first with this id
} verdict_t;

//  A worker's word on one lease.
typedef struct {
    lease_id_t lease;
    outcome_t outcome;
    int64_t retry_after_ms;  //  the consumer's Retry-After; 0 when it said none
    bool disables;           //  410 Gone: the consumer wants no more
    int64_t time_ms, duration_ms;
    int32_t http_status;
    int32_t connect_us, tls_us, first_byte_us;  //  as in attempt_t
    const char *error, *result;
} settle_t;

//  What the store knew of a subscription in a partition when its tenure began.
typedef struct {
    const char *subscription;
    progress_t progress;               //  floor already raised to level_seq if it was quiet
    const exception_at_t *exceptions;  //  by seq; all but the dead
    size_t exception_count;
    size_t dead_count;
} track_record_t;

/*  What happens to the core. All it points to stays the caller's and is looked at only during
 *  core_step; an event or a subscription that the core keeps longer it takes a reference of.
 */
// clang-format off
typedef struct {
    enum {
        INPUT_PUBLISH, INPUT_PERSISTED, INPUT_NOT_PERSISTED, INPUT_PAGE, INPUT_PAGE_FAILED,
        INPUT_HELLO, INPUT_CREDIT, INPUT_SETTLE, INPUT_RELEASE, INPUT_ALIVE, INPUT_BYE, INPUT_GONE,
        INPUT_SUBSCRIBE, INPUT_UNSUBSCRIBE, INPUT_TENURE_GAINED, INPUT_STOP, INPUT_TICK
    } kind;
    peer_t peer;      //  who said it: a gateway for PUBLISH, SUBSCRIBE, UNSUBSCRIBE; a worker otherwise
    session_id_t session;  //  of a worker's words but HELLO
    uint64_t request;      //  of a gateway's words: handed back in CONFIRM, REFUSE, ANSWER
    union {
        //  Events checked with event_check; unplaced. All are of partitions this core owns, or REFUSE.
        struct { event_t *const *events; size_t count; } publish;
        //  Everything up to this ticket is on disk; a verdict for each event of its APPENDs, in order.
        struct { uint64_t up_to_ticket; const verdict_t *verdicts; size_t count; } persisted;
        //  Nothing from this ticket on was written; OUTCOME_UNKNOWN: nobody knows. Who writes drops
        //  all that it was given with later tickets until the core has been told: what is still wanted
        //  comes again, under new ones.
        struct { uint64_t from_ticket; status_t status; } not_persisted;
        //  The answer to a READ: events above above_seq, in order, without gaps. last_seq: of the
        //  last one, or the above_seq of the READ when there was none.
        struct { uint64_t read; event_t *const *events; size_t count; } page;
        struct { uint64_t read; status_t status; } page_failed;
        //  A worker joins. The names live as long as the call.
        struct { const char *name; const char *const *actions; size_t count; } hello;
        //  Totals granted since WELCOME: absolute, so that one lost or repeated does no harm.
        struct { uint64_t deliveries, bytes; } credit;
        struct { const settle_t *settles; size_t count; } settle;
        struct { const lease_id_t *leases; size_t count; } release;
        //  A worker's heartbeat: what it holds, and the number of the last delivery it has got.
        //  tells_begun: `begun` is complete, those of its leases that it is at work on.
        struct { const lease_id_t *leases; size_t count; uint64_t received;
                 const lease_id_t *begun; size_t begun_count; bool tells_begun; } alive;
        //  is_loaded: it comes from the store at start; nothing is saved or answered.
        struct { subscription_t *subscription; bool is_loaded; } subscribe;
        struct { const char *id; } unsubscribe;
        //  We own this partition now (at start, or taken over). Subscriptions come before.
        struct { int32_t partition; int64_t last_seq, level_seq; const track_record_t *tracks; size_t count; } tenure;
    };
} input_t;

/*  What the core wants done, in this order. Its pointers are the core's until the next step, but
 *  for APPEND and SAVE, whose pointers hold until their ticket is (NOT_)PERSISTED.
 */
typedef struct {
    enum {
        EFFECT_APPEND, EFFECT_SAVE, EFFECT_READ, EFFECT_CONFIRM, EFFECT_REFUSE, EFFECT_WELCOME,
        EFFECT_DELIVER, EFFECT_SETTLED, EFFECT_RESET, EFFECT_ERROR, EFFECT_BYE, EFFECT_ANSWER
    } kind;
    reason_t reason;
    peer_t peer;           //  to whom
    session_id_t session;  //  for workers
    uint64_t request;      //  for gateways
    union {
        //  Writes share one row of tickets, 1, 2, 3 … The writer may put any run of them into one commit.
        struct { uint64_t ticket; event_t *const *events; size_t count; } append;
        struct { uint64_t ticket; const change_t *changes; size_t count; } save;
        struct { uint64_t read; int32_t partition; int64_t above_seq; size_t limit_bytes, limit_events; } read;
        struct { event_t *const *events; const verdict_t *verdicts; size_t count; } confirm;
        struct { status_t status; int64_t retry_after_ms; } refuse;
        struct { int64_t heartbeat_ms; } welcome;
        //  number counts the deliveries of the session from 1, as its credit does.
        struct { lease_id_t lease; uint64_t number; int32_t attempt; int64_t deadline_ms;
                 subscription_t *subscription; event_t *event; } deliver;
        struct { const lease_id_t *leases; size_t count; } settled;
        struct { status_t status; } error;  //  bad manners: what was wrong with the peer's message
        //  To SUBSCRIBE and UNSUBSCRIBE, after it is stored.
        struct { status_t status; subscription_t *subscription; } answer;
    };
} effect_t;
// clang-format on

core_t *core_new (const core_settings_t *settings, int64_t now_ms);
void core_destroy (core_t **self_p);

/*  The whole broker: one input, and the effects it causes. Same inputs and times, same effects. */
void core_step (core_t *self, const input_t *input, int64_t now_ms, effects_t *effects);

/*  When it wants to be called with INPUT_TICK, if nothing comes before; INT64_MAX: never. Being
 *  called much later means that this process was stopped: nobody is declared silent for it.
 */
int64_t core_deadline (const core_t *self);

effects_t *effects_new (void);
void effects_destroy (effects_t **self_p);
size_t effects_count (const effects_t *self);
const effect_t *effects_at (const effects_t *self, size_t index);

#endif
