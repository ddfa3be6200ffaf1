#include "broker/store/sqlite_schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "broker/store/sqlite_migrate.h"
#include "broker/store/sqlite_tables.h"
#include "proto/model/assert.h"

/*  Version 2. The comments are for who looks in with sqlite3 and says .schema.
 *
 *  event: its key is the place, since a table without a rowid halves the speed. The index has id
 *  before partition: then one search finds an id in all partitions, and ids that rise with time are
 *  added at one end of it. Where it comes from (causation and so on) are columns that version 1 had
 *  not; they stand, and their text is, as ALTER TABLE adds them, so that no log is written anew.
 *
 *  attempt, by place first: an event's attempts go to one page however many subscribe, and are
 *  found, or let go, with the event. 60-byte rows are quickest without a rowid.
 *
 *  exception, by subscription first: so load has each one's in a row. exception_place says whether an
 *  event is held by one, exception_dead which have been dead for long.
 */
static const char *const objects [][2] = {
    {"partition",
     "CREATE TABLE partition (\n"
     "    number INTEGER PRIMARY KEY,     -- 0, 1, 2 ...: as many as the store was made with\n"
     "    first_seq INTEGER NOT NULL,     -- below: only what an exception holds\n"
     "    last_seq INTEGER NOT NULL,      -- given to its newest event\n"
     "    level_seq INTEGER NOT NULL,     -- quiet subscriptions have ended all up to here\n"
     "    seal INTEGER NOT NULL           -- in each table: a hash of the other columns\n"
     ") STRICT"},
    {"event", "CREATE TABLE event (\n"
              "    place INTEGER PRIMARY KEY,      -- partition << 48 | seq\n"
              "    partition INTEGER NOT NULL,\n"
              "    id TEXT NOT NULL,\n"
              "    given_id TEXT NOT NULL,\n"
              "    source TEXT NOT NULL,\n"
              "    type TEXT NOT NULL,\n"
              "    subject TEXT NOT NULL,\n"
              "    key TEXT NOT NULL,\n"
              "    time TEXT NOT NULL,\n"
              "    content_type TEXT NOT NULL,\n"
              "    phase INTEGER NOT NULL,         -- 0 post, 1 pre\n"
              "    accepted_ms INTEGER NOT NULL,   -- since 1970\n"
              "    data BLOB NOT NULL,\n"
              "    seal INTEGER NOT NULL\n"
              ", " SCHEMA_CAUSATION ", " SCHEMA_ROOT ", " SCHEMA_VIA ", " SCHEMA_HOPS ") STRICT"},
    {"event_root", "CREATE INDEX event_root ON event (root) WHERE root <> ''"},
    {"event_id", "CREATE UNIQUE INDEX event_id ON event (id, partition)"},
    {"subscription", "CREATE TABLE subscription (\n"
                     "    number INTEGER PRIMARY KEY,     -- its name in the other tables\n"
                     "    id TEXT NOT NULL UNIQUE,\n"
                     "    document TEXT NOT NULL,         -- JSON, secret included\n"
                     "    seal INTEGER NOT NULL\n"
                     ") STRICT"},
    {"progress",
     "CREATE TABLE progress (\n"
     "    track INTEGER PRIMARY KEY,      -- subscription << 16 | partition\n"
     "    floor INTEGER NOT NULL,         -- all up to here has ended, or is an exception\n"
     "    is_quiet INTEGER NOT NULL,      -- nothing under way: the floor is level_seq, if higher\n"
     "    done_above BLOB NOT NULL,       -- bit 0 is floor + 1\n"
     "    seal INTEGER NOT NULL\n"
     ") STRICT"},
    {"exception",
     "CREATE TABLE exception (\n"
     "    subscription INTEGER NOT NULL,\n"
     "    place INTEGER NOT NULL,\n"
     "    state TEXT NOT NULL,            -- retry, held, slow, dead\n"
     "    attempts INTEGER NOT NULL,\n"
     "    forgiven INTEGER NOT NULL,      -- attempts made before it was last redriven\n"
     "    crashes INTEGER NOT NULL,       -- workers that died over it since\n"
     "    due_ms INTEGER NOT NULL,        -- since 1970; 0: waits for something else than time;\n"
     "                                    -- dead: since when\n"
     "    reason TEXT NOT NULL,           -- dead: why; NONE otherwise\n"
     "    seal INTEGER NOT NULL,\n"
     "    PRIMARY KEY (subscription, place)\n"
     ") STRICT, WITHOUT ROWID"},
    {"exception_place", "CREATE INDEX exception_place ON exception (place)"},
    {"exception_dead",
     "CREATE INDEX exception_dead ON exception (due_ms, subscription, place) WHERE state = 'dead'"},
    {"attempt", "CREATE TABLE attempt (\n"
                "    place INTEGER NOT NULL,\n"
                "    subscription INTEGER NOT NULL,\n"
                "    number INTEGER NOT NULL,        -- 1, 2, 3 ...\n"
                "    time_ms INTEGER NOT NULL,       -- since 1970\n"
                "    duration_ms INTEGER NOT NULL,\n"
                "    connect_us INTEGER NOT NULL,    -- 0: it stood already\n"
                "    tls_us INTEGER NOT NULL,        -- these three from the beginning\n"
                "    first_byte_us INTEGER NOT NULL,\n"
                "    outcome TEXT NOT NULL,          -- ok, retry, fail\n"
                "    http_status INTEGER NOT NULL,   -- 0: no answer came\n"
                "    error TEXT NOT NULL,\n"
                "    worker TEXT NOT NULL,\n"
                "    result TEXT NOT NULL,\n"
                "    seal INTEGER NOT NULL,\n"
                "    PRIMARY KEY (place, subscription, number)\n"
                ") STRICT, WITHOUT ROWID"},
    {"health", "CREATE TABLE health (\n"
               "    subscription INTEGER PRIMARY KEY,\n"
               "    failing_since_ms INTEGER NOT NULL, -- since 1970; 0: its consumer does well\n"
               "    probe_ms INTEGER NOT NULL,         -- when one is tried; 0: breaker is closed\n"
               "    failures INTEGER NOT NULL,         -- in a row\n"
               "    openings INTEGER NOT NULL,         -- probes that failed in a row\n"
               "    seal INTEGER NOT NULL\n"
               ") STRICT"},
    {"counter", "CREATE TABLE counter (\n"
                "    subscription INTEGER NOT NULL,\n"
                "    key TEXT NOT NULL,              -- what was counted\n"
                "    count INTEGER NOT NULL,\n"
                "    seal INTEGER NOT NULL,\n"
                "    PRIMARY KEY (subscription, key)\n"
                ") STRICT, WITHOUT ROWID"},
    {"gone", "CREATE TABLE gone (\n"
             "    number INTEGER PRIMARY KEY,     -- a subscription that is being swept away\n"
             "    swept_place INTEGER NOT NULL    -- its attempts up to here are\n"
             ") STRICT"},
    {"token", "CREATE TABLE token (\n"
              "    id TEXT PRIMARY KEY,\n"
              "    hash TEXT NOT NULL UNIQUE,      -- BLAKE2b-256 of the token\n"
              "    name TEXT NOT NULL,\n"
              "    scopes TEXT NOT NULL,\n"
              "    created_ms INTEGER NOT NULL,\n"
              "    seal INTEGER NOT NULL\n"
              ") STRICT, WITHOUT ROWID"},
};
enum { OBJECTS = sizeof objects / sizeof objects [0] };

