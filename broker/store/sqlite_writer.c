#include "broker/store/sqlite_writer.h"

#include <stdlib.h>
#include <string.h>

#include "broker/store/answers.h"
#include "broker/store/place.h"
#include "broker/store/sqlite_tables.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

struct writer_partition *
writer_partition (const writer_t *self, int32_t partition)
{
    ASSERT (partition >= 0 && partition < self->partition_count, "core placed it");
    return &self->partitions [partition];
}

static void
recall_partition (writer_t *self, const partition_row_t *row)
{
    self->partitions =
        array_room (self->partitions, (size_t)self->partition_count, sizeof *self->partitions);
    self->partitions [self->partition_count++] = (struct writer_partition){
        .first_seq = row->first_seq, .last_seq = row->last_seq, .level_seq = row->level_seq};
}

//  Numbered 0, 1, 2 … without gaps. SQLITE_CORRUPT if not.
static int
recall_partitions (writer_t *self)
{
    free (self->partitions);
    self->partitions = NULL;
    self->partition_count = 0;
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LIST_PARTITIONS);
    int code;
    while ((code = sqlite3_step (statement)) == SQLITE_ROW) {
        partition_row_t row;
        if (!partition_get (statement, &row) || row.number != self->partition_count ||
            self->partition_count == PLACE_PARTITIONS_MOST)
            break;
        recall_partition (self, &row);
    }
    sqlite3_reset (statement);
    if (code == SQLITE_ROW || (code == SQLITE_DONE && self->partition_count == 0))
        return SQLITE_CORRUPT;
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int
recall_numbers (writer_t *self)
{
    numbers_clear (&self->numbers);
    self->is_sweeping = false;
    self->is_giving_back = true;
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LIST_NUMBERS);
    int code;
    while ((code = sqlite3_step (statement)) == SQLITE_ROW) {
        int64_t number = sqlite3_column_int64 (statement, 0);
        const char *id = (const char *)sqlite3_column_text (statement, 1);
        if (number < 1 || number > TRACK_NUMBER_MOST)
            break;
        numbers_put (&self->numbers, id, number);
        self->is_sweeping |= !id;
    }
    sqlite3_reset (statement);
    if (code == SQLITE_ROW)
        return SQLITE_CORRUPT;
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int
recall (writer_t *self)
{
    int code = recall_partitions (self);
    return code == SQLITE_OK ? recall_numbers (self) : code;
}

status_t
writer_open (writer_t *self, problem_t *problem)
{
    status_t status = connection_prepare (&self->connection, CONNECTION_WRITES, problem);
    if (status != STATUS_OK)
        return status;
    //  KiB. Ids that do not rise with time touch all of their index.
    int code =
        sqlite3_exec (self->connection.handle, "PRAGMA cache_size = -8192", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = recall (self);
    if (code == SQLITE_OK)
        return STATUS_OK;
    return connection_problem (&self->connection, code, "read its partitions", problem);
}

void
writer_close (writer_t *self)
{
    connection_close (&self->connection);
    numbers_clear (&self->numbers);
    free (self->partitions);
    free (self->verdicts);
    *self = (writer_t){0};
}

//  Its id was there before: with the same contents it is a repeat.
static int
judge_repeat (writer_t *self, const event_t *event, stored_t *verdict)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_FIND_EVENT);
    sqlite3_bind_text (statement, 1, event->id, -1, SQLITE_STATIC);
    sqlite3_bind_int64 (statement, 2, event->partition);
    int code = sqlite3_step (statement);
    event_t first;
    if (code == SQLITE_ROW && event_get (statement, &first) && strcmp (first.id, event->id) == 0) {
        verdict->kind = event_says_same (&first, event) ? STORED_DUPLICATE : STORED_ID_TAKEN;
        verdict->seq = first.seq;
        code = SQLITE_OK;
    }
    else if (code == SQLITE_ROW || code == SQLITE_DONE)
        code = SQLITE_CORRUPT;  //  the index says other than the table
    statement_done (statement);
    return code;
}

//  is_added: no event of its partition has its id.
static int
try_to_add (writer_t *self, const event_t *event, int64_t seq, bool *is_added)
{
    event_put (connection_statement (&self->connection, STATEMENT_ADD_EVENT), event, seq);
    int code = connection_run (&self->connection, STATEMENT_ADD_EVENT);
    *is_added = code == SQLITE_OK && sqlite3_changes (self->connection.handle) > 0;
    return code;
}

