/*  What leaves the log, and the space it leaves. An event below first_seq is there as long as some
 *  subscription's exception holds it: what a subscription that is gone has left in the tables holds
 *  nothing, though it takes the sweep a while to come by.
 */
#include <time.h>

#include "broker/store/place.h"
#include "broker/store/sqlite_writer.h"
#include "proto/model/assert.h"

/*  In pages of 4 KiB. Those the log gives up are what it fills next: an eighth of the file is kept for
 *  that, within bounds.
 */
enum {
    SPARE_LEAST = 64,
    SPARE_MOST = 4096,
    STEP_PAGES = 32,  //  worth beginning with
};

//  A commit that brings events is awaited by who sent them.
enum { AWAITED_US = 300, UNAWAITED_US = 5000 };

static int64_t
now_us (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C (1000000) + now.tv_nsec / 1000;
}

static sqlite3_stmt *
bound (const writer_t *self, statement_t name, int64_t first, int64_t second)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, name);
    sqlite3_bind_int64 (statement, 1, first);
    if (sqlite3_bind_parameter_count (statement) > 1)
        sqlite3_bind_int64 (statement, 2, second);
    return statement;
}

static int
run_with (const writer_t *self, statement_t name, int64_t first, int64_t second)
{
    bound (self, name, first, second);
    return connection_run (&self->connection, name);
}

int
writer_look_for (const writer_t *self, int64_t place, bool *is_there)
{
    struct writer_partition *partition = writer_partition (self, place_partition (place));
    *is_there = place_seq (place) >= partition->first_seq;
    if (*is_there)
        return SQLITE_OK;
    sqlite3_stmt *statement = bound (self, STATEMENT_IS_HELD, place, 0);
    int code = sqlite3_step (statement);
    *is_there = code == SQLITE_ROW;
    sqlite3_reset (statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int
writer_let_go (writer_t *self, int64_t place, bool *has_left)
{
    bool is_there;
    int code = writer_look_for (self, place, &is_there);
    *has_left = code == SQLITE_OK && !is_there;
    if (!*has_left)
        return code;
    self->is_giving_back = true;
    code = run_with (self, STATEMENT_END_EVENT, place, 0);
    return code == SQLITE_OK ? run_with (self, STATEMENT_END_ATTEMPTS, place, 0) : code;
}

int
writer_trim (writer_t *self, const change_t *change)
{
    struct writer_partition *partition = writer_partition (self, change->partition);
    ASSERT (change->seq <= partition->last_seq, "what is not in the log cannot leave it");
    if (change->seq < partition->first_seq)
        return SQLITE_OK;
    int64_t above = place_of (change->partition, partition->first_seq - 1);
    int64_t up_to = place_of (change->partition, change->seq);
    int code = run_with (self, STATEMENT_TRIM_EVENTS, above, up_to);
    if (code == SQLITE_OK)
        code = run_with (self, STATEMENT_TRIM_ATTEMPTS, above, up_to);
    partition->first_seq = change->seq + 1;
    partition->is_changed = true;
    self->is_giving_back = true;
    return code;
}

/*  The last pages of the file are moved to where some are free: a row of the statement for each. That
 *  was 100 µs in a file with many free ones, so a commit that somebody waits for does it for a short
 *  while only.
 */
static int
give_back (writer_t *self, int64_t most_us, int64_t pages_most)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_GIVE_BACK);
    int64_t start_us = now_us (), pages = 0;
    int code;
    while ((code = sqlite3_step (statement)) == SQLITE_ROW)
        if (++pages >= pages_most || now_us () - start_us >= most_us)
            break;
    sqlite3_reset (statement);
    self->is_giving_back = pages > 0;  //  a file that was not made for it gives back nothing
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

static int
count (writer_t *self, statement_t name, int64_t *pages)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, name);
    int code = sqlite3_step (statement);
    *pages = code == SQLITE_ROW ? sqlite3_column_int64 (statement, 0) : 0;
    sqlite3_reset (statement);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

int
writer_give_back (writer_t *self, bool is_awaited)
{
    int64_t pages, free_pages;
    int code = count (self, STATEMENT_COUNT_PAGES, &pages);
    if (code == SQLITE_OK)
        code = count (self, STATEMENT_COUNT_FREE, &free_pages);
    if (code != SQLITE_OK)
        return code;
    int64_t spare = pages / 8;
    if (spare < SPARE_LEAST)
        spare = SPARE_LEAST;
    if (spare > SPARE_MOST)
        spare = SPARE_MOST;
    self->is_giving_back = free_pages >= spare + STEP_PAGES;
    if (!self->is_giving_back)
        return SQLITE_OK;
    return give_back (self, is_awaited ? AWAITED_US : UNAWAITED_US, free_pages - spare);
}
