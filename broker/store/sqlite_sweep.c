/*  What a subscription leaves behind when it goes may be a million rows. They are out of sight with
 *  it (look_up and load ask only for subscriptions there are), so they may go little by little: a
 *  step in each commit, so that none of them takes long. Its exceptions are neighbours. Its attempts
 *  lie among those of others: the sweep walks over all of them once, in the order of places.
 */
#include "broker/store/place.h"
#include "broker/store/sqlite_writer.h"

enum {
    SWEEP_ROWS = 1000,  //  looked at by one step: under a millisecond
    SWEEP_EVENTS = 100  //  that leave the log with them in one step: likewise
};

static int
bind_and_run (writer_t *self, statement_t name, int64_t number, int64_t second, int64_t third)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, name);
    int64_t values [] = {number, second, third};
    for (int i = 0; i < sqlite3_bind_parameter_count (statement); i++)
        sqlite3_bind_int64 (statement, i + 1, values [i]);
    return connection_run (&self->connection, name);
}

static int
first_gone (writer_t *self, int64_t *number, int64_t *swept_place)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_FIRST_GONE);
    int code = sqlite3_step (statement);
    if (code == SQLITE_ROW) {
        *number = sqlite3_column_int64 (statement, 0);
        *swept_place = sqlite3_column_int64 (statement, 1);
    }
    sqlite3_reset (statement);
    return code;
}

//  The place SWEEP_ROWS attempts on. is_last: there are no more behind it.
static int
step_end (writer_t *self, int64_t from, int64_t *end, bool *is_last)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_SWEEP_END);
    sqlite3_bind_int64 (statement, 1, from);
    sqlite3_bind_int64 (statement, 2, SWEEP_ROWS);
    int code = sqlite3_step (statement);
    if (code == SQLITE_ROW) {
        *is_last = sqlite3_column_int64 (statement, 1) < SWEEP_ROWS;
        *end = *is_last ? INT64_MAX : sqlite3_column_int64 (statement, 0);
    }
    sqlite3_reset (statement);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

static int
sweep_attempts (writer_t *self, int64_t number, int64_t from)
{
    int64_t end = 0;
    bool is_last = false;
    int code = step_end (self, from, &end, &is_last);
    if (code == SQLITE_OK)
        code = bind_and_run (self, STATEMENT_SWEEP_ATTEMPTS, number, from, end);
    if (code != SQLITE_OK)
        return code;
    return bind_and_run (self, is_last ? STATEMENT_END_GONE : STATEMENT_PUT_SWEPT, number, end, 0);
}

//  One exception: the event it held may go with it.
static int
sweep_place (writer_t *self, int64_t place, int *left)
{
    if (place_partition (place) >= self->partition_count || place < 1)
        return SQLITE_CORRUPT;
    bool has_left;
    int code = writer_let_go (self, place, &has_left);
    *left += has_left;
    return code;
}

//  is_last: there are no more exceptions.
static int
sweep_exceptions (writer_t *self, int64_t number, bool *is_last)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LIST_PLACES);
    sqlite3_bind_int64 (statement, 1, number);
    sqlite3_bind_int64 (statement, 2, SWEEP_ROWS);
    int rows = 0, left = 0, code = SQLITE_OK;
    int64_t last_place = 0;
    while (code == SQLITE_OK && left < SWEEP_EVENTS &&
           (code = sqlite3_step (statement)) == SQLITE_ROW) {
        last_place = sqlite3_column_int64 (statement, 0);
        code = sweep_place (self, last_place, &left);
        rows++;
    }
    sqlite3_reset (statement);
    *is_last = code == SQLITE_DONE && rows < SWEEP_ROWS;
    if (code != SQLITE_OK && code != SQLITE_DONE)
        return code;
    return rows ? bind_and_run (self, STATEMENT_SWEEP_EXCEPTIONS, number, last_place, 0)
                : SQLITE_OK;
}

//  is_last: there are no more of them.
static int
sweep_counts (writer_t *self, int64_t number, bool *is_last)
{
    int code = bind_and_run (self, STATEMENT_SWEEP_COUNTS, number, SWEEP_ROWS, 0);
    *is_last = sqlite3_changes (self->connection.handle) < SWEEP_ROWS;
    return code;
}

int
writer_sweep (writer_t *self)
{
    int64_t number = 0, swept_place = 0;
    int code = first_gone (self, &number, &swept_place);
    if (code == SQLITE_DONE) {
        self->is_sweeping = false;
        return SQLITE_OK;
    }
    if (code != SQLITE_ROW)
        return code;
    self->is_giving_back = true;
    bool is_last = false;
    code = sweep_counts (self, number, &is_last);
    if (code == SQLITE_OK && is_last)
        code = sweep_exceptions (self, number, &is_last);
    return code == SQLITE_OK && is_last ? sweep_attempts (self, number, swept_place) : code;
}