static int
run (const connection_t *connection, const char *sql)
{
    return sqlite3_exec (connection->handle, sql, NULL, NULL, NULL);
}

//  Whether a table has the text that some version gave it.
static int
look_at (const connection_t *connection, const char *const object [2], bool *is_intact)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2 (connection->handle,
                                   "SELECT 1 FROM sqlite_schema WHERE name = ?1 AND sql = ?2", -1,
                                   &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text (statement, 1, object [0], -1, SQLITE_STATIC);
        sqlite3_bind_text (statement, 2, object [1], -1, SQLITE_STATIC);
        code = sqlite3_step (statement);
    }
    *is_intact = code == SQLITE_ROW;
    sqlite3_finalize (statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

status_t
schema_check_object (const connection_t *connection, const char *const object [2],
                     problem_t *problem)
{
    bool is_intact;
    int code = look_at (connection, object, &is_intact);
    if (code != SQLITE_OK)
        return connection_problem (connection, code, "read its schema", problem);
    if (is_intact)
        return STATUS_OK;
    return problem_set (problem, STATUS_STORE_DAMAGED,
                        "store: %s: its table or index `%s` is not as it was made; restore it from "
                        "a backup",
                        connection->path, object [0]);
}

static status_t
check_objects (connection_t *connection, problem_t *problem)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; i < OBJECTS && status == STATUS_OK; i++)
        status = schema_check_object (connection, objects [i], problem);
    return status;
}

