/*  sqlite_connection – one connection to the file, with its statements prepared once.
 *
 *  A connection is used by one thread at a time. The functions answer with SQLite's own codes; at
 *  the edge of the store connection_problem makes one of them a status and a sentence.
 */
#ifndef SQLITE_CONNECTION_H
#define SQLITE_CONNECTION_H

#include <sqlite3.h>
#include <stdint.h>

#include "proto/model/status.h"

typedef enum {
#define STATEMENT(who, name, text) STATEMENT_##name,
#include "broker/store/sqlite_statement.tbl"
    STATEMENTS
} statement_t;

typedef enum { CONNECTION_WRITES = 1, CONNECTION_READS = 2, CONNECTION_BOTH = 3 } connection_use_t;

typedef struct {
    sqlite3 *handle;
    const char *path;  //  the store's, for sentences
    sqlite3_stmt *statements [STATEMENTS];
} connection_t;

/*  Opens an existing file and sets what we want of it. No statements yet, as there may be no tables.
 *  Closed again by itself when it fails.
 */
status_t connection_open (connection_t *self, const char *path, problem_t *problem);
status_t connection_prepare (connection_t *self, connection_use_t use, problem_t *problem);
void connection_close (connection_t *self);  //  safe on a zero connection

//  A statement that has no parameters bound.
sqlite3_stmt *connection_statement (const connection_t *self, statement_t statement);

//  Runs a statement that gives no rows, and makes it ready again.
int connection_run (const connection_t *self, statement_t statement);

//  To be said of a statement that was stepped: ends its look at the file, forgets its parameters.
void statement_done (sqlite3_stmt *statement);

//  One row of one integer, from SQL in words: a pragma.
int connection_ask (const connection_t *self, const char *sql, int64_t *answer);

//  Whether the disk, or a quota, has no room for more: the one failure of a write that passes.
bool handle_is_out_of_room (sqlite3 *handle, int code);

/*  What a code means to the caller. doing: what could not be done, "read events of partition 3".
 *    FULL            no room, or another program holds the file: may be tried again
 *    STORE_DAMAGED   the file is no store any more, or not readable as one
 *    STORE_FAILED    the disk failed
 *  Ends the process when out of memory.
 */
status_t connection_problem (const connection_t *self, int code, const char *doing,
                             problem_t *problem);

#endif
