/*  What subscriptions have counted: one more of a key within a commit, and the list of them. */
#include <string.h>

#include "broker/store/answers.h"
#include "broker/store/sqlite_reader.h"
#include "broker/store/sqlite_writer.h"
#include "proto/model/owned.h"

//  What there is of it so far; 0: nothing.
static int
find (const writer_t *self, const count_line_t *line, int64_t *count)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_FIND_COUNT);
    sqlite3_bind_int64 (statement, 1, line->number);
    sqlite3_bind_text (statement, 2, line->key, -1, SQLITE_STATIC);
    int code = sqlite3_step (statement);
    count_line_t row = {.count = 0};
    if (code == SQLITE_ROW && !count_get (statement, &row))
        code = SQLITE_CORRUPT;
    *count = row.count;
    sqlite3_reset (statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int
writer_count (writer_t *self, const change_t *change)
{
    count_line_t line = {.number = numbers_find (&self->numbers, change->subscription),
                         .key = change->counted};
    if (line.number == 0)
        return SQLITE_OK;
    int code = find (self, &line, &line.count);
    if (code != SQLITE_OK)
        return code;
    line.count++;
    count_put (connection_statement (&self->connection, STATEMENT_PUT_COUNT), &line);
    return connection_run (&self->connection, STATEMENT_PUT_COUNT);
}

static status_t
list (reader_t *self, sqlite3_stmt *statement, const char *from, counts_t *counts,
      problem_t *problem)
{
    status_t status = STATUS_OK;
    int code = SQLITE_ROW;
    while (status == STATUS_OK && (code = sqlite3_step (statement)) == SQLITE_ROW) {
        count_line_t row;
        //  An index that is damaged may lead elsewhere.
        if (!count_get (statement, &row) || strcmp (row.key, from) < 0)
            status = reader_damage (self, problem, "table counter");
        else
            counts_add (counts, row.key, row.count);
    }
    return status == STATUS_OK ? reader_code (self, code, "list what was counted", problem)
                               : status;
}

status_t
reader_list_counts (reader_t *self, const char *subscription, const char *from, size_t limit,
                    counts_t **counts, problem_t *problem)
{
    OWNED (counts) counts_t *listed = counts_new ();
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LIST_COUNTS);
    sqlite3_bind_text (statement, 1, subscription, -1, SQLITE_STATIC);
    sqlite3_bind_text (statement, 2, from, -1, SQLITE_STATIC);
    sqlite3_bind_int64 (statement, 3, (int64_t)limit);
    status_t status = reader_begin (self, problem);
    if (status == STATUS_OK)
        status = list (self, statement, from, listed, problem);
    statement_done (statement);
    reader_end (self);
    if (status == STATUS_OK)
        *counts = TAKE (listed);
    return status;
}