static int
add_partitions (connection_t *connection, int32_t partitions)
{
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2 (connection->handle, "INSERT INTO partition VALUES (?1, ?2, ?3, ?4, ?5)",
                            -1, &statement, NULL);
    for (int32_t i = 0; i < partitions && code == SQLITE_OK; i++) {
        partition_put (statement, &(partition_row_t){.number = i, .first_seq = 1});
        code = sqlite3_step (statement) == SQLITE_DONE ? SQLITE_OK : SQLITE_ERROR;
        int reset_code = sqlite3_reset (statement);
        code = reset_code != SQLITE_OK ? reset_code : code;
    }
    sqlite3_finalize (statement);
    return code;
}

int
schema_make (const connection_t *connection, const char *name)
{
    size_t i = 0;
    while (i < OBJECTS && strcmp (objects [i][0], name) != 0)
        i++;
    ASSERT (i < OBJECTS, "migrations make what our version has");
    return run (connection, objects [i][1]);
}

//  An empty file.
static int
make (connection_t *connection, int32_t partitions)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < OBJECTS && code == SQLITE_OK; i++)
        code = run (connection, objects [i][1]);
    return code == SQLITE_OK ? add_partitions (connection, partitions) : code;
}

static status_t
mark (connection_t *connection, problem_t *problem)
{
    char marks [100];
    snprintf (marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
              SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
    int code = run (connection, marks);
    if (code == SQLITE_OK)
        return STATUS_OK;
    return connection_problem (connection, code, "make its tables", problem);
}

/*  A migration that changes a table makes it anew and copies the rows, so that its text is the same in
 *  a migrated store and in a new one (see look_at). What fails leaves the file as it was: who opened
 *  the connection closes it.
 */
static status_t
migrate (connection_t *connection, int64_t version, int32_t partitions, problem_t *problem)
{
    int code = run (connection, "BEGIN IMMEDIATE");
    if (code == SQLITE_OK && version == 0)
        code = make (connection, partitions);
    if (code != SQLITE_OK)
        return connection_problem (connection, code, "make its tables", problem);
    status_t status = version == 1 ? migrate_from_1 (connection, problem) : STATUS_OK;
    if (status == STATUS_OK)
        status = check_objects (connection, problem);
    return status == STATUS_OK ? mark (connection, problem) : status;
}

typedef struct {
    int64_t application_id, version, objects;
} marks_t;

static int
read_marks (connection_t *connection, marks_t *marks)
{
    int code = connection_ask (connection, "PRAGMA application_id", &marks->application_id);
    if (code == SQLITE_OK)
        code = connection_ask (connection, "PRAGMA user_version", &marks->version);
    if (code == SQLITE_OK)
        code = connection_ask (connection, "SELECT count (*) FROM sqlite_schema", &marks->objects);
    return code;
}

static status_t
check_marks (connection_t *connection, const marks_t *marks, problem_t *problem)
{
    bool is_empty = marks->application_id == 0 && marks->version == 0 && marks->objects == 0;
    if (is_empty)
        return STATUS_OK;
    if (marks->application_id != SCHEMA_APPLICATION_ID)
        return problem_set (problem, STATUS_STORE_DAMAGED,
                            "store: %s is another program's database; give the broker another "
                            "store/url",
                            connection->path);
    if (marks->version > SCHEMA_VERSION)
        return problem_set (problem, STATUS_STORE_NEWER,
                            "store: %s has version %" PRId64 ", this Tocsin knows %d; install the "
                            "newer one",
                            connection->path, marks->version, SCHEMA_VERSION);
    if (marks->version < 1)
        return problem_set (problem, STATUS_STORE_DAMAGED,
                            "store: %s has version %" PRId64 ", which never was; restore it from a "
                            "backup",
                            connection->path, marks->version);
    return STATUS_OK;
}

/*  What can only be said of an empty file. With incremental vacuum the log can give its disk space
 *  back when it is cut; that costs a commit 2 to 4 %.
 */
static const char first_settings [] = "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;";

//  The mode is kept in the file. On some network file systems there is no shared memory for it.
static status_t
set_wal (connection_t *connection, problem_t *problem)
{
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2 (connection->handle, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step (statement);
    bool is_wal =
        code == SQLITE_ROW && strcmp ((const char *)sqlite3_column_text (statement, 0), "wal") == 0;
    sqlite3_finalize (statement);
    if (is_wal)
        return STATUS_OK;
    if (code != SQLITE_ROW)
        return connection_problem (connection, code, "switch it to WAL", problem);
    return problem_set (problem, STATUS_SYSTEM,
                        "store: %s: its file system has no shared memory for SQLite's WAL; put it "
                        "on a local disk",
                        connection->path);
}

/*  The tables that are small are looked through: a row that a damaged page has lost would be a lost
 *  delivery, and nothing else tells of it. The log is too long for that; its seqs and seals tell.
 */
static const struct {
    int version;  //  from which on there is such a table
    const char *name, *look;
} looks [] = {{1, "partition", "PRAGMA integrity_check (partition)"},
              {1, "subscription", "PRAGMA integrity_check (subscription)"},
              {1, "progress", "PRAGMA integrity_check (progress)"},
              {1, "exception", "PRAGMA quick_check (exception)"},
              {1, "gone", "PRAGMA integrity_check (gone)"},
              {1, "token", "PRAGMA integrity_check (token)"},
              {2, "health", "PRAGMA integrity_check (health)"}};

status_t
schema_look_through (const connection_t *connection, const char *name, const char *look,
                     problem_t *problem)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2 (connection->handle, look, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step (statement);
    const char *found = NULL;
    if (code == SQLITE_ROW)
        found = (const char *)sqlite3_column_text (statement, 0);
    status_t status = STATUS_OK;
    if (code != SQLITE_ROW)
        status = connection_problem (connection, code, "look through its tables", problem);
    else if (!found || strcmp (found, "ok") != 0)
        status = problem_set (problem, STATUS_STORE_DAMAGED,
                              "store: %s: table %s is damaged (%.80s); restore the store from a "
                              "backup",
                              connection->path, name, found ? found : "");
    sqlite3_finalize (statement);
    return status;
}

static status_t
check_tables (connection_t *connection, int64_t version, problem_t *problem)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; i < sizeof looks / sizeof looks [0] && status == STATUS_OK; i++)
        if (looks [i].version <= version)
            status = schema_look_through (connection, looks [i].name, looks [i].look, problem);
    return status;
}

status_t
schema_settle (connection_t *connection, int32_t partitions, problem_t *problem)
{
    marks_t marks;
    int code = read_marks (connection, &marks);
    if (code != SQLITE_OK)
        return connection_problem (connection, code, "read its header", problem);
    status_t status = check_marks (connection, &marks, problem);
    if (status == STATUS_OK && marks.version == 0)
        run (connection, first_settings);
    if (status == STATUS_OK)
        status = set_wal (connection, problem);
    if (status == STATUS_OK && marks.version == SCHEMA_VERSION)
        status = check_objects (connection, problem);
    if (status == STATUS_OK)
        status = check_tables (connection, marks.version, problem);
    if (status == STATUS_OK && marks.version < SCHEMA_VERSION)
        status = migrate (connection, marks.version, partitions, problem);
    return status;
}
