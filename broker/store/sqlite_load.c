/*  Everything a broker starts from, in one pass over each table but the log.
 *
 *  Progress and exceptions both come in the order of (subscription, partition), so they are merged as
 *  they are read. What must hold between rows is checked here: each may be whole, and yet of
 *  another time than its neighbour.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/answers.h"
#include "broker/store/place.h"
#include "broker/store/sqlite_reader.h"
#include "broker/store/sqlite_tables.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"

typedef struct {
    reader_t *reader;
    inventory_t *inventory;
    int64_t *numbers;  //  of the subscriptions in the inventory, rising
    size_t at;         //  no progress or exception still to come is of one before this
    sqlite3_stmt *tracks, *exceptions;  //  each at a row
    bool has_track, has_exception;      //  or at its end
    track_row_t track;
    place_row_t exception;
    problem_t *problem;
} load_t;

static int64_t
exception_track (const load_t *self)
{
    return track_of (self->exception.number, place_partition (self->exception.place));
}

static status_t
load_partition (load_t *self, sqlite3_stmt *statement)
{
    partition_row_t row;
    if (!partition_get (statement, &row) || row.number < 0 ||
        row.number >= self->reader->partitions)
        return reader_damage (self->reader, self->problem, "table partition");
    self->inventory->partitions [row.number] = (struct partition_row){
        .first_seq = row.first_seq, .last_seq = row.last_seq, .level_seq = row.level_seq};
    return STATUS_OK;
}

static status_t
load_partitions (load_t *self)
{
    sqlite3_stmt *statement =
        connection_statement (&self->reader->connection, STATEMENT_LIST_PARTITIONS);
    status_t status = STATUS_OK;
    int code;
    while (status == STATUS_OK && (code = sqlite3_step (statement)) != SQLITE_DONE) {
        status = reader_code (self->reader, code, "read its partitions", self->problem);
        if (status == STATUS_OK)
            status = load_partition (self, statement);
    }
    statement_done (statement);
    return status;
}

static status_t
load_subscription (load_t *self, sqlite3_stmt *statement)
{
    subscription_row_t row;
    if (!subscription_get (statement, &row))
        return reader_damage (self->reader, self->problem, "subscription %.60s", row.id);
    problem_t cause = {.text = "its id is another"};
    OWNED (subscription)
    subscription_t *subscription =
        subscription_load (row.document, strlen (row.document), self->reader->limits, &cause);
    if (!subscription || strcmp (subscription->id, row.id) != 0)
        return problem_set (self->problem, STATUS_STORE_DAMAGED,
                            "store: %s: subscription %.60s cannot be read: %.90s; restore the "
                            "store from a backup",
                            self->reader->connection.path, row.id, cause.text);
    size_t count = self->inventory->subscription_count;
    self->numbers = array_room (self->numbers, count, sizeof *self->numbers);
    self->numbers [count] = row.number;
    inventory_add_subscription (self->inventory, TAKE (subscription));
    return STATUS_OK;
}

static status_t
load_subscriptions (load_t *self)
{
    sqlite3_stmt *statement =
        connection_statement (&self->reader->connection, STATEMENT_LIST_SUBSCRIPTIONS);
    status_t status = STATUS_OK;
    int code;
    while (status == STATUS_OK && (code = sqlite3_step (statement)) != SQLITE_DONE) {
        status = reader_code (self->reader, code, "read its subscriptions", self->problem);
        if (status == STATUS_OK)
            status = load_subscription (self, statement);
    }
    statement_done (statement);
    return status;
}

//  A damaged tree gives its rows in another order than it was asked for.
static status_t
next_track (load_t *self)
{
    int64_t before = self->track.track;
    int code = sqlite3_step (self->tracks);
    self->has_track = code == SQLITE_ROW;
    if (self->has_track &&
        (!progress_get (self->tracks, &self->track) || self->track.track <= before))
        return reader_damage (self->reader, self->problem, "table progress");
    return reader_code (self->reader, code, "read its progress", self->problem);
}

static status_t
next_exception (load_t *self)
{
    place_row_t before = self->exception;
    int code = sqlite3_step (self->exceptions);
    self->has_exception = code == SQLITE_ROW;
    if (!self->has_exception)
        return reader_code (self->reader, code, "read its exceptions", self->problem);
    place_row_t *now = &self->exception;
    if (!exception_get (self->exceptions, now) || now->number < before.number ||
        (now->number == before.number && now->place <= before.place))
        return reader_damage (self->reader, self->problem, "table exception");
    return STATUS_OK;
}

//  Moves on to the subscription of this number. no: it is not there (or being swept away).
static bool
come_to (load_t *self, int64_t number)
{
    size_t count = self->inventory->subscription_count;
    while (self->at < count && self->numbers [self->at] < number)
        self->at++;
    return self->at < count && self->numbers [self->at] == number;
}

static status_t
add_track (load_t *self, const track_row_t *track)
{
    int32_t partition = track_partition (track->track);
    if (!come_to (self, track_number (track->track)))
        return reader_damage (self->reader, self->problem, "subscription number %" PRId64,
                              track_number (track->track));
    if (partition >= self->reader->partitions ||
        track->progress.floor > self->inventory->partitions [partition].last_seq)
        return reader_damage (self->reader, self->problem, "the progress of subscription %.60s",
                              self->inventory->subscriptions [self->at]->id);
    inventory_add_progress (self->inventory, self->at, partition, &track->progress,
                            track->is_quiet);
    return STATUS_OK;
}

static status_t
add_exception (load_t *self)
{
    int32_t partition = place_partition (self->exception.place);
    exception_at_t added = {.seq = place_seq (self->exception.place),
                            .exception = self->exception.exception};
    if (added.seq < 1 || added.seq > self->inventory->partitions [partition].last_seq)
        return reader_damage (self->reader, self->problem, "an exception of subscription %.60s",
                              self->inventory->subscriptions [self->at]->id);
    inventory_add_exception (self->inventory, &added);
    return STATUS_OK;
}

//  The exceptions of one track, which was added last.
static status_t
add_exceptions (load_t *self, int64_t track)
{
    status_t status = STATUS_OK;
    while (status == STATUS_OK && self->has_exception && exception_track (self) == track) {
        status = add_exception (self);
        if (status == STATUS_OK)
            status = next_exception (self);
    }
    return status;
}

/*  The lower of the two tracks the statements are at. One that has exceptions and no progress yet
 *  stands at floor 0.
 */
