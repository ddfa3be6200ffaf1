#include "broker/store/sqlite_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/answers.h"
#include "broker/store/place.h"
#include "broker/store/sqlite_tables.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"

enum { END_EVENTS = 16 };  //  looked at in each partition at start

status_t
reader_open (reader_t *self, const char *path, int32_t partitions, const limits_t *limits,
             problem_t *problem)
{
    *self = (reader_t){.partitions = partitions, .limits = limits};
    status_t status = connection_open (&self->connection, path, problem);
    if (status == STATUS_OK)
        status = connection_prepare (&self->connection, CONNECTION_READS, problem);
    if (status != STATUS_OK)
        reader_close (self);
    return status;
}

void
reader_close (reader_t *self)
{
    connection_close (&self->connection);
}

status_t
reader_damage (reader_t *self, problem_t *problem, const char *format, ...)
{
    char what [120];
    va_list arguments;
    va_start (arguments, format);
    vsnprintf (what, sizeof what, format, arguments);
    va_end (arguments);
    return problem_set (problem, STATUS_STORE_DAMAGED,
                        "store: %s: %s is damaged; restore the store from a backup",
                        self->connection.path, what);
}

status_t
reader_code (reader_t *self, int code, const char *doing, problem_t *problem)
{
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return STATUS_OK;
    return connection_problem (&self->connection, code, doing, problem);
}

status_t
reader_begin (reader_t *self, problem_t *problem)
{
    return reader_code (self, connection_run (&self->connection, STATEMENT_BEGIN_READ), "be read",
                        problem);
}

void
reader_end (reader_t *self)
{
    connection_run (&self->connection, STATEMENT_END_READ);
}

status_t
reader_partition (reader_t *self, int32_t partition, partition_row_t *row, problem_t *problem)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_READ_PARTITION);
    sqlite3_bind_int64 (statement, 1, partition);
    int code = sqlite3_step (statement);
    status_t status = reader_code (self, code, "read its partitions", problem);
    if (status == STATUS_OK &&
        (code == SQLITE_DONE || !partition_get (statement, row) || row->number != partition))
        status = reader_damage (self, problem, "table partition");
    statement_done (statement);
    return status;
}

status_t
reader_event (reader_t *self, int64_t place, event_t **event, problem_t *problem)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_FIND_PLACE);
    sqlite3_bind_int64 (statement, 1, place);
    int code = sqlite3_step (statement);
    status_t status = reader_code (self, code, "read an event", problem);
    event_t fields;
    *event = NULL;
    if (status == STATUS_OK && code == SQLITE_ROW &&
        (!event_get (statement, &fields) || place_of (fields.partition, fields.seq) != place))
        status = reader_damage (self, problem, "event %" PRId64 " of partition %d",
                                place_seq (place), (int)place_partition (place));
    else if (status == STATUS_OK && code == SQLITE_ROW)
        *event = event_new (&fields);
    statement_done (statement);
    return status;
}

//  Nothing holds what is there all the same: the sweep has to come by, or the index is damaged.
static status_t
check_is_swept (reader_t *self, int64_t place, problem_t *problem)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_IS_SWEEPING);
    int code = sqlite3_step (statement);
    statement_done (statement);
    if (code == SQLITE_DONE)
        return reader_damage (self, problem,
                              "what holds event %" PRId64 " of partition %d in the log",
                              place_seq (place), (int)place_partition (place));
    return reader_code (self, code, "look for an event", problem);
}

/*  Whether the log still has what its table has: below first_seq, if an exception holds it. The rest
 *  is what a subscription that is gone has left behind.
 */
status_t
reader_is_there (reader_t *self, int32_t partition, int64_t seq, bool *is_there, problem_t *problem)
{
    partition_row_t row;
    status_t status = reader_partition (self, partition, &row, problem);
    *is_there = status == STATUS_OK && seq >= row.first_seq;
    if (status != STATUS_OK || *is_there)
        return status;
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_IS_HELD);
    sqlite3_bind_int64 (statement, 1, place_of (partition, seq));
    int code = sqlite3_step (statement);
    *is_there = code == SQLITE_ROW;
    statement_done (statement);
    if (code == SQLITE_DONE)
        return check_is_swept (self, place_of (partition, seq), problem);
    return reader_code (self, code, "look for an event", problem);
}