static int
add_event (writer_t *self, const event_t *event, stored_t *verdict)
{
    struct writer_partition *partition = writer_partition (self, event->partition);
    int64_t seq = partition->last_seq + 1;
    bool is_added, has_left = false;
    int code = try_to_add (self, event, seq, &is_added);
    if (code == SQLITE_OK && !is_added) {
        code = judge_repeat (self, event, verdict);
        if (code == SQLITE_OK)  //  of the first one there may be but what the sweep has not seen
            code = writer_let_go (self, place_of (event->partition, verdict->seq), &has_left);
    }
    if (code == SQLITE_OK && has_left)
        code = try_to_add (self, event, seq, &is_added);
    if (code != SQLITE_OK || !is_added)
        return code;
    partition->last_seq = seq;
    partition->is_changed = true;
    *verdict = (stored_t){.kind = STORED_NEW, .seq = seq};
    return SQLITE_OK;
}

/*  The last seq is kept beside the log: then a log that has lost its end is seen to have lost it,
 *  and no seq is given twice.
 */
static int
put_partitions (writer_t *self)
{
    int code = SQLITE_OK;
    for (int32_t i = 0; i < self->partition_count && code == SQLITE_OK; i++) {
        struct writer_partition *partition = &self->partitions [i];
        if (!partition->is_changed)
            continue;
        partition->is_changed = false;
        partition_row_t row = {i, partition->first_seq, partition->last_seq, partition->level_seq};
        partition_put (connection_statement (&self->connection, STATEMENT_PUT_PARTITION), &row);
        code = connection_run (&self->connection, STATEMENT_PUT_PARTITION);
    }
    return code;
}

static int
play (writer_t *self, const batch_t *batch)
{
    int code = connection_run (&self->connection, STATEMENT_BEGIN_WRITE);
    for (size_t i = 0; i < batch->event_count && code == SQLITE_OK; i++)
        code = add_event (self, batch->events [i], &self->verdicts [i]);
    for (size_t i = 0; i < batch->change_count && code == SQLITE_OK; i++)
        code = writer_change (self, &batch->changes [i]);
    for (size_t i = 0; i < batch->token_count && code == SQLITE_OK; i++)
        code = writer_keep_token (self, &batch->tokens [i]);
    if (code == SQLITE_OK)
        code = put_partitions (self);
    if (self->is_sweeping && code == SQLITE_OK)
        code = writer_sweep (self);
    if (self->is_giving_back && code == SQLITE_OK)
        code = writer_give_back (self, batch->event_count > 0);
    return code == SQLITE_OK ? connection_run (&self->connection, STATEMENT_COMMIT) : code;
}

//  Nothing of the batch is to be in the file, nor in what we know of the file.
static int
withdraw (writer_t *self)
{
    int code = SQLITE_OK;
    if (!sqlite3_get_autocommit (self->connection.handle))
        code = sqlite3_exec (self->connection.handle, "ROLLBACK", NULL, NULL, NULL);
    return code == SQLITE_OK ? recall (self) : code;
}

static void
make_room (writer_t *self, size_t verdicts)
{
    if (verdicts <= self->room)
        return;
    self->verdicts = allocate_again (self->verdicts, verdicts, sizeof *self->verdicts);
    self->room = verdicts;
}

status_t
writer_commit (writer_t *self, const batch_t *batch, stored_t *stored, problem_t *problem)
{
    make_room (self, batch->event_count);
    int code = play (self, batch);
    if (code == SQLITE_OK) {
        if (batch->event_count)
            memcpy (stored, self->verdicts, batch->event_count * sizeof *stored);
        return STATUS_OK;
    }
    status_t status = connection_problem (&self->connection, code, "commit", problem);
    code = withdraw (self);
    if (code != SQLITE_OK)  //  only from a whole file can it be tried again
        status = connection_problem (&self->connection, code, "roll back", problem);
    if (status == STATUS_FULL && code == SQLITE_OK)
        return STATUS_FULL;
    if (problem)
        problem->status = STATUS_STORE_FAILED;
    return STATUS_STORE_FAILED;
}
