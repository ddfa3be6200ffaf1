#include "broker/store/sqlite_tables.h"

#include "broker/store/place.h"
#include "broker/store/sqlite_row.h"

//  An int64 of the file that is to be a count. What does not fit was not written by us.
static bool
read_count (row_t *row, int32_t *count)
{
    int64_t value = row_int (row);
    *count = (int32_t)value;
    return value >= 0 && value <= INT32_MAX;
}

//  The subscription's id, joined to the row after its seal.
static const char *
read_id (sqlite3_stmt *statement, int column)
{
    const unsigned char *id = NULL;
    if (column < sqlite3_column_count (statement))
        id = sqlite3_column_text (statement, column);
    return id ? (const char *)id : "";
}

/*  Where an event comes from. An event that nobody's action made has it empty, and its seal is that
 *  of version 1, which had none of it: so the log is not written anew when a store is migrated.
 */
static void
cause_put (row_t *row, const event_t *event)
{
    uint64_t seal = row->seal;
    row_put_text (row, event->causation);
    row_put_text (row, event->root);
    row_put_text (row, event->via);
    row_put_int (row, event->hops);
    if (!event_has_cause (event))
        row->seal = seal;
}

static void
cause_get (row_t *row, event_t *fields)
{
    uint64_t seal = row->seal;
    fields->causation = row_text (row);
    fields->root = row_text (row);
    fields->via = row_text (row);
    int64_t hops = row_int (row);
    fields->hops = (int32_t)hops;
    row->is_whole &= hops >= 0 && hops <= EVENT_HOPS_MOST;
    if (!event_has_cause (fields))
        row->seal = seal;
}

void
event_put (sqlite3_stmt *statement, const event_t *event, int64_t seq)
{
    row_t row = row_to (statement, "event");
    row_put_int (&row, place_of (event->partition, seq));
    row_put_int (&row, event->partition);
    row_put_text (&row, event->id);
    row_put_text (&row, event->given_id);
    row_put_text (&row, event->source);
    row_put_text (&row, event->type);
    row_put_text (&row, event->subject);
    row_put_text (&row, event->key);
    row_put_text (&row, event->time);
    row_put_text (&row, event->content_type);
    row_put_int (&row, event->phase);
    row_put_int (&row, event->accepted_ms);
    row_put_blob (&row, event->data, event->data_size);
    cause_put (&row, event);
    row_put_seal (&row);
}

bool
event_get (sqlite3_stmt *statement, event_t *fields)
{
    row_t row = row_from (statement, "event");
    int64_t place = row_int (&row);
    int64_t partition = row_int (&row);
    *fields = (event_t){.partition = place_partition (place), .seq = place_seq (place)};
    fields->id = row_text (&row);
    fields->given_id = row_text (&row);
    fields->source = row_text (&row);
    fields->type = row_text (&row);
    fields->subject = row_text (&row);
    fields->key = row_text (&row);
    fields->time = row_text (&row);
    fields->content_type = row_text (&row);
    int64_t phase = row_int (&row);
    fields->phase = phase == PHASE_PRE ? PHASE_PRE : PHASE_POST;
    fields->accepted_ms = row_int (&row);
    fields->data = row_blob (&row, &fields->data_size);
    cause_get (&row, fields);
    return row_is_sealed (&row) && partition == fields->partition && phase == fields->phase;
}

void
partition_put (sqlite3_stmt *statement, const partition_row_t *partition)
{
    row_t row = row_to (statement, "partition");
    row_put_int (&row, partition->number);
    row_put_int (&row, partition->first_seq);
    row_put_int (&row, partition->last_seq);
    row_put_int (&row, partition->level_seq);
    row_put_seal (&row);
}

bool
partition_get (sqlite3_stmt *statement, partition_row_t *out)
{
    row_t row = row_from (statement, "partition");
    out->number = row_int (&row);
    out->first_seq = row_int (&row);
    out->last_seq = row_int (&row);
    out->level_seq = row_int (&row);
    return row_is_sealed (&row) && out->last_seq <= PLACE_SEQ_MOST && out->first_seq >= 1 &&
           out->first_seq <= out->last_seq + 1 && out->level_seq >= 0 &&
           out->level_seq <= out->last_seq;
}

void
subscription_put (sqlite3_stmt *statement, const subscription_row_t *subscription)
{
    row_t row = row_to (statement, "subscription");
    row_put_int (&row, subscription->number);
    row_put_text (&row, subscription->id);
    row_put_text (&row, subscription->document);
    row_put_seal (&row);
}

bool
subscription_get (sqlite3_stmt *statement, subscription_row_t *out)
{
    row_t row = row_from (statement, "subscription");
    out->number = row_int (&row);
    out->id = row_text (&row);
    out->document = row_text (&row);
    return row_is_sealed (&row) && out->number > 0 && out->number <= TRACK_NUMBER_MOST;
}

void
exception_put (sqlite3_stmt *statement, int64_t number, const change_t *change)
{
    row_t row = row_to (statement, "exception");
    row_put_int (&row, number);
    row_put_int (&row, place_of (change->partition, change->seq));
    row_put_text (&row, exception_state_name (change->exception.state));
    row_put_int (&row, change->exception.attempts);
    row_put_int (&row, change->exception.forgiven);
    row_put_int (&row, change->exception.crashes);
    row_put_int (&row, change->exception.due_ms);
    row_put_text (&row, reason_name (change->exception.reason));
    row_put_seal (&row);
}

