/*  weight – what retention asks of a log, reckoned alike in each store. */
#ifndef WEIGHT_H
#define WEIGHT_H

#include "broker/store/store.h"

//  When an event of the log was accepted; its seq is between first_seq and last_seq.
typedef status_t weight_clock_t (void *context, int64_t seq, int64_t *accepted_ms,
                                 problem_t *problem);

/*  The last seq that was accepted before a time; first_seq - 1 when none was.
 *
 *  Looks at 2 log n events: they were accepted in the order of their seqs, but for what the clock of
 *  the machine was set back; of such a stretch some may be counted to the wrong side.
 */
status_t weight_find_time (int64_t first_seq, int64_t last_seq, int64_t time_ms,
                           weight_clock_t *clock, void *context, int64_t *seq, problem_t *problem);

/*  Fills bytes_seq, from the other fields: each partition gives up the same part of its events.
 *  bytes_most: 0 asks nothing.
 */
void weight_share (weight_t *self, int64_t bytes_most);

#endif
