/*  pace – how fast one subscription may send: deliveries under way, and deliveries a second.
 *
 *  The cap on deliveries under way finds itself, between 1 and limits.in_flight: each success under
 *  a full cap raises it, by one below the threshold and by a part of one above; a 429, a 503 or a
 *  timeout halves it, answers that grow much slower than they were take a tenth. It is TCP's congestion control
 *  (slow start and congestion avoidance, RFC 5681; latency as in "TCP Vegas", Brakmo and Peterson
 *  1995), with deliveries for segments. The rate is a token bucket.
 */
#ifndef PACE_H
#define PACE_H

#include "broker/core/core.h"

typedef struct {
    double cap;         //  deliveries under way at most
    double threshold;   //  below it the cap doubles in a round trip, above it gains one
    int64_t shrunk_ms;  //  when the cap was last cut
    double usual_ms;    //  a delivery takes this long when all is well: the least lately
    double recent_ms;   //  and this long now: smoothed
    double tokens;      //  deliveries that the rate allows at once
    int64_t tokens_ms;  //  as of then
} pace_t;

void pace_begin (pace_t *self, const subscription_t *subscription, int64_t now_ms);
//  After an outage: one delivery, then two, then four, up to half of what it bore before.
void pace_begin_slowly (pace_t *self);

//  How many may be under way.
int32_t pace_cap (const pace_t *self, const subscription_t *subscription);

//  When the rate allows the next delivery: at most now_ms when it does at once.
int64_t pace_next_ms (pace_t *self, const subscription_t *subscription, int64_t now_ms);
void pace_sent (pace_t *self, const subscription_t *subscription);

//  What an attempt says of it. under_way: deliveries, this one included.
void pace_settled (pace_t *self, const subscription_t *subscription, const settle_t *settle,
                   int32_t under_way, int64_t now_ms);

#endif
