/*  What has become of deliveries, as rows. A change of a subscription that is not there, or no more,
 *  is nothing: its delivery may have ended in the very commit that took it away, or later.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/store/place.h"
#include "broker/store/sqlite_tables.h"
#include "broker/store/sqlite_writer.h"
#include "proto/model/assert.h"

static sqlite3_stmt *
statement_of (const writer_t *self, statement_t name)
{
    return connection_statement (&self->connection, name);
}

static int
put_subscription (writer_t *self, const change_t *change)
{
    int64_t number = numbers_find (&self->numbers, change->subscription);
    if (number == 0)
        number = numbers_add (&self->numbers, change->subscription);
    char *document = subscription_dump (change->document);
    subscription_row_t row = {.number = number, .id = change->subscription, .document = document};
    subscription_put (statement_of (self, STATEMENT_PUT_SUBSCRIPTION), &row);
    int code = connection_run (&self->connection, STATEMENT_PUT_SUBSCRIPTION);
    free (document);
    return code;
}

//  A statement whose parameters are but these two.
static int
run_with (writer_t *self, statement_t name, int64_t first, int64_t second)
{
    sqlite3_stmt *statement = statement_of (self, name);
    sqlite3_bind_int64 (statement, 1, first);
    if (sqlite3_bind_parameter_count (statement) > 1)
        sqlite3_bind_int64 (statement, 2, second);
    return connection_run (&self->connection, name);
}

//  Out of sight at once, with its progress; what may be many rows is swept away in steps.
static int
end_subscription (writer_t *self, const change_t *change)
{
    int64_t number = numbers_find (&self->numbers, change->subscription);
    if (number == 0)
        return SQLITE_OK;
    numbers_remove (&self->numbers, change->subscription);
    self->is_sweeping = true;
    int code = run_with (self, STATEMENT_END_SUBSCRIPTION, number, 0);
    if (code == SQLITE_OK)
        code = run_with (self, STATEMENT_END_HEALTH, number, 0);
    if (code == SQLITE_OK)
        code = run_with (self, STATEMENT_END_PROGRESS, track_of (number, 0),
                         track_of (number, PLACE_PARTITIONS_MOST));
    return code == SQLITE_OK ? run_with (self, STATEMENT_ADD_GONE, number, 0) : code;
}

static int
put_progress (writer_t *self, int64_t number, const change_t *change)
{
    ASSERT (change->progress->floor <= writer_partition (self, change->partition)->last_seq,
            "what is not in the log cannot have ended: it would be passed over when it comes");
    progress_bits_t bits;
    progress_put (statement_of (self, STATEMENT_PUT_PROGRESS), number, change, bits);
    return connection_run (&self->connection, STATEMENT_PUT_PROGRESS);
}

static int
put_exception (writer_t *self, int64_t number, const change_t *change)
{
    exception_put (statement_of (self, STATEMENT_PUT_EXCEPTION), number, change);
    return connection_run (&self->connection, STATEMENT_PUT_EXCEPTION);
}

//  The last one that held an event below first_seq lets it go.
static int
end_exception (writer_t *self, int64_t number, int64_t place)
{
    bool has_left;
    int code = run_with (self, STATEMENT_END_EXCEPTION, number, place);
    return code == SQLITE_OK ? writer_let_go (self, place, &has_left) : code;
}

static int
put_attempt (writer_t *self, int64_t number, const change_t *change)
{
    attempt_put (statement_of (self, STATEMENT_PUT_ATTEMPT), number, change);
    return connection_run (&self->connection, STATEMENT_PUT_ATTEMPT);
}

//  Written at the end of the commit, with the last seq.
static int
put_level (writer_t *self, const change_t *change)
{
    struct writer_partition *partition = writer_partition (self, change->partition);
    ASSERT (change->seq <= partition->last_seq,
            "what is not in the log cannot have ended: it would be passed over when it comes");
    partition->level_seq = change->seq;
    partition->is_changed = true;
    return SQLITE_OK;
}

static int
put_health (writer_t *self, const change_t *change)
{
    int64_t number = numbers_find (&self->numbers, change->subscription);
    if (number == 0)
        return SQLITE_OK;
    health_put (statement_of (self, STATEMENT_PUT_HEALTH), number, &change->health);
    return connection_run (&self->connection, STATEMENT_PUT_HEALTH);
}

//  A row of a delivery, or of a track.
static int
keep (writer_t *self, const change_t *change)
{
    int64_t last_seq = writer_partition (self, change->partition)->last_seq;
    int64_t number = numbers_find (&self->numbers, change->subscription);
    if (number == 0)
        return SQLITE_OK;
    if (change->kind == CHANGE_PROGRESS)
        return put_progress (self, number, change);
    ASSERT (change->seq > 0 && change->seq <= last_seq, "deliveries are of events in the log");
    int64_t place = place_of (change->partition, change->seq);
    if (change->kind == CHANGE_EXCEPTION_ENDED)
        return end_exception (self, number, place);
    bool is_there;
    int code = writer_look_for (self, place, &is_there);
    if (code != SQLITE_OK || !is_there)
        return code;
    return change->kind == CHANGE_EXCEPTION ? put_exception (self, number, change)
                                            : put_attempt (self, number, change);
}

int
writer_change (writer_t *self, const change_t *change)
{
    switch (change->kind) {
        case CHANGE_SUBSCRIPTION: return put_subscription (self, change);
        case CHANGE_SUBSCRIPTION_GONE: return end_subscription (self, change);
        case CHANGE_LEVEL: return put_level (self, change);
        case CHANGE_HEALTH: return put_health (self, change);
        case CHANGE_COUNT: return writer_count (self, change);
        case CHANGE_TRIM: return writer_trim (self, change);
        case CHANGE_PROGRESS:
        case CHANGE_EXCEPTION:
        case CHANGE_EXCEPTION_ENDED:
        case CHANGE_ATTEMPT: return keep (self, change);
    }
    ASSERT (false, "a change has one of these kinds");
    return SQLITE_MISUSE;
}

int
writer_keep_token (writer_t *self, const token_t *token)
{
    if (token->scopes) {
        token_put (statement_of (self, STATEMENT_PUT_TOKEN), token);
        return connection_run (&self->connection, STATEMENT_PUT_TOKEN);
    }
    sqlite3_bind_text (statement_of (self, STATEMENT_END_TOKEN), 1, token->id, -1, SQLITE_STATIC);
    return connection_run (&self->connection, STATEMENT_END_TOKEN);
}
