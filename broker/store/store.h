/*  store – what is kept: the log of events, and what has become of them.
 *
 *  What every store promises, and what the rest of the broker leans on. One suite (store_test.c)
 *  plays the same scenes against each, with a kill between any two calls.
 */
#ifndef STORE_H
#define STORE_H

#include "broker/store/rows.h"

typedef struct store store_t;

typedef struct {
    //  All of the batch or nothing; on disk when it returns. New events get last_seq + 1, + 2, …
    //  (written to stored, not into the event), a repeated id its old seq, which is no error, nor is
    //  an id taken by another event (event_says_same). Repeats within the batch count too. Changes come
    //  after the events; one of a subscription that is not there (any more) is nothing. Blocks; for
    //  the writer thread only. `problem` gets the sentence.
    //    FULL             disk or quota: nothing was written; reading goes on; may be tried again
    //    STORE_FAILED     the disk failed: nothing more is to be trusted; do not try again
    //    OUTCOME_UNKNOWN  perhaps written: call find before any answer
    status_t (*commit) (store_t *self, const batch_t *batch, stored_t *stored, problem_t *problem);

    //  For each event of the batch: its seq if it is stored (STORED_DUPLICATE, or STORED_ID_TAKEN if
    //  by another), STORED_NEW and seq 0 if not. After a failure. Any thread.
    status_t (*find) (store_t *self, const batch_t *batch, stored_t *stored, problem_t *problem);

    //  Events above a seq, in order, from first_seq on without gaps (below there may be some that an
    //  exception keeps); at most limit_bytes of memory and limit_events, but one if there is one. Sees every commit that has returned, none in part. Any thread. The
    //  page is the caller's.
    status_t (*read) (store_t *self, int32_t partition, int64_t above_seq, size_t limit_bytes,
                      size_t limit_events, page_t **page, problem_t *problem);

    //  One event by its id, in whatever partition, with exceptions and attempts. NOT_FOUND. Any
    //  thread. The history is the caller's.
    status_t (*look_up) (store_t *self, const char *id, history_t **history, problem_t *problem);

    //  Events whose root this is, in the order of their places, at most limit of them and limit_bytes,
    //  but one if there is one. Any thread. The page is the caller's.
    status_t (*list_tree) (store_t *self, const char *root, size_t limit, size_t limit_bytes,
                           page_t **page, problem_t *problem);

    //  Everything else, at start; subscriptions in the order they were made. The inventory is the
    //  caller's. STORE_DAMAGED when a row is not what was written, or cannot be true: which.
    status_t (*load) (store_t *self, inventory_t **inventory, problem_t *problem);

    //  One token by its hash; *found false when there is none (or it was revoked). The strings are
    //  freed with token_clear. Any thread.
    status_t (*find_token) (store_t *self, const char *hash, token_t *token, bool *found,
                            problem_t *problem);
    //  All of them, an array of count to be freed with token_array_free. Any thread.
    status_t (*list_tokens) (store_t *self, token_t **tokens, size_t *count, problem_t *problem);

    //  Exceptions of a subscription in this state, after a place, at most limit of them and
    //  limit_bytes of events, but one if there is one. Any thread. The listing is the caller's.
    status_t (*list_exceptions) (store_t *self, const char *subscription, exception_state_t state,
                                 list_place_t after, size_t limit, size_t limit_bytes,
                                 listing_t **listing, problem_t *problem);
    //  Dead ones of all subscriptions that died before a time, at most limit; without events and
    //  attempts. Any thread.
    status_t (*list_dead) (store_t *self, int64_t before_ms, size_t limit, listing_t **listing,
                           problem_t *problem);

    //  What a subscription has counted, from a key on, at most limit keys. Any thread. The counts are
    //  the caller's.
    status_t (*list_counts) (store_t *self, const char *subscription, const char *from,
                             size_t limit, counts_t **counts, problem_t *problem);

    //  The last seq of a partition that was accepted before a time; 0 or first_seq - 1 when none
    //  was. Any thread.
    status_t (*find_seq) (store_t *self, int32_t partition, int64_t time_ms, int64_t *seq,
                          problem_t *problem);

    //  Any thread. before_ms, bytes_most: 0 asks nothing.
    status_t (*weigh) (store_t *self, int32_t partition, int64_t before_ms, int64_t bytes_most,
                       weight_t *weight, problem_t *problem);

    //  From now on a commit of events says FULL while the disk has less than this free; one of
    //  changes alone is tried all the same. 0: not asked. Before the first commit, or by its thread.
    void (*keep_free) (store_t *self, int64_t bytes);

    //  Work that keeps commits quick (SQLite: a checkpoint), in a thread of its own, when told that
    //  something was committed. Blocks. May be a no-op.
    void (*tidy) (store_t *self);

    //  Safe on NULL; loses nothing that commit has returned.
    void (*close) (store_t **self_p);
} store_ops_t;

struct store {
    const store_ops_t *ops;
};

/*  By its URL: "sqlite:///path/to/file.db", "memory:". A store that is not there is made with that
 *  many partitions; one that is there keeps its own number. NULL and a problem otherwise:
 *    STORE_LOCKED     another process has it open (which)
 *    STORE_NEWER      written by a newer version (which)
 *    STORE_DAMAGED    not ours, or its checks fail: what to do
 *    SYSTEM           cannot be made or opened: why
 */
store_t *store_open (const char *url, int32_t partitions, const limits_t *limits,
                     problem_t *problem);
void store_destroy (store_t **self_p);  //  close, for OWNED (store)

#endif
