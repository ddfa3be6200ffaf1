/*  sqlite_reader – questions to the file, on a connection of its own each.
 *
 *  Everything read is checked against its seal; what fails is STORE_DAMAGED, with a sentence that
 *  names it. Each call looks at one moment of the file and lets go of it before it returns, so that
 *  a checkpoint never waits for long.
 */
#ifndef SQLITE_READER_H
#define SQLITE_READER_H

#include "broker/store/sqlite_connection.h"
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
status_t reader_load (reader_t *self, inventory_t **inventory, problem_t *problem);

/*  Whether the last few events of a partition are whole, in a row up to last_seq, and found by their
 *  ids.
 */
status_t reader_check_end (reader_t *self, int32_t partition, int64_t last_seq, problem_t *problem);

//  Inside, for sqlite_load.c: one moment for several statements; and what a statement ended with.
status_t reader_begin (reader_t *self, problem_t *problem);
void reader_end (reader_t *self);
status_t reader_code (reader_t *self, int code, const char *doing, problem_t *problem);
status_t reader_damage (reader_t *self, problem_t *problem, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

#endif
