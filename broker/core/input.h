/*  input – what happens to the core. */
#ifndef CORE_INPUT_H
#define CORE_INPUT_H

#include "proto/model/event.h"
#include "proto/model/limits.h"
#include "proto/model/record.h"
#include "proto/model/subscription.h"

typedef uint64_t peer_t;  //  a connection, as the edge numbers it; 0 is nobody
typedef uint64_t
    session_id_t;  //  random, so that a restarted broker never gives one again; 0 is none
typedef uint64_t lease_id_t;  //  1, 2, 3 … of one core; 0 is none

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
    const char *counted;  //  if it is ok: one more of this key; NULL: nothing is counted
} settle_t;

//  What one subscription answered to a question, or that it did not, and what that means.
typedef struct {
    const char *subscription;
    reason_t reason;  //  ANSWERED; otherwise it was silent, and this is why
    const opinion_t *opinion;
    const char *error;   //  in words, of one that was silent; ""
    const char *worker;  //  who was asked last; ""
    int64_t duration_ms;
} reply_t;

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
        INPUT_LISTEN, INPUT_CATCH_UP, INPUT_PROGRESS, INPUT_BRING, INPUT_DRAIN,
        INPUT_SUBSCRIBE, INPUT_UNSUBSCRIBE, INPUT_REDRIVE, INPUT_DISCARD, INPUT_CANCEL, INPUT_TRIM, INPUT_ASK,
        INPUT_TENURE_GAINED, INPUT_STOP, INPUT_TICK
    } kind;
    peer_t peer;      //  who said it: a gateway for PUBLISH, SUBSCRIBE, UNSUBSCRIBE; a worker otherwise
    session_id_t session;  //  of a worker's words but HELLO
    uint64_t request;      //  of a gateway's words: handed back in CONFIRM, REFUSE, ANSWER
    union {
        //  Events checked with event_check; unplaced. All are of partitions this core owns, or REFUSE.
        struct { event_t *const *events; size_t count; } publish;
        //  Everything up to this ticket is on disk; a verdict for each event of its writes, in order.
        struct { uint64_t up_to_ticket; const verdict_t *verdicts; size_t count; } persisted;
        //  Nothing from this ticket on was written; OUTCOME_UNKNOWN: nobody knows. Who writes drops
        //  all that it was given with later tickets until the core has been told: what is still wanted
        //  comes again, under new ones.
        struct { uint64_t from_ticket; status_t status; } not_persisted;
        //  The answer to a READ: events above above_seq, in order, without gaps. last_seq: of the
        //  last one, or the above_seq of the READ when there was none.
        struct { uint64_t read; event_t *const *events; size_t count; } page;
        struct { uint64_t read; status_t status; } page_failed;
        //  A worker joins. The texts live as long as the call. labels: a set (labels.h); NULL: none.
        struct { const char *name; const char *const *actions; size_t count; const char *labels;
                 uint64_t instance;  //  of its process: another one has another; 0: it does not tell
                 session_id_t former;  //  its session before, of which it has something to tell; 0: none
        } hello;
        //  Totals granted since WELCOME: absolute, so that one lost or repeated does no harm.
        struct { uint64_t deliveries, bytes; } credit;
        struct { const settle_t *settles; size_t count; } settle;
        struct { const lease_id_t *leases; size_t count; } release;
        //  A worker's heartbeat: what it holds, and the number of the last delivery it has got.
        //  tells_begun: `begun` is complete, those of its leases that it is at work on.
        struct { const lease_id_t *leases; size_t count; uint64_t received;
                 const lease_id_t *begun; size_t begun_count; bool tells_begun; } alive;
        //  A worker that listens wants what a feed told after a seq.
        struct { const char *subscription; int32_t partition; int64_t above; } catch_up;
        //  Workers of this name get nothing more, or do so again.
        struct { const char *name; bool is_on; } drain;
        //  How far it is with a delivery: in percent (0: not said), in words ("").
        struct { lease_id_t lease; int32_t percent; const char *text; } progress;
        //  A worker brings this subscription. As checked; NULL: what is there is as new, or not a worker's.
        struct { const char *id; subscription_t *subscription; } bring;
        //  Its connection is gone. is_expelled: we have ended it ourselves, which accuses no delivery.
        struct { bool is_expelled; } gone;
        //  is_loaded: it comes from the store at start; nothing is saved or answered. health: as
        //  the store has it, or NULL. start_seqs: of a new one that starts at a time, for each
        //  partition the last seq it does not want; NULL: as its document says.
        struct { subscription_t *subscription; bool is_loaded; const health_t *health;
                 const int64_t *start_seqs; } subscribe;
        struct { const char *id; } unsubscribe;
        //  Dead letters, as the store has them now (whoever asks has waited for all SAVEs, and asks
        //  one thing at a time of a subscription): tried again, the first at first_due_ms (0: now),
        //  the others interval_us apart. At most core_redrive_room of them.
        struct { const char *subscription; int32_t partition; const exception_at_t *rows; size_t count;
                 int64_t first_due_ms, interval_us; } redrive;
        //  Likewise: given up for good.
        struct { const char *subscription; int32_t partition; const int64_t *seqs; size_t count; } discard;
        //  A delivery that has not ended, as core_can_cancel says: it is given up, and kept as a dead letter.
        struct { const char *subscription; int32_t partition; int64_t seq; } cancel;
        //  Retention wants the log of a partition to begin after up_to_seq, as far as subscriptions
        //  need it no more; after hard_seq even if they do.
        struct { int32_t partition; int64_t up_to_seq, hard_seq; } trim;
        //  An event of phase pre, checked with event_check: a question, answered by DECIDE at the latest
        //  when timeout_ms have passed.
        struct { event_t *event; int64_t timeout_ms; } ask;
        //  We own this partition now (at start, or taken over). Subscriptions come before.
        struct { int32_t partition; int64_t first_seq, last_seq, level_seq; const track_record_t *tracks; size_t count; } tenure;
    };
} input_t;
// clang-format on

#endif
