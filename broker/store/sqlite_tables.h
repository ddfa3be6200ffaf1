/*  sqlite_tables – what is kept, as rows of their tables.
 *
 *  put binds all columns of a statement; what it is given stays until the statement has run. get
 *  reads the row a statement is at and answers whether it is whole; what it gives lives until the
 *  statement's next step.
 */
#ifndef SQLITE_TABLES_H
#define SQLITE_TABLES_H

#include <sqlite3.h>

#include "broker/store/store.h"

void event_put (sqlite3_stmt *statement, const event_t *event, int64_t seq);
bool event_get (sqlite3_stmt *statement, event_t *fields);

typedef struct {
    int64_t number, first_seq, last_seq, level_seq;
} partition_row_t;
void partition_put (sqlite3_stmt *statement, const partition_row_t *row);
bool partition_get (sqlite3_stmt *statement, partition_row_t *row);

typedef struct {
    int64_t number;  //  its name in the other tables
    const char *id, *document;
} subscription_row_t;
void subscription_put (sqlite3_stmt *statement, const subscription_row_t *row);
bool subscription_get (sqlite3_stmt *statement, subscription_row_t *row);

typedef struct {
    int64_t track;
    progress_t progress;
    bool is_quiet;
} track_row_t;
typedef uint8_t progress_bits_t [PROGRESS_SPAN / 8];  //  room for the bits while they are bound
void progress_put (sqlite3_stmt *statement, int64_t number, const change_t *change,
                   progress_bits_t bits);
bool progress_get (sqlite3_stmt *statement, track_row_t *row);

typedef struct {
    int64_t number, place;
    exception_t exception;
    const char *id;  //  the subscription's, "" where the statement does not ask for it
} place_row_t;
void exception_put (sqlite3_stmt *statement, int64_t number, const change_t *change);
bool exception_get (sqlite3_stmt *statement, place_row_t *row);

void attempt_put (sqlite3_stmt *statement, int64_t number, const change_t *change);
bool attempt_get (sqlite3_stmt *statement, attempt_row_t *row);

typedef struct {
    int64_t number;
    health_t health;
} health_line_t;
void health_put (sqlite3_stmt *statement, int64_t number, const health_t *health);
bool health_get (sqlite3_stmt *statement, health_line_t *row);

typedef struct {
    int64_t number;
    const char *key;
    int64_t count;
} count_line_t;
void count_put (sqlite3_stmt *statement, const count_line_t *line);
bool count_get (sqlite3_stmt *statement, count_line_t *row);

void token_put (sqlite3_stmt *statement, const token_t *token);
bool token_get (sqlite3_stmt *statement, token_t *token);

#endif