static status_t
find_one (reader_t *self, const event_t *event, stored_t *stored, problem_t *problem)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_FIND_EVENT);
    sqlite3_bind_text (statement, 1, event->id, -1, SQLITE_STATIC);
    sqlite3_bind_int64 (statement, 2, event->partition);
    int code = sqlite3_step (statement);
    status_t status = reader_code (self, code, "find an event", problem);
    event_t first;
    if (code == SQLITE_DONE)
        *stored = (stored_t){.kind = STORED_NEW, .seq = 0};
    else if (status == STATUS_OK &&
             (!event_get (statement, &first) || strcmp (first.id, event->id) != 0))
        status = reader_damage (self, problem, "event %s", event->id);
    else if (status == STATUS_OK)
        *stored =
            (stored_t){.kind = event_says_same (&first, event) ? STORED_DUPLICATE : STORED_ID_TAKEN,
                       .seq = first.seq};
    statement_done (statement);
    bool is_there = true;
    if (status == STATUS_OK && stored->seq > 0)
        status = reader_is_there (self, event->partition, stored->seq, &is_there, problem);
    if (!is_there)
        *stored = (stored_t){.kind = STORED_NEW, .seq = 0};
    return status;
}

status_t
reader_find (reader_t *self, const batch_t *batch, stored_t *stored, problem_t *problem)
{
    if (batch->event_count == 0)
        return STATUS_OK;
    stored_t *found = allocate (batch->event_count, sizeof *found);
    status_t status = reader_begin (self, problem);
    for (size_t i = 0; i < batch->event_count && status == STATUS_OK; i++)
        status = find_one (self, batch->events [i], &found [i], problem);
    reader_end (self);
    if (status == STATUS_OK)
        memcpy (stored, found, batch->event_count * sizeof *found);
    free (found);
    return status;
}

typedef struct {
    int64_t place;  //  of the last event that was read
    size_t limit_bytes, limit_events;
    page_t *page;
    size_t bytes;  //  of the page
    bool is_full;
} reading_t;

static status_t
missing (reader_t *self, int64_t place, problem_t *problem)
{
    return reader_damage (self, problem, "event %" PRId64 " of partition %d", place_seq (place),
                          (int)place_partition (place));
}

//  Takes the event, unless the page is full without it.
static void
add (reading_t *reading, event_t *event)
{
    page_t *page = reading->page;
    reading->bytes += event_size_bytes (event);
    reading->is_full = page->count > 0 && reading->bytes > reading->limit_bytes;
    if (reading->is_full) {
        event_destroy (&event);
        return;
    }
    page_add (page, event);
    reading->is_full = page->count >= reading->limit_events;
}

//  The next place that an exception holds; INT64_MAX: there are no more.
static status_t
next_held (reader_t *self, sqlite3_stmt *statement, int64_t *held, problem_t *problem)
{
    int code = sqlite3_step (statement);
    *held = code == SQLITE_ROW ? sqlite3_column_int64 (statement, 0) : INT64_MAX;
    return reader_code (self, code, "read what is held", problem);
}

//  One event below first_seq: held, or left behind by a subscription that is gone.
static status_t
fill_one_held (reader_t *self, sqlite3_stmt *statement, reading_t *reading, int64_t held,
               problem_t *problem)
{
    event_t fields;
    int64_t place = sqlite3_column_int64 (statement, 0);
    if (held < place || !event_get (statement, &fields) ||
        place_of (fields.partition, fields.seq) != place)
        return missing (self, held < place ? held : place, problem);
    if (held > place)
        return check_is_swept (self, place, problem);
    reading->place = place;
    add (reading, event_new (&fields));
    return STATUS_OK;
}

//  What the log has below first_seq, beside the index of what holds it there.
static status_t
fill_held (reader_t *self, sqlite3_stmt *statement, sqlite3_stmt *holders, reading_t *reading,
           problem_t *problem)
{
    int64_t held = 0;
    int code = SQLITE_OK;
    status_t status = next_held (self, holders, &held, problem);
    while (status == STATUS_OK && !reading->is_full &&
           (code = sqlite3_step (statement)) == SQLITE_ROW) {
        status = fill_one_held (self, statement, reading, held, problem);
        if (status == STATUS_OK && reading->place == held)
            status = next_held (self, holders, &held, problem);
    }
    if (status == STATUS_OK && code == SQLITE_DONE && held != INT64_MAX)
        return missing (self, held, problem);
    return status == STATUS_OK ? reader_code (self, code, "read events", problem) : status;
}

