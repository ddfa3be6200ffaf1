/*  record – what the core wants kept, beside events: one change each.
 *
 *  The words in state and outcome are in the store and in the API: one may be added, none renamed.
 */
#ifndef RECORD_H
#define RECORD_H

#include "proto/model/event.h"
#include "proto/model/progress.h"
#include "proto/model/reason.h"
#include "proto/model/subscription.h"

//  Why a delivery is an exception to its subscription's floor.
typedef enum { EXCEPTION_RETRY, EXCEPTION_HELD, EXCEPTION_SLOW, EXCEPTION_DEAD } exception_state_t;
//  SKIP: there was nothing to be done, as its transform says; no word of the consumer.
typedef enum { OUTCOME_OK, OUTCOME_RETRY, OUTCOME_FAIL, OUTCOME_SKIP } outcome_t;
enum { OUTCOMES = OUTCOME_SKIP + 1 };

const char *exception_state_name (exception_state_t state);  //  "retry", "held", "slow", "dead"
bool exception_state_from_name (const char *name, exception_state_t *state);
const char *outcome_name (outcome_t outcome);  //  "ok", "retry", "fail", "skip"
bool outcome_from_name (const char *name, outcome_t *outcome);

typedef struct {
    exception_state_t state;
    int32_t attempts;  //  tries so far, all of them: the number of the last one
    int32_t forgiven;  //  of these, made before it was last redriven: they count no more
    int32_t crashes;   //  workers that died over it, since it was last redriven
    int64_t due_ms;    //  next try, 0 when it waits for something else than time; DEAD: since when
    reason_t reason;   //  DEAD: why; NONE otherwise
} exception_t;

typedef struct {
    int64_t seq;
    exception_t exception;
} exception_at_t;

//  The number of what is no attempt: a later event of its burst went instead; its id is the result.
enum { ATTEMPT_COALESCED = 0 };

typedef struct {
    int32_t number;   //  1, 2, 3 …
    int64_t time_ms;  //  wall time at which it began
    int64_t duration_ms;
    outcome_t outcome;
    int32_t http_status;    //  0 when no answer came
    const char *error;      //  in words; "" when all was well
    int32_t connect_us;     //  until the connection stood; 0: it did already, or was not measured
    int32_t tls_us;         //  until TLS stood, from the beginning too
    int32_t first_byte_us;  //  until the first byte of the answer
    const char *worker;     //  name
    const char *result;     //  JSON or the start of the reply, UTF-8; "" when none
} attempt_t;

//  How the consumer of a subscription has been doing; written when its breaker opens or closes.
typedef struct {
    int64_t failing_since_ms;  //  of the first failure since the last success; 0: it does well
    int64_t probe_ms;          //  when the breaker lets the next delivery through; 0: it is closed
    int32_t failures;          //  in a row
    int32_t openings;          //  probes that failed in a row
} health_t;

typedef struct {
    enum {
        CHANGE_SUBSCRIPTION,       //  made or replaced
        CHANGE_SUBSCRIPTION_GONE,  //  with its progress, exceptions and attempts
        CHANGE_PROGRESS,           //  of (subscription, partition)
        CHANGE_EXCEPTION,          //  made or replaced, of (subscription, partition, seq)
        CHANGE_EXCEPTION_ENDED,    //  its row goes
        CHANGE_ATTEMPT,            //  one more; the same number twice is one row
        CHANGE_LEVEL,              //  of a partition, see level_seq below
        CHANGE_HEALTH,             //  of a subscription
        CHANGE_COUNT,              //  one more of a key, of a subscription: see below
        CHANGE_TRIM                //  of a partition: see below
    } kind;
    const char *subscription;  //  id
    int32_t partition;
    int64_t
        seq;  //  of the exception or attempt; of CHANGE_LEVEL the level_seq; of CHANGE_TRIM up to where
    union {
        const subscription_t *document;
        struct {
            const progress_t *progress;
            bool is_quiet;  //  nothing is under way: the floor is level_seq, if that is higher
        };
        exception_t exception;
        attempt_t attempt;
        health_t health;
        const char *counted;  //  the key; "" is one as well
    };
} change_t;

/*  level_seq. A subscription with nothing under way has ended everything that is in the log, so
 *  writing its floor for each event would be a row an event for nothing. Instead the partition has
 *  one level_seq, raised now and then, in one commit with the floors of those subscriptions that
 *  are not quiet at that time. A quiet subscription's true floor is max (floor, level_seq).
 *
 *  CHANGE_COUNT. It adds where all others set: in one commit with the end of the delivery that is
 *  counted, so that the two are kept or lost together. A store that cannot say whether it has
 *  written (OUTCOME_UNKNOWN; SQLite always can) may be told again, and then counts twice.
 *
 *  CHANGE_TRIM. Events up to seq leave the log for good, with their attempts; those that have an
 *  exception (a dead letter, a retry) stay until it goes. first_seq of the partition becomes seq + 1.
 *  An exception or an attempt of an event that has left is nothing; so is a trim below first_seq.
 */

#endif