bool
exception_get (sqlite3_stmt *statement, place_row_t *out)
{
    row_t row = row_from (statement, "exception");
    out->number = row_int (&row);
    out->place = row_int (&row);
    bool is_known = exception_state_from_name (row_text (&row), &out->exception.state);
    bool is_count = read_count (&row, &out->exception.attempts);
    is_count &= read_count (&row, &out->exception.forgiven);
    is_count &= read_count (&row, &out->exception.crashes);
    out->exception.due_ms = row_int (&row);
    is_known &= reason_from_name (row_text (&row), &out->exception.reason);
    bool is_sealed = row_is_sealed (&row);
    out->id = read_id (statement, row.index);
    return is_sealed && is_known && is_count && out->number > 0 &&
           out->number <= TRACK_NUMBER_MOST && out->place > 0;
}

void
attempt_put (sqlite3_stmt *statement, int64_t number, const change_t *change)
{
    const attempt_t *attempt = &change->attempt;
    row_t row = row_to (statement, "attempt");
    row_put_int (&row, place_of (change->partition, change->seq));
    row_put_int (&row, number);
    row_put_int (&row, attempt->number);
    row_put_int (&row, attempt->time_ms);
    row_put_int (&row, attempt->duration_ms);
    row_put_int (&row, attempt->connect_us);
    row_put_int (&row, attempt->tls_us);
    row_put_int (&row, attempt->first_byte_us);
    row_put_text (&row, outcome_name (attempt->outcome));
    row_put_int (&row, attempt->http_status);
    row_put_text (&row, attempt->error);
    row_put_text (&row, attempt->worker);
    row_put_text (&row, attempt->result);
    row_put_seal (&row);
}

bool
attempt_get (sqlite3_stmt *statement, attempt_row_t *out)
{
    row_t row = row_from (statement, "attempt");
    row_int (&row);  //  place
    row_int (&row);  //  number of the subscription
    bool is_count = read_count (&row, &out->attempt.number);
    out->attempt.time_ms = row_int (&row);
    out->attempt.duration_ms = row_int (&row);
    is_count &= read_count (&row, &out->attempt.connect_us);
    is_count &= read_count (&row, &out->attempt.tls_us);
    is_count &= read_count (&row, &out->attempt.first_byte_us);
    bool is_known = outcome_from_name (row_text (&row), &out->attempt.outcome);
    bool is_status = read_count (&row, &out->attempt.http_status);
    out->attempt.error = row_text (&row);
    out->attempt.worker = row_text (&row);
    out->attempt.result = row_text (&row);
    bool is_sealed = row_is_sealed (&row);
    out->subscription = read_id (statement, row.index);
    return is_sealed && is_known && is_count && is_status;
}

void
progress_put (sqlite3_stmt *statement, int64_t number, const change_t *change, progress_bits_t bits)
{
    row_t row = row_to (statement, "progress");
    row_put_int (&row, track_of (number, change->partition));
    row_put_int (&row, change->progress->floor);
    row_put_int (&row, change->is_quiet);
    row_put_blob (&row, bits, progress_encode (change->progress, bits));
    row_put_seal (&row);
}

bool
progress_get (sqlite3_stmt *statement, track_row_t *out)
{
    row_t row = row_from (statement, "progress");
    out->track = row_int (&row);
    int64_t floor = row_int (&row);
    out->is_quiet = row_int (&row) != 0;
    size_t size;
    const uint8_t *bits = row_blob (&row, &size);
    return row_is_sealed (&row) && floor >= 0 &&
           progress_decode (&out->progress, floor, bits, size);
}

void
health_put (sqlite3_stmt *statement, int64_t number, const health_t *health)
{
    row_t row = row_to (statement, "health");
    row_put_int (&row, number);
    row_put_int (&row, health->failing_since_ms);
    row_put_int (&row, health->probe_ms);
    row_put_int (&row, health->failures);
    row_put_int (&row, health->openings);
    row_put_seal (&row);
}

bool
health_get (sqlite3_stmt *statement, health_line_t *out)
{
    row_t row = row_from (statement, "health");
    out->number = row_int (&row);
    out->health.failing_since_ms = row_int (&row);
    out->health.probe_ms = row_int (&row);
    bool is_count = read_count (&row, &out->health.failures);
    is_count &= read_count (&row, &out->health.openings);
    return row_is_sealed (&row) && is_count;
}

void
count_put (sqlite3_stmt *statement, const count_line_t *line)
{
    row_t row = row_to (statement, "counter");
    row_put_int (&row, line->number);
    row_put_text (&row, line->key);
    row_put_int (&row, line->count);
    row_put_seal (&row);
}

bool
count_get (sqlite3_stmt *statement, count_line_t *out)
{
    row_t row = row_from (statement, "counter");
    out->number = row_int (&row);
    out->key = row_text (&row);
    out->count = row_int (&row);
    return row_is_sealed (&row) && out->count > 0;
}

void
token_put (sqlite3_stmt *statement, const token_t *token)
{
    row_t row = row_to (statement, "token");
    row_put_text (&row, token->id);
    row_put_text (&row, token->hash);
    row_put_text (&row, token->name);
    row_put_text (&row, token->scopes);
    row_put_int (&row, token->created_ms);
    row_put_seal (&row);
}

bool
token_get (sqlite3_stmt *statement, token_t *token)
{
    row_t row = row_from (statement, "token");
    token->id = row_text (&row);
    token->hash = row_text (&row);
    token->name = row_text (&row);
    token->scopes = row_text (&row);
    token->created_ms = row_int (&row);
    return row_is_sealed (&row);
}