//  From first_seq on. A damaged tree may end early, and look as if there were no more.
static status_t
fill (reader_t *self, sqlite3_stmt *statement, reading_t *reading, int64_t last_seq,
      problem_t *problem)
{
    while (!reading->is_full) {
        int code = sqlite3_step (statement);
        if (code == SQLITE_DONE && place_seq (reading->place) >= last_seq)
            return STATUS_OK;
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            return reader_code (self, code, "read events", problem);
        event_t fields;
        int64_t place = ++reading->place;
        if (code == SQLITE_DONE || !event_get (statement, &fields) ||
            place_of (fields.partition, fields.seq) != place)
            return missing (self, place, problem);
        add (reading, event_new (&fields));
    }
    return STATUS_OK;
}

static sqlite3_stmt *
statement_between (const reader_t *self, statement_t name, int64_t above, int64_t up_to)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, name);
    sqlite3_bind_int64 (statement, 1, above);
    sqlite3_bind_int64 (statement, 2, up_to);
    return statement;
}

static status_t
read_held (reader_t *self, reading_t *reading, int64_t up_to, problem_t *problem)
{
    int64_t above = reading->place;
    sqlite3_stmt *events = statement_between (self, STATEMENT_READ_EVENTS, above, up_to);
    sqlite3_stmt *holders = statement_between (self, STATEMENT_READ_HELD, above, up_to);
    status_t status = fill_held (self, events, holders, reading, problem);
    statement_done (events);
    statement_done (holders);
    reading->place = up_to;
    return status;
}

static status_t
read_all (reader_t *self, reading_t *reading, problem_t *problem)
{
    int32_t partition = place_partition (reading->place);
    partition_row_t row;
    status_t status = reader_partition (self, partition, &row, problem);
    if (status != STATUS_OK)
        return status;
    int64_t first_above = place_of (partition, row.first_seq - 1);
    if (reading->place < first_above)
        status = read_held (self, reading, first_above, problem);
    if (status != STATUS_OK)
        return status;
    sqlite3_stmt *events = statement_between (self, STATEMENT_READ_EVENTS, reading->place,
                                              place_of (partition, PLACE_SEQ_MOST));
    status = fill (self, events, reading, row.last_seq, problem);
    statement_done (events);
    return status;
}

status_t
reader_read (reader_t *self, int32_t partition, int64_t above_seq, size_t limit_bytes,
             size_t limit_events, page_t **page, problem_t *problem)
{
    ASSERT (partition >= 0 && partition < self->partitions, "there is no such partition");
    ASSERT (above_seq >= 0 && above_seq <= PLACE_SEQ_MOST, "seqs are 1, 2, 3 …");
    OWNED (page) page_t *filled = page_new ();
    reading_t reading = {.place = place_of (partition, above_seq),
                         .limit_bytes = limit_bytes,
                         .limit_events = limit_events,
                         .page = filled};
    status_t status = reader_begin (self, problem);
    if (status == STATUS_OK)
        status = read_all (self, &reading, problem);
    reader_end (self);
    if (status == STATUS_OK)
        *page = TAKE (filled);
    return status;
}

status_t
reader_check_end (reader_t *self, int32_t partition, int64_t first_seq, int64_t last_seq,
                  problem_t *problem)
{
    OWNED (page) page_t *page = NULL;
    int64_t above_seq = last_seq - END_EVENTS;
    if (above_seq < first_seq - 1)
        above_seq = first_seq - 1;
    status_t status =
        reader_read (self, partition, above_seq, SIZE_MAX, END_EVENTS + 1, &page, problem);
    if (status == STATUS_OK && (int64_t)page->count != last_seq - above_seq)
        status = reader_damage (self, problem, "the end of partition %d", (int)partition);
    for (size_t i = 0; status == STATUS_OK && i < page->count; i++) {
        stored_t found = {.seq = 0};
        status = find_one (self, page->events [i], &found, problem);
        if (status == STATUS_OK && found.seq != page->events [i]->seq)
            status = reader_damage (self, problem, "the index of event %s", page->events [i]->id);
    }
    return status;
}

static status_t
look_up_event (reader_t *self, const char *id, history_t **history, problem_t *problem)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LOOK_UP_EVENT);
    sqlite3_bind_text (statement, 1, id, -1, SQLITE_STATIC);
    status_t status = STATUS_OK;
    int code = SQLITE_ROW;
    bool is_there = false;
    while (status == STATUS_OK && !is_there && (code = sqlite3_step (statement)) == SQLITE_ROW) {
        event_t fields;
        if (!event_get (statement, &fields) || strcmp (fields.id, id) != 0)
            status = reader_damage (self, problem, "event %.64s", id);
        else
            status = reader_is_there (self, fields.partition, fields.seq, &is_there, problem);
        if (status == STATUS_OK && is_there)
            *history = history_new (event_new (&fields));
    }
    statement_done (statement);
    if (status == STATUS_OK && code == SQLITE_DONE)
        return problem_set (problem, STATUS_NOT_FOUND, "there is no event %.64s", id);
    return status == STATUS_OK ? reader_code (self, code, "look up an event", problem) : status;
}

