//  What retention asks: how long the log is, how old and how large.
#include <inttypes.h>

#include "broker/store/place.h"
#include "broker/store/sqlite_reader.h"
#include "broker/store/sqlite_room.h"
#include "broker/store/weight.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"

typedef struct {
    reader_t *reader;
    int32_t partition;
} log_t;

static status_t
accepted_ms_of (void *context, int64_t seq, int64_t *accepted_ms, problem_t *problem)
{
    const log_t *log = context;
    OWNED (event) event_t *event = NULL;
    status_t status = reader_event (log->reader, place_of (log->partition, seq), &event, problem);
    if (status == STATUS_OK && !event)
        status = reader_damage (log->reader, problem, "event %" PRId64 " of partition %d", seq,
                                (int)log->partition);
    if (status == STATUS_OK)
        *accepted_ms = event->accepted_ms;
    return status;
}

static status_t
find_time (reader_t *self, const partition_row_t *row, int64_t time_ms, int64_t *seq,
           problem_t *problem)
{
    log_t log = {.reader = self, .partition = (int32_t)row->number};
    return weight_find_time (row->first_seq, row->last_seq, time_ms, accepted_ms_of, &log, seq,
                             problem);
}

static status_t
find_seq (reader_t *self, int32_t partition, int64_t time_ms, int64_t *seq, problem_t *problem)
{
    partition_row_t row;
    status_t status = reader_partition (self, partition, &row, problem);
    return status == STATUS_OK ? find_time (self, &row, time_ms, seq, problem) : status;
}

status_t
reader_find_seq (reader_t *self, int32_t partition, int64_t time_ms, int64_t *seq,
                 problem_t *problem)
{
    ASSERT (partition >= 0 && partition < self->partitions, "there is no such partition");
    status_t status = reader_begin (self, problem);
    if (status == STATUS_OK)
        status = find_seq (self, partition, time_ms, seq, problem);
    reader_end (self);
    return status;
}

//  One of SQLite's own numbers.
static status_t
ask (reader_t *self, statement_t name, int64_t *answer, problem_t *problem)
{
    sqlite3_stmt *statement = connection_statement (&self->connection, name);
    int code = sqlite3_step (statement);
    if (code == SQLITE_ROW)
        *answer = sqlite3_column_int64 (statement, 0);
    status_t status = reader_code (self, code, "weigh it", problem);
    statement_done (statement);
    return status;
}

static status_t
ask_bytes (reader_t *self, weight_t *weight, problem_t *problem)
{
    int64_t pages = 0, free_pages = 0, page_bytes = 0;
    status_t status = ask (self, STATEMENT_COUNT_PAGES, &pages, problem);
    if (status == STATUS_OK)
        status = ask (self, STATEMENT_COUNT_FREE, &free_pages, problem);
    if (status == STATUS_OK)
        status = ask (self, STATEMENT_PAGE_SIZE, &page_bytes, problem);
    weight->bytes = (pages - free_pages) * page_bytes;
    weight->spare_bytes = free_pages * page_bytes;
    weight->disk_free_bytes = room_look (self->connection.path);
    return status;
}

static status_t
weigh (reader_t *self, int32_t partition, int64_t before_ms, int64_t bytes_most, weight_t *weight,
       problem_t *problem)
{
    partition_row_t row;
    weight_t weighed = {0};
    status_t status = reader_partition (self, partition, &row, problem);
    if (status == STATUS_OK && before_ms)
        status = find_time (self, &row, before_ms, &weighed.age_seq, problem);
    if (status == STATUS_OK)
        status = ask_bytes (self, &weighed, problem);
    if (status != STATUS_OK)
        return status;
    weighed.first_seq = row.first_seq;
    weighed.last_seq = row.last_seq;
    if (weighed.age_seq < row.first_seq)
        weighed.age_seq = 0;
    weight_share (&weighed, bytes_most);
    *weight = weighed;
    return STATUS_OK;
}

status_t
reader_weigh (reader_t *self, int32_t partition, int64_t before_ms, int64_t bytes_most,
              weight_t *weight, problem_t *problem)
{
    ASSERT (partition >= 0 && partition < self->partitions, "there is no such partition");
    status_t status = reader_begin (self, problem);
    if (status == STATUS_OK)
        status = weigh (self, partition, before_ms, bytes_most, weight, problem);
    reader_end (self);
    return status;
}
