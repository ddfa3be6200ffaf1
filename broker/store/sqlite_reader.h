/*  sqlite_reader – questions to the file, on a connection of its own each.
 *
 *  Everything read is checked against its seal; what fails is STORE_DAMAGED, with a sentence that
 *  names it. Each call looks at one moment of the file and lets go of it before it returns, so that
 *  a checkpoint never waits for long.
 */
#ifndef SQLITE_READER_H
#define SQLITE_READER_H

#include "broker/store/sqlite_connection.h"
#include "broker/store/sqlite_tables.h"
#include "broker/store/store.h"

typedef struct {
    connection_t connection;
    int32_t partitions;
    const limits_t *limits;
} reader_t;

status_t reader_open (reader_t *self, const char *path, int32_t partitions, const limits_t *limits,
                      problem_t *problem);
void reader_close (reader_t *self);  //  safe on a zero reader

//  As store.h says of each.
status_t reader_find (reader_t *self, const batch_t *batch, stored_t *stored, problem_t *problem);
status_t reader_read (reader_t *self, int32_t partition, int64_t above_seq, size_t limit_bytes,
                      size_t limit_events, page_t **page, problem_t *problem);
status_t reader_look_up (reader_t *self, const char *id, history_t **history, problem_t *problem);
status_t reader_find_token (reader_t *self, const char *hash, token_t *token, bool *found,
                            problem_t *problem);
status_t reader_list_tokens (reader_t *self, token_t **tokens, size_t *count, problem_t *problem);
status_t reader_list_tree (reader_t *self, const char *root, size_t limit, size_t limit_bytes,
                           page_t **page, problem_t *problem);
status_t reader_load (reader_t *self, inventory_t **inventory, problem_t *problem);

/*  Whether the last few events of a partition are whole, in a row up to last_seq, and found by their
 *  ids.
 */
status_t reader_check_end (reader_t *self, int32_t partition, int64_t first_seq, int64_t last_seq,
                           problem_t *problem);

status_t reader_list_exceptions (reader_t *self, const char *subscription, exception_state_t state,
                                 list_place_t after, size_t limit, size_t limit_bytes,
                                 listing_t **listing, problem_t *problem);
status_t reader_list_dead (reader_t *self, int64_t before_ms, size_t limit, listing_t **listing,
                           problem_t *problem);
status_t reader_list_counts (reader_t *self, const char *subscription, const char *from,
                             size_t limit, counts_t **counts, problem_t *problem);
status_t reader_find_seq (reader_t *self, int32_t partition, int64_t time_ms, int64_t *seq,
                          problem_t *problem);
status_t reader_weigh (reader_t *self, int32_t partition, int64_t before_ms, int64_t bytes_most,
                       weight_t *weight, problem_t *problem);

//  Inside, for sqlite_load.c, sqlite_list.c, sqlite_tree.c and sqlite_weigh.c. The row of a partition; one event,
//  whole and where it ought to be, or NULL when the log has none there; whether one that was found is
//  of the log still, or about to be swept away.
status_t reader_partition (reader_t *self, int32_t partition, partition_row_t *row,
                           problem_t *problem);
status_t reader_event (reader_t *self, int64_t place, event_t **event, problem_t *problem);
status_t reader_is_there (reader_t *self, int32_t partition, int64_t seq, bool *is_there,
                          problem_t *problem);

//  One moment for several statements; and what a statement ended with.
status_t reader_begin (reader_t *self, problem_t *problem);
void reader_end (reader_t *self);
status_t reader_code (reader_t *self, int code, const char *doing, problem_t *problem);
status_t reader_damage (reader_t *self, problem_t *problem, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

#endif