static status_t
merge_one (load_t *self)
{
    bool is_bare =
        self->has_exception && (!self->has_track || exception_track (self) < self->track.track);
    if (is_bare && !come_to (self, self->exception.number))
        return next_exception (self);
    track_row_t bare = {.track = is_bare ? exception_track (self) : 0};
    track_row_t track = is_bare ? bare : self->track;
    status_t status = add_track (self, &track);
    if (status == STATUS_OK)
        status = add_exceptions (self, track.track);
    if (status == STATUS_OK && !is_bare)
        status = next_track (self);
    return status;
}

static status_t
load_tracks (load_t *self)
{
    self->tracks = connection_statement (&self->reader->connection, STATEMENT_LIST_PROGRESS);
    self->exceptions = connection_statement (&self->reader->connection, STATEMENT_LIST_EXCEPTIONS);
    status_t status = next_track (self);
    if (status == STATUS_OK)
        status = next_exception (self);
    while (status == STATUS_OK && (self->has_track || self->has_exception))
        status = merge_one (self);
    statement_done (self->tracks);
    statement_done (self->exceptions);
    return status;
}

static status_t
load_health (load_t *self, sqlite3_stmt *statement)
{
    health_line_t row;
    if (!health_get (statement, &row) || !come_to (self, row.number))
        return reader_damage (self->reader, self->problem, "table health");
    inventory_add_health (self->inventory, self->at, &row.health);
    return STATUS_OK;
}

static status_t
load_healths (load_t *self)
{
    sqlite3_stmt *statement =
        connection_statement (&self->reader->connection, STATEMENT_LIST_HEALTHS);
    status_t status = STATUS_OK;
    int code;
    self->at = 0;
    while (status == STATUS_OK && (code = sqlite3_step (statement)) != SQLITE_DONE) {
        status = reader_code (self->reader, code, "read its healths", self->problem);
        if (status == STATUS_OK)
            status = load_health (self, statement);
    }
    statement_done (statement);
    return status;
}

status_t
reader_load (reader_t *self, inventory_t **inventory, problem_t *problem)
{
    OWNED (inventory) inventory_t *loaded = inventory_new (self->partitions);
    load_t load = {.reader = self, .inventory = loaded, .problem = problem};
    status_t status = reader_begin (self, problem);
    if (status == STATUS_OK)
        status = load_partitions (&load);
    if (status == STATUS_OK)
        status = load_subscriptions (&load);
    if (status == STATUS_OK)
        status = load_tracks (&load);
    if (status == STATUS_OK)
        status = load_healths (&load);
    reader_end (self);
    free (load.numbers);
    if (status == STATUS_OK)
        *inventory = TAKE (loaded);
    return status;
}
