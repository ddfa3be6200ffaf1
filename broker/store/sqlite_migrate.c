/*  The tables that have changed are put aside, made anew, filled from what they were, and dropped.
 *
 *  Version 1 kept the whole log, nothing of a consumer's health, and of a dead letter neither since
 *  when it is dead nor why. It counts as dead since the migration, so that none is discarded for an
 *  age that nobody knows; why, its last attempt tells. The log, which may be long, only gets columns.
 */
#include "broker/store/sqlite_migrate.h"

#include <string.h>
#include <time.h>

#include "broker/store/place.h"
#include "broker/store/sqlite_row.h"
#include "broker/store/sqlite_schema.h"
#include "broker/store/sqlite_tables.h"

//  What version 1 called by names that have another text now.
static const char *const objects_1 [][2] = {
    {"partition",
     "CREATE TABLE partition (\n"
     "    number INTEGER PRIMARY KEY,     -- 0, 1, 2 ...: as many as the store was made with\n"
     "    last_seq INTEGER NOT NULL,      -- given to its newest event\n"
     "    level_seq INTEGER NOT NULL,     -- quiet subscriptions have ended all up to here\n"
     "    seal INTEGER NOT NULL           -- in each table: a hash of the other columns\n"
     ") STRICT"},
    {"exception",
     "CREATE TABLE exception (\n"
     "    subscription INTEGER NOT NULL,\n"
     "    place INTEGER NOT NULL,\n"
     "    state TEXT NOT NULL,            -- retry, held, slow, dead\n"
     "    attempts INTEGER NOT NULL,\n"
     "    due_ms INTEGER NOT NULL,        -- since 1970; 0: waits for something else than time\n"
     "    seal INTEGER NOT NULL,\n"
     "    PRIMARY KEY (subscription, place)\n"
     ") STRICT, WITHOUT ROWID"},
    {"attempt", "CREATE TABLE attempt (\n"
                "    place INTEGER NOT NULL,\n"
                "    subscription INTEGER NOT NULL,\n"
                "    number INTEGER NOT NULL,        -- 1, 2, 3 ...\n"
                "    time_ms INTEGER NOT NULL,       -- since 1970\n"
                "    duration_ms INTEGER NOT NULL,\n"
                "    outcome TEXT NOT NULL,          -- ok, retry, fail\n"
                "    http_status INTEGER NOT NULL,   -- 0: no answer came\n"
                "    error TEXT NOT NULL,\n"
                "    worker TEXT NOT NULL,\n"
                "    result TEXT NOT NULL,\n"
                "    seal INTEGER NOT NULL,\n"
                "    PRIMARY KEY (place, subscription, number)\n"
                ") STRICT, WITHOUT ROWID"},
};
enum { OBJECTS_1 = sizeof objects_1 / sizeof objects_1 [0] };

static status_t
check_objects_1 (const connection_t *connection, problem_t *problem)
{
    status_t status =
        schema_look_through (connection, "attempt", "PRAGMA quick_check (attempt)", problem);
    for (size_t i = 0; i < OBJECTS_1 && status == STATUS_OK; i++)
        status = schema_check_object (connection, objects_1 [i], problem);
    return status;
}

//  A row of version 1, written as one of ours. false: it is not what was written.
typedef bool move_t (sqlite3_stmt *from, sqlite3_stmt *to, int64_t now_ms);

static bool
move_partition (sqlite3_stmt *from, sqlite3_stmt *to, int64_t now_ms)
{
    (void)now_ms;
    row_t row = row_from (from, "partition");
    partition_row_t partition = {.number = row_int (&row), .first_seq = 1};
    partition.last_seq = row_int (&row);
    partition.level_seq = row_int (&row);
    partition_put (to, &partition);
    return row_is_sealed (&row);
}

static bool
move_exception (sqlite3_stmt *from, sqlite3_stmt *to, int64_t now_ms)
{
    row_t row = row_from (from, "exception");
    int64_t number = row_int (&row);
    int64_t place = row_int (&row);
    change_t change = {.partition = place_partition (place), .seq = place_seq (place)};
    exception_t *exception = &change.exception;
    *exception = (exception_t){.state = EXCEPTION_DEAD};
    bool is_known = exception_state_from_name (row_text (&row), &exception->state);
    exception->attempts = (int32_t)row_int (&row);
    exception->due_ms = row_int (&row);
    bool is_sealed = row_is_sealed (&row);
    if (exception->state == EXCEPTION_DEAD) {
        const char *outcome = (const char *)sqlite3_column_text (from, row.index);
        bool is_final = outcome && strcmp (outcome, outcome_name (OUTCOME_FAIL)) == 0;
        exception->reason = is_final ? REASON_FINAL : REASON_USED_UP;
        exception->due_ms = now_ms;
    }
    exception_put (to, number, &change);
    return is_sealed && is_known;
}