static status_t
look_up_exceptions (reader_t *self, int64_t place, history_t *history, problem_t *problem)
{
    sqlite3_stmt *statement =
        connection_statement (&self->connection, STATEMENT_LOOK_UP_EXCEPTIONS);
    sqlite3_bind_int64 (statement, 1, place);
    status_t status = STATUS_OK;
    int code;
    while (status == STATUS_OK && (code = sqlite3_step (statement)) != SQLITE_DONE) {
        place_row_t row;
        status = reader_code (self, code, "look up exceptions", problem);
        if (status == STATUS_OK && !exception_get (statement, &row))
            status = reader_damage (self, problem, "an exception of event %s", history->event->id);
        if (status == STATUS_OK)
            history_add_exception (history, row.id, &row.exception);
    }
    statement_done (statement);
    return status;
}

static status_t
look_up_attempts (reader_t *self, int64_t place, history_t *history, problem_t *problem)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LOOK_UP_ATTEMPTS);
    sqlite3_bind_int64 (statement, 1, place);
    status_t status = STATUS_OK;
    int code;
    while (status == STATUS_OK && (code = sqlite3_step (statement)) != SQLITE_DONE) {
        attempt_row_t row;
        status = reader_code (self, code, "look up attempts", problem);
        if (status == STATUS_OK && !attempt_get (statement, &row))
            status = reader_damage (self, problem, "an attempt of event %s", history->event->id);
        if (status == STATUS_OK)
            history_add_attempt (history, row.subscription, &row.attempt);
    }
    statement_done (statement);
    return status;
}

static status_t
look_up (reader_t *self, const char *id, history_t **history, problem_t *problem)
{
    OWNED (history) history_t *found = NULL;
    status_t status = look_up_event (self, id, &found, problem);
    if (status != STATUS_OK)
        return status;
    int64_t place = place_of (found->event->partition, found->event->seq);
    status = look_up_exceptions (self, place, found, problem);
    if (status == STATUS_OK)
        status = look_up_attempts (self, place, found, problem);
    if (status != STATUS_OK)
        return status;
    history_sort (found);
    *history = TAKE (found);
    return status;
}

status_t
reader_look_up (reader_t *self, const char *id, history_t **history, problem_t *problem)
{
    status_t status = reader_begin (self, problem);
    if (status == STATUS_OK)
        status = look_up (self, id, history, problem);
    reader_end (self);
    return status;
}

status_t
reader_find_token (reader_t *self, const char *hash, token_t *token, bool *found,
                   problem_t *problem)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_FIND_TOKEN);
    sqlite3_bind_text (statement, 1, hash, -1, SQLITE_STATIC);
    int code = sqlite3_step (statement);
    status_t status = reader_code (self, code, "find a token", problem);
    token_t row;
    //  An index that is damaged may lead to another's row.
    if (code == SQLITE_ROW && (!token_get (statement, &row) || strcmp (row.hash, hash) != 0))
        status = reader_damage (self, problem, "a token");
    if (status == STATUS_OK) {
        *found = code == SQLITE_ROW;
        if (*found)
            token_copy (token, &row);
    }
    statement_done (statement);
    return status;
}

status_t
reader_list_tokens (reader_t *self, token_t **tokens, size_t *count, problem_t *problem)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LIST_TOKENS);
    token_t *listed = NULL;
    size_t listed_count = 0;
    status_t status = STATUS_OK;
    int code;
    while (status == STATUS_OK && (code = sqlite3_step (statement)) != SQLITE_DONE) {
        token_t row;
        status = reader_code (self, code, "list tokens", problem);
        if (status == STATUS_OK && !token_get (statement, &row))
            status = reader_damage (self, problem, "a token");
        if (status == STATUS_OK)
            token_array_add (&listed, &listed_count, &row);
    }
    statement_done (statement);
    if (status != STATUS_OK) {
        token_array_free (listed, listed_count);
        return status;
    }
    *tokens = listed;
    *count = listed_count;
    return STATUS_OK;
}
