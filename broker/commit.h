/*  commit – one batch of the store: gathered from tickets, committed, and what became of it.
 *
 *  Gathers whatever waits, up to a bound. Of a subscription's progress in a partition only the last
 *  of a batch is written. It knows no thread: the writer calls it from its own.
 */
#ifndef COMMIT_H
#define COMMIT_H

#include "broker/store/store.h"
#include "broker/ticket.h"

enum {
    COMMIT_EVENTS = 1024,    //  in one batch; more only makes each of them wait longer
    COMMIT_CHANGES = 8192,   //  likewise
    COMMIT_BYTES = 16 << 20  //  of events, in one batch
};

typedef struct commit commit_t;

//  What became of a batch: its tickets up to up_to were written, those from `from` on were not.
typedef struct {
    uint64_t up_to;             //  0: none was
    const verdict_t *verdicts;  //  for each event that was; the commit's, until it is cleared
    size_t verdict_count;
    uint64_t from;          //  0: all were
    status_t token_status;  //  of the tokens
    problem_t problem;      //  why not; OK when all is well
} commit_outcome_t;

/*  last_seqs: the last seq of each partition as the store has it, to tell new from repeated when
 *  the outcome of a commit is unknown. Borrows the store.
 */
commit_t *commit_new (store_t *store, const int64_t *last_seqs, int32_t partitions);
void commit_destroy (commit_t **self_p);

void commit_clear (commit_t *self);
bool commit_has_room (const commit_t *self);
void commit_add (commit_t *self, const ticket_t *ticket);
void commit_add_token (commit_t *self, const token_t *token);  //  borrowed until it is cleared
size_t commit_bytes (const commit_t *self);                    //  of its events

/*  Writes what was added. Blocks.
 *
 *  FULL           the SAVEs before the first APPEND are tried alone: what has become of deliveries
 *                 can often still be kept where no event fits
 *  OUTCOME_UNKNOWN  the store is asked what it has, and the batch repeated if it has not
 *  STORE_FAILED   the disk is not to be trusted again: every later batch has this outcome, untried
 */
void commit_run (commit_t *self, commit_outcome_t *outcome);

#endif