static bool
move_attempt (sqlite3_stmt *from, sqlite3_stmt *to, int64_t now_ms)
{
    (void)now_ms;
    row_t row = row_from (from, "attempt");
    int64_t place = row_int (&row);
    int64_t number = row_int (&row);
    change_t change = {.partition = place_partition (place), .seq = place_seq (place)};
    attempt_t *attempt = &change.attempt;
    *attempt = (attempt_t){.number = (int32_t)row_int (&row)};
    attempt->time_ms = row_int (&row);
    attempt->duration_ms = row_int (&row);
    bool is_known = outcome_from_name (row_text (&row), &attempt->outcome);
    attempt->http_status = (int32_t)row_int (&row);
    attempt->error = row_text (&row);
    attempt->worker = row_text (&row);
    attempt->result = row_text (&row);
    attempt_put (to, number, &change);
    return row_is_sealed (&row) && is_known;
}

static const struct {
    const char *table, *from, *to;
    move_t *move;
} moves [OBJECTS_1] = {
    {"partition", "SELECT * FROM partition_1 ORDER BY number",
     "INSERT INTO partition VALUES (?1, ?2, ?3, ?4, ?5)", move_partition},
    {"exception",
     "SELECT e.*, (SELECT a.outcome FROM attempt a WHERE a.place = e.place AND "
     "a.subscription = e.subscription ORDER BY a.number DESC LIMIT 1) "
     "FROM exception_1 e ORDER BY e.subscription, e.place",
     "INSERT INTO exception VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", move_exception},
    {"attempt", "SELECT * FROM attempt_1 ORDER BY place, subscription, number",
     "INSERT INTO attempt VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
     move_attempt},
};

static int
run (const connection_t *connection, const char *format, const char *table)
{
    char *sql = sqlite3_mprintf (format, table, table);
    int code = sql ? sqlite3_exec (connection->handle, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
    sqlite3_free (sql);
    return code;
}

//  is_whole: of all rows so far.
static int
move_rows (sqlite3_stmt *from, sqlite3_stmt *to, move_t *move, bool *is_whole)
{
    int64_t now_ms = (int64_t)time (NULL) * 1000;
    int code;
    *is_whole = true;
    while (*is_whole && (code = sqlite3_step (from)) == SQLITE_ROW) {
        *is_whole = move (from, to, now_ms);
        if (*is_whole && (code = sqlite3_step (to)) != SQLITE_DONE)
            return code;
        sqlite3_reset (to);
    }
    return *is_whole && code != SQLITE_DONE ? code : SQLITE_OK;
}

static int
fill (const connection_t *connection, size_t i, bool *is_whole)
{
    sqlite3_stmt *from = NULL, *to = NULL;
    int code = sqlite3_prepare_v2 (connection->handle, moves [i].from, -1, &from, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2 (connection->handle, moves [i].to, -1, &to, NULL);
    if (code == SQLITE_OK)
        code = move_rows (from, to, moves [i].move, is_whole);
    sqlite3_finalize (from);
    sqlite3_finalize (to);
    return code;
}

static status_t
remake (const connection_t *connection, size_t i, problem_t *problem)
{
    const char *table = moves [i].table;
    bool is_whole = true;
    int code = run (connection, "ALTER TABLE %s RENAME TO %s_1", table);
    if (code == SQLITE_OK)
        code = schema_make (connection, table);
    if (code == SQLITE_OK)
        code = fill (connection, i, &is_whole);
    if (code == SQLITE_OK && !is_whole)
        return problem_set (problem, STATUS_STORE_DAMAGED,
                            "store: %s: table %s is damaged; restore the store from a backup",
                            connection->path, table);
    if (code == SQLITE_OK)
        code = run (connection, "DROP TABLE %s_1", table);
    if (code == SQLITE_OK)
        return STATUS_OK;
    return connection_problem (connection, code, "bring its tables to this version", problem);
}

static status_t
make_rest (const connection_t *connection, problem_t *problem)
{
    static const char *const names [] = {"exception_place", "exception_dead", "health", "counter",
                                         "event_root"};
    int code = sqlite3_exec (connection->handle,
                             "ALTER TABLE event ADD COLUMN " SCHEMA_CAUSATION ";"
                             "ALTER TABLE event ADD COLUMN " SCHEMA_ROOT ";"
                             "ALTER TABLE event ADD COLUMN " SCHEMA_VIA ";"
                             "ALTER TABLE event ADD COLUMN " SCHEMA_HOPS,
                             NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof names / sizeof names [0] && code == SQLITE_OK; i++)
        code = schema_make (connection, names [i]);
    if (code == SQLITE_OK)
        return STATUS_OK;
    return connection_problem (connection, code, "bring its tables to this version", problem);
}

//  The index goes with the table that is dropped.
status_t
migrate_from_1 (const connection_t *connection, problem_t *problem)
{
    status_t status = check_objects_1 (connection, problem);
    for (size_t i = 0; i < OBJECTS_1 && status == STATUS_OK; i++)
        status = remake (connection, i, problem);
    return status == STATUS_OK ? make_rest (connection, problem) : status;
}
