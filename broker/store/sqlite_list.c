/*  Lists of exceptions. A row is looked at before its state is asked for: one that damage has given
 *  another state is to be told of, not passed over.
 */
#include <inttypes.h>

#include "broker/store/answers.h"
#include "broker/store/place.h"
#include "broker/store/sqlite_reader.h"
#include "proto/model/owned.h"

typedef struct {
    reader_t *reader;
    listing_t *listing;
    size_t limit, limit_bytes;
    size_t bytes;  //  of the events listed
    bool is_full;
    problem_t *problem;
} list_t;

static exception_at_t
at_of (const place_row_t *row)
{
    return (exception_at_t){.seq = place_seq (row->place), .exception = row->exception};
}

//  The last attempt, beside what it is an attempt of.
static status_t
add_with_attempt (list_t *self, const place_row_t *row, event_t *event)
{
    sqlite3_stmt *statement =
        connection_statement (&self->reader->connection, STATEMENT_LAST_ATTEMPT);
    sqlite3_bind_int64 (statement, 1, row->place);
    sqlite3_bind_int64 (statement, 2, row->number);
    int code = sqlite3_step (statement);
    status_t status = reader_code (self->reader, code, "read an attempt", self->problem);
    attempt_row_t attempt;
    if (status == STATUS_OK && code == SQLITE_ROW && !attempt_get (statement, &attempt))
        status = reader_damage (self->reader, self->problem, "an attempt of event %s", event->id);
    exception_at_t at = at_of (row);
    if (status == STATUS_OK)
        listing_add (self->listing, row->id, place_partition (row->place), &at, event_ref (event),
                     code == SQLITE_ROW ? &attempt.attempt : NULL);
    statement_done (statement);
    return status;
}

static status_t
add (list_t *self, const place_row_t *row)
{
    OWNED (event) event_t *event = NULL;
    status_t status = reader_event (self->reader, row->place, &event, self->problem);
    if (status == STATUS_OK && !event)
        status = reader_damage (self->reader, self->problem, "event %" PRId64 " of partition %d",
                                place_seq (row->place), (int)place_partition (row->place));
    if (status != STATUS_OK)
        return status;
    self->bytes += event_size_bytes (event);
    self->is_full = self->listing->count > 0 && self->bytes > self->limit_bytes;
    return self->is_full ? STATUS_OK : add_with_attempt (self, row, event);
}

//  The row a statement is at, or a sentence.
static status_t
get (list_t *self, sqlite3_stmt *statement, place_row_t *row)
{
    if (exception_get (statement, row) && place_partition (row->place) < self->reader->partitions)
        return STATUS_OK;
    return reader_damage (self->reader, self->problem, "table exception");
}

static status_t
list (list_t *self, sqlite3_stmt *statement, exception_state_t state, int64_t after)
{
    status_t status = STATUS_OK;
    int code = SQLITE_ROW;
    while (status == STATUS_OK && !self->is_full && self->listing->count < self->limit &&
           (code = sqlite3_step (statement)) == SQLITE_ROW) {
        place_row_t row;
        status = get (self, statement, &row);
        if (status == STATUS_OK && row.place <= after)  //  a damaged tree may go round
            status = reader_damage (self->reader, self->problem, "table exception");
        if (status != STATUS_OK)
            break;
        after = row.place;
        if (row.exception.state == state)
            status = add (self, &row);
    }
    return status == STATUS_OK ? reader_code (self->reader, code, "list exceptions", self->problem)
                               : status;
}

status_t
reader_list_exceptions (reader_t *self, const char *subscription, exception_state_t state,
                        list_place_t after, size_t limit, size_t limit_bytes, listing_t **listing,
                        problem_t *problem)
{
    OWNED (listing) listing_t *listed = listing_new ();
    list_t some = {.reader = self,
                   .listing = listed,
                   .limit = limit,
                   .limit_bytes = limit_bytes,
                   .problem = problem};
    int64_t place = after.partition < 0 ? 0 : place_of (after.partition, after.seq);
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LIST_SOME);
    sqlite3_bind_text (statement, 1, subscription, -1, SQLITE_STATIC);
    sqlite3_bind_int64 (statement, 2, place);
    status_t status = reader_begin (self, problem);
    if (status == STATUS_OK)
        status = list (&some, statement, state, place);
    statement_done (statement);
    reader_end (self);
    if (status == STATUS_OK)
        *listing = TAKE (listed);
    return status;
}

static status_t
list_all_dead (list_t *self, sqlite3_stmt *statement, int64_t before_ms)
{
    status_t status = STATUS_OK;
    int code = SQLITE_ROW;
    while (status == STATUS_OK && self->listing->count < self->limit &&
           (code = sqlite3_step (statement)) == SQLITE_ROW) {
        place_row_t row;
        status = get (self, statement, &row);
        //  An index that is damaged may lead to another row.
        if (status == STATUS_OK &&
            (row.exception.state != EXCEPTION_DEAD || row.exception.due_ms >= before_ms))
            status = reader_damage (self->reader, self->problem, "the index of dead letters");
        if (status != STATUS_OK)
            break;
        exception_at_t at = at_of (&row);
        listing_add (self->listing, row.id, place_partition (row.place), &at, NULL, NULL);
    }
    return status == STATUS_OK
               ? reader_code (self->reader, code, "list dead letters", self->problem)
               : status;
}

status_t
reader_list_dead (reader_t *self, int64_t before_ms, size_t limit, listing_t **listing,
                  problem_t *problem)
{
    OWNED (listing) listing_t *listed = listing_new ();
    list_t dead = {.reader = self, .listing = listed, .limit = limit, .problem = problem};
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LIST_DEAD);
    sqlite3_bind_int64 (statement, 1, before_ms);
    status_t status = reader_begin (self, problem);
    if (status == STATUS_OK)
        status = list_all_dead (&dead, statement, before_ms);
    statement_done (statement);
    reader_end (self);
    if (status == STATUS_OK)
        *listing = TAKE (listed);
    return status;
}
