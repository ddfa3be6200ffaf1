/*  explain – why a delivery is where it is, and how a subscription does: for people, at any time. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "broker/core/view.h"

typedef struct {
    bool is_held;            //  the core holds it; otherwise it has ended, or is not read yet
    delivery_state_t state;  //  when it is held
    reason_t reason;         //  why it is in this state; of what waits, why it was not sent yet
    int64_t until_ms;        //  when that ends: the next try, probe or token; 0: not by time
    int32_t attempts, forgiven, crashes;  //  as in exception_t
    const char *worker;                   //  who has it; "" when nobody
    int64_t sent_ms;                      //  since when
    int64_t behind_seq;  //  HELD: the seq of the one that goes before it; 0: not known
    bool has_passed;     //  not held: its subscription is past it, so that it has ended
    int64_t floor, cursor, first_seq, last_seq;  //  of its track and its partition
} explanation_t;

//  false: there is no such subscription, or its partition is another broker's.
bool core_explain (core_t *self, const char *subscription, int32_t partition, int64_t seq,
                   explanation_t *explanation);

typedef struct {
    reason_t hindrance;  //  why nothing is sent: PAUSED, DISABLED, BREAKER_OPEN, RATE, IN_FLIGHT,
                         //  NO_WORKER, DRAINING, NO_CREDIT; NONE: nothing hinders it
    int64_t until_ms;    //  when that ends; 0: not by time
    health_t health;     //  its breaker is open when probe_ms is set
    int32_t in_flight, in_flight_cap;
    size_t waiting, retries, held, dead;
    int64_t behind;  //  events of the log that it still has to read
    size_t workers;  //  that offer its action
} subscriber_view_t;

bool core_look_at_subscription (core_t *self, const char *subscription, subscriber_view_t *view);

#endif
