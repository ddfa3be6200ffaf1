/*  redrives – dead letters of a subscription tried again, or given up for good: one job at a time.
 *
 *  A job goes through the dead letters in their order, a chunk after the other; each chunk is asked
 *  of the store when all that was said before is on disk, so that none is taken twice. Whoever asked
 *  is answered when it is over, or, if there are many, after the first chunks; then it goes on alone.
 */
#ifndef REDRIVES_H
#define REDRIVES_H

#include "broker/call.h"
#include "broker/letter_filter.h"

typedef struct {
    bool discards;           //  otherwise: redrives
    letter_filter_t filter;  //  taken by redrives_begin
    json_t *events;          //  ids; then no others. A new reference, taken too; NULL: all that fit
    double rate_per_second;  //  0: as fast as may be
} redrive_wish_t;

/*  Begins a job with a call, which ends with its answer: {"data": {"redriven" or "discarded": n, "missing":
 *  [ids], "status": "done" or "running"}}. A second one of a subscription is refused: BUSY.
 */
void redrives_begin (call_t *call, const subscription_t *subscription, redrive_wish_t *wish);

//  The job of a subscription, as JSON for its state; NULL when there is none.
json_t *redrives_show (const edge_t *edge, const char *subscription);
bool redrives_is_busy (const edge_t *edge, const char *subscription);

#endif
