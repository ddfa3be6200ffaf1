#include "broker/store/sqlite_old.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "broker/store/place.h"
#include "broker/store/sqlite_row.h"
#include "broker/store/sqlite_tables.h"
#include "proto/model/owned.h"

enum { GONE_NUMBER = 7 };

static const char tables_1 [] =
    "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
    "CREATE TABLE partition (\n"
    "    number INTEGER PRIMARY KEY,     -- 0, 1, 2 ...: as many as the store was made with\n"
    "    last_seq INTEGER NOT NULL,      -- given to its newest event\n"
    "    level_seq INTEGER NOT NULL,     -- quiet subscriptions have ended all up to here\n"
    "    seal INTEGER NOT NULL           -- in each table: a hash of the other columns\n"
    ") STRICT;"
    "CREATE TABLE event (\n"
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
    ") STRICT;"
    "CREATE UNIQUE INDEX event_id ON event (id, partition);"
    "CREATE TABLE subscription (\n"
    "    number INTEGER PRIMARY KEY,     -- its name in the other tables\n"
    "    id TEXT NOT NULL UNIQUE,\n"
    "    document TEXT NOT NULL,         -- JSON, secret included\n"
    "    seal INTEGER NOT NULL\n"
    ") STRICT;"
    "CREATE TABLE progress (\n"
    "    track INTEGER PRIMARY KEY,      -- subscription << 16 | partition\n"
    "    floor INTEGER NOT NULL,         -- all up to here has ended, or is an exception\n"
    "    is_quiet INTEGER NOT NULL,      -- nothing under way: the floor is level_seq, if higher\n"
    "    done_above BLOB NOT NULL,       -- bit 0 is floor + 1\n"
    "    seal INTEGER NOT NULL\n"
    ") STRICT;"
    "CREATE TABLE exception (\n"
    "    subscription INTEGER NOT NULL,\n"
    "    place INTEGER NOT NULL,\n"
    "    state TEXT NOT NULL,            -- retry, held, slow, dead\n"
    "    attempts INTEGER NOT NULL,\n"
    "    due_ms INTEGER NOT NULL,        -- since 1970; 0: waits for something else than time\n"
    "    seal INTEGER NOT NULL,\n"
    "    PRIMARY KEY (subscription, place)\n"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX exception_place ON exception (place);"
    "CREATE TABLE attempt (\n"
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
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE gone (\n"
    "    number INTEGER PRIMARY KEY,     -- a subscription that is being swept away\n"
    "    swept_place INTEGER NOT NULL    -- its attempts up to here are\n"
    ") STRICT;"
    "CREATE TABLE token (\n"
    "    id TEXT PRIMARY KEY,\n"
    "    hash TEXT NOT NULL UNIQUE,      -- BLAKE2b-256 of the token\n"
    "    name TEXT NOT NULL,\n"
    "    scopes TEXT NOT NULL,\n"
    "    created_ms INTEGER NOT NULL,\n"
    "    seal INTEGER NOT NULL\n"
    ") STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = 1415803758; PRAGMA user_version = 1;";

static void
do_all (sqlite3 *handle, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec (handle, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg ("%s", message);
}

static sqlite3_stmt *
prepare (sqlite3 *handle, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2 (handle, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg ("%s: %s", sql, sqlite3_errmsg (handle));
    return statement;
}

static void
run (sqlite3_stmt *statement)
{
    assert_int_equal (sqlite3_step (statement), SQLITE_DONE);
    sqlite3_finalize (statement);
}

static void
add_partitions (sqlite3 *handle)
{
    for (int64_t i = 0; i < OLD_PARTITIONS; i++) {
        sqlite3_stmt *statement = prepare (handle, "INSERT INTO partition VALUES (?1, ?2, ?3, ?4)");
        row_t row = row_to (statement, "partition");
        row_put_int (&row, i);
        row_put_int (&row, i == OLD_PARTITION ? OLD_EVENTS : 0);
        row_put_int (&row, i == OLD_PARTITION ? OLD_EVENTS / 2 : 0);
        row_put_seal (&row);
        run (statement);
    }
}

static void
put_event (sqlite3_stmt *statement, const event_t *event, int64_t seq)
{
    row_t row = row_to (statement, "event");
    row_put_int (&row, place_of (event->partition, seq));
    row_put_int (&row, event->partition);
    const char *const texts [] = {event->id,   event->given_id,    event->source,
                                  event->type, event->subject,     event->key,
                                  event->time, event->content_type};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        row_put_text (&row, texts [i]);
    row_put_int (&row, event->phase);
    row_put_int (&row, event->accepted_ms);
    row_put_blob (&row, event->data, event->data_size);
    row_put_seal (&row);
}

static void
add_events (sqlite3 *handle)
{
    for (int i = 1; i <= OLD_EVENTS; i++) {
        char id [16];
        snprintf (id, sizeof id, "e%d", i);
        OWNED (event) event_t *event = scene_big_event (OLD_PARTITION, id, 300);
        sqlite3_stmt *statement =
            prepare (handle, "INSERT INTO event VALUES "
                             "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");
        put_event (statement, event, i);
        run (statement);
    }
}

static void
add_subscription (sqlite3 *handle, int64_t number)
{
    char id [16];
    snprintf (id, sizeof id, "S%d", (int)number - 1);
    OWNED (subscription) subscription_t *subscription = scene_subscription (id, number);
    char *document = subscription_dump (subscription);
    sqlite3_stmt *statement = prepare (handle, "INSERT INTO subscription VALUES (?1, ?2, ?3, ?4)");
    subscription_put (statement, &(subscription_row_t){number, id, document});
    run (statement);
    free (document);

    progress_t progress = {.floor = 20 + number - 1};
    progress_end (&progress, 30);
    change_t change = {.partition = OLD_PARTITION, .progress = &progress};
    progress_bits_t bits;
    statement = prepare (handle, "INSERT INTO progress VALUES (?1, ?2, ?3, ?4, ?5)");
    progress_put (statement, number, &change, bits);
    run (statement);
}

static void
add_exception (sqlite3 *handle, int64_t number, int64_t seq)
{
    sqlite3_stmt *statement =
        prepare (handle, "INSERT INTO exception VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    row_t row = row_to (statement, "exception");
    row_put_int (&row, number);
    row_put_int (&row, place_of (OLD_PARTITION, seq));
    row_put_text (&row, exception_state_name ((exception_state_t)(seq % 4)));
    row_put_int (&row, 2);
    row_put_int (&row, 1000 * seq);
    row_put_seal (&row);
    run (statement);
}

static void
add_attempt (sqlite3 *handle, int64_t number, int64_t seq, int attempt)
{
    sqlite3_stmt *statement = prepare (
        handle, "INSERT INTO attempt VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
    row_t row = row_to (statement, "attempt");
    row_put_int (&row, place_of (OLD_PARTITION, seq));
    row_put_int (&row, number);
    row_put_int (&row, attempt);
    row_put_int (&row, 1700000000000 + seq);
    row_put_int (&row, 12);
    row_put_text (&row, attempt == 2 && seq == 7 ? "fail" : "retry");
    row_put_int (&row, 503);
    row_put_text (&row, "connection refused");
    row_put_text (&row, "worker-1");
    row_put_text (&row, "");
    row_put_seal (&row);
    run (statement);
}

static void
add_deliveries (sqlite3 *handle, int64_t number)
{
    for (int64_t seq = 1; seq <= OLD_EXCEPTIONS; seq++) {
        add_exception (handle, number, seq);
        add_attempt (handle, number, seq, 1);
        add_attempt (handle, number, seq, 2);
    }
}

scene_t *
old_scene_1 (void)
{
    scene_t *scene = scene_sqlite (0);
    sqlite3 *handle;
    assert_int_equal (sqlite3_open (scene->path, &handle), SQLITE_OK);
    do_all (handle, tables_1);
    do_all (handle, "BEGIN");
    add_partitions (handle);
    add_events (handle);
    for (int64_t number = 1; number <= OLD_SUBSCRIPTIONS; number++) {
        add_subscription (handle, number);
        add_deliveries (handle, number);
    }
    add_deliveries (handle, GONE_NUMBER);
    do_all (handle, "INSERT INTO gone VALUES (7, -1)");
    sqlite3_stmt *statement = prepare (handle, "INSERT INTO token VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    token_put (statement, &(token_t){"t_1", "aa", "name", "admin", 1});
    run (statement);
    do_all (handle, "COMMIT");
    assert_int_equal (sqlite3_close (handle), SQLITE_OK);
    return scene;
}
