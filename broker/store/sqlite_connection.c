#include "broker/store/sqlite_connection.h"

#include <errno.h>
#include <string.h>

#include "proto/model/assert.h"

enum {
    BUSY_MS = 5000,  //  somebody looks in with sqlite3 and writes: wait for him that long
    VALUE_BYTES_MOST = 1 << 25  //  of one value; limits.tbl allows half of it
};

#define EVENT_COLUMNS                                                                         \
    "place, partition, id, given_id, source, type, subject, key, time, content_type, phase, " \
    "accepted_ms, data, causation, root, via, hops, seal"
#define PARTITION_COLUMNS "number, first_seq, last_seq, level_seq, seal"
#define EXCEPTION_COLUMNS \
    "subscription, place, state, attempts, forgiven, crashes, due_ms, reason, seal"
#define ATTEMPT_COLUMNS                                                                      \
    "place, subscription, number, time_ms, duration_ms, connect_us, tls_us, first_byte_us, " \
    "outcome, http_status, error, worker, result, seal"
#define HEALTH_COLUMNS "subscription, failing_since_ms, probe_ms, failures, openings, seal"

//  Above ?1, up to ?2, of events that somebody's exception keeps.
#define HELD_PLACES                                                                              \
    "SELECT DISTINCT e.place FROM exception e JOIN subscription s ON s.number = e.subscription " \
    "WHERE e.place > ?1 AND e.place <= ?2"

static const struct {
    connection_use_t use;
    const char *text;
} texts [STATEMENTS] = {
#define STATEMENT(who, name, sql) [STATEMENT_##name] = {CONNECTION_##who, sql},
#include "broker/store/sqlite_statement.tbl"
};

/*  Set on each connection. The checkpoint is ours (sqlite.c); a WAL that has grown beyond what
 *  checkpoints keep it to is cut; what is deleted need not be overwritten with zeros.
 */
static const char settings [] = "PRAGMA synchronous = FULL;"
                                "PRAGMA wal_autocheckpoint = 0;"
                                "PRAGMA journal_size_limit = 67108864;"
                                "PRAGMA secure_delete = OFF;"
                                "PRAGMA cell_size_check = ON;"
                                "PRAGMA trusted_schema = OFF;"
                                "PRAGMA temp_store = MEMORY;"
                                "PRAGMA cache_size = -2048;";

static int
open_handle (connection_t *self)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2 (self->path, &self->handle, flags, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_busy_timeout (self->handle, BUSY_MS);
    sqlite3_limit (self->handle, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MOST);
    sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return sqlite3_exec (self->handle, settings, NULL, NULL, NULL);
}

status_t
connection_open (connection_t *self, const char *path, problem_t *problem)
{
    *self = (connection_t){.path = path};
    int code = open_handle (self);
    if (code == SQLITE_OK)
        return STATUS_OK;
    status_t status = connection_problem (self, code, "open it", problem);
    connection_close (self);
    return status;
}

status_t
connection_prepare (connection_t *self, connection_use_t use, problem_t *problem)
{
    for (statement_t i = 0; i < STATEMENTS; i++) {
        if ((texts [i].use & use) == 0 || self->statements [i])
            continue;
        int code = sqlite3_prepare_v3 (self->handle, texts [i].text, -1, SQLITE_PREPARE_PERSISTENT,
                                       &self->statements [i], NULL);
        if (code != SQLITE_OK)
            return connection_problem (self, code, "use its tables", problem);
    }
    return STATUS_OK;
}

void
connection_close (connection_t *self)
{
    for (statement_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize (self->statements [i]);
    sqlite3_close (self->handle);
    *self = (connection_t){0};
}

sqlite3_stmt *
connection_statement (const connection_t *self, statement_t statement)
{
    ASSERT (self->statements [statement], "a connection has the statements of its use");
    return self->statements [statement];
}

void
statement_done (sqlite3_stmt *statement)
{
    sqlite3_reset (statement);
    sqlite3_clear_bindings (statement);
}

int
connection_run (const connection_t *self, statement_t statement)
{
    sqlite3_stmt *prepared = connection_statement (self, statement);
    int code = sqlite3_step (prepared);
    ASSERT (code != SQLITE_ROW, "who wants rows steps for himself");
    sqlite3_reset (prepared);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int
connection_ask (const connection_t *self, const char *sql, int64_t *answer)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2 (self->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step (statement);
    if (code == SQLITE_ROW)
        *answer = sqlite3_column_int64 (statement, 0);
    sqlite3_finalize (statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

//  SQLite knows ENOSPC, and only in some places; a quota and the rest come as a failed write.
bool
handle_is_out_of_room (sqlite3 *handle, int code)
{
    if (code == SQLITE_FULL)
        return true;
    if ((code & 0xff) != SQLITE_IOERR || code == SQLITE_IOERR_FSYNC)
        return false;
    int cause = sqlite3_system_errno (handle);
    return cause == ENOSPC || cause == EDQUOT || cause == EFBIG;
}

status_t
connection_problem (const connection_t *self, int code, const char *doing, problem_t *problem)
{
    const char *said = self->handle ? sqlite3_errmsg (self->handle) : sqlite3_errstr (code);
    int kind = code & 0xff;
    ASSERT (kind != SQLITE_NOMEM && code != SQLITE_IOERR_NOMEM,
            "out of memory: raise the limit of the process, or lower limits/ in the settings");
    if (handle_is_out_of_room (self->handle, code))
        return problem_set (problem, STATUS_FULL,
                            "store: %s: cannot %s: no room on the disk; make some, nothing is lost",
                            self->path, doing);
    if (kind == SQLITE_BUSY || kind == SQLITE_LOCKED)
        return problem_set (problem, STATUS_FULL,
                            "store: %s: cannot %s: another program is writing to it; end that one",
                            self->path, doing);
    if (kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_ERROR ||
        kind == SQLITE_CONSTRAINT)
        return problem_set (problem, STATUS_STORE_DAMAGED,
                            "store: %s: cannot %s: %s; restore it from a backup", self->path, doing,
                            said);
    if (kind == SQLITE_CANTOPEN || kind == SQLITE_READONLY || kind == SQLITE_PERM ||
        kind == SQLITE_AUTH)
        return problem_set (problem, STATUS_SYSTEM,
                            "store: %s: cannot %s: %s; let this user read and write it and its "
                            "directory",
                            self->path, doing, said);
    return problem_set (problem, STATUS_STORE_FAILED,
                        "store: %s: cannot %s: %s (%d, %s); look at the disk, then start again",
                        self->path, doing, said, code,
                        strerror (sqlite3_system_errno (self->handle)));
}
