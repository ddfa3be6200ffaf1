#include "broker/store/sqlite_writer.h"

#include <stdlib.h>
#include <string.h>

#include "broker/store/place.h"
#include "broker/store/sqlite_tables.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

//  Numbered 0, 1, 2 … without gaps. SQLITE_CORRUPT if not.
static int
recall_partitions (writer_t *self)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LIST_PARTITIONS);
    int code;
    partition_row_t row;
    int32_t partitions = 0;
    while ((code = sqlite3_step (statement)) == SQLITE_ROW) {
        if (!partition_get (statement, &row) || row.number != partitions ||
            partitions == PLACE_PARTITIONS_MOST)
            break;
        partitions++;
    }
    sqlite3_reset (statement);
    if (code == SQLITE_ROW || (code == SQLITE_DONE && partitions == 0))
        return SQLITE_CORRUPT;
    self->partitions = partitions;
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int
recall_last_seq (writer_t *self, int32_t partition)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LAST_PLACE);
    sqlite3_bind_int64 (statement, 1, place_of (partition, 1));
    sqlite3_bind_int64 (statement, 2, place_of (partition, PLACE_SEQ_MOST));
    int code = sqlite3_step (statement);
    if (code == SQLITE_ROW)  //  NULL, of an empty partition, reads as 0
        self->last_seqs [partition] = place_seq (sqlite3_column_int64 (statement, 0));
    statement_done (statement);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

static int
recall_numbers (writer_t *self)
{
    numbers_clear (&self->numbers);
    self->is_sweeping = false;
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
    int code = SQLITE_OK;
    for (int32_t i = 0; i < self->partitions && code == SQLITE_OK; i++)
        code = recall_last_seq (self, i);
    return code == SQLITE_OK ? recall_numbers (self) : code;
}

status_t
writer_open (writer_t *self, problem_t *problem)
{
    status_t status = connection_prepare (&self->connection, CONNECTION_WRITES, problem);
    if (status != STATUS_OK)
        return status;
    int code = recall_partitions (self);
    if (code == SQLITE_OK) {
        self->last_seqs = allocate ((size_t)self->partitions, sizeof *self->last_seqs);
        code = recall (self);
    }
    if (code == SQLITE_OK)
        return STATUS_OK;
    return connection_problem (&self->connection, code, "read its partitions", problem);
}

void
writer_close (writer_t *self)
{
    connection_close (&self->connection);
    numbers_clear (&self->numbers);
    free (self->last_seqs);
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

static int
add_event (writer_t *self, const event_t *event, stored_t *verdict)
{
    ASSERT (event->partition >= 0 && event->partition < self->partitions, "core placed it");
    int64_t seq = self->last_seqs [event->partition] + 1;
    event_put (connection_statement (&self->connection, STATEMENT_ADD_EVENT), event, seq);
    int code = connection_run (&self->connection, STATEMENT_ADD_EVENT);
    if (code != SQLITE_OK)
        return code;
    if (sqlite3_changes (self->connection.handle) == 0)
        return judge_repeat (self, event, verdict);
    self->last_seqs [event->partition] = seq;
    *verdict = (stored_t){.kind = STORED_NEW, .seq = seq};
    return SQLITE_OK;
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
    if (self->is_sweeping && code == SQLITE_OK)
        code = writer_sweep (self);
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
