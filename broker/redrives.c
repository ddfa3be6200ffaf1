#include "broker/redrives.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "broker/core/view.h"
#include "proto/model/allocate.h"
#include "proto/model/moment.h"

enum { CHUNK = 256, CHUNK_BYTES = 1 << 20, CHUNKS_BEFORE_ANSWER = 4 };

typedef struct redrive {
    edge_t *edge;  //  borrowed; it is one of its redrives
    char *subscription;
    redrive_wish_t wish;
    int64_t started_ms;
    list_place_t place;  //  dead letters up to this one have been looked at
    size_t next_event;   //  of wish.events
    json_t *missing;     //  of wish.events: those that are not dead; ours
    int64_t done;        //  dead letters redriven or discarded
    int64_t looked_at;
    double next_due_ms;  //  the rate's place for the next one
    uint64_t ticket;     //  of the write that has the last of what the core was told
    int chunks;
    struct redrive *prev, *next;
} redrive_t;

//  ---- all of them

static const redrive_t *
redrives_find (const edge_t *edge, const char *subscription)
{
    const redrive_t *job;
    DL_FOREACH (edge->redrives, job)
    {
        if (strcmp (job->subscription, subscription) == 0)
            return job;
    }
    return NULL;
}

bool
redrives_is_busy (const edge_t *edge, const char *subscription)
{
    return redrives_find (edge, subscription) != NULL;
}

static const char *
redrive_word (const redrive_t *self)
{
    return self->wish.discards ? "discarded" : "redriven";
}

json_t *
redrives_show (const edge_t *edge, const char *subscription)
{
    const redrive_t *job = redrives_find (edge, subscription);
    if (!job)
        return NULL;
    char started [MOMENT_SIZE];
    return json_pack ("{s:I, s:I, s:s}", redrive_word (job), (json_int_t)job->done, "looked_at",
                      (json_int_t)job->looked_at, "started",
                      moment_text (job->started_ms, started));
}

static void
redrive_free (void *more)
{
    redrive_t *self = more;
    DL_DELETE (self->edge->redrives, self);
    letter_filter_clear (&self->wish.filter);
    json_decref (self->wish.events);
    json_decref (self->missing);
    free (self->subscription);
    free (self);
}

//  ---- answers

static json_t *
redrive_answer (const redrive_t *self, const char *status)
{
    json_t *data =
        json_pack ("{s:I, s:s}", redrive_word (self), (json_int_t)self->done, "status", status);
    if (json_array_size (self->missing) > 0)
        json_object_set (data, "missing", self->missing);
    return json_pack ("{s:o}", "data", data);
}

//  One event was named, and it is no dead letter: that is worth an error.
static void
redrive_end (call_t *call)
{
    const redrive_t *self = call->more;
    problem_t problem = {0};
    const char *id = json_string_value (json_array_get (self->missing, 0));
    if (id && json_array_size (self->wish.events) == 1) {
        problem_set (&problem, STATUS_NOT_FOUND,
                     "\"%.64s\" is no dead letter of %.60s: `explain` says what became of it", id,
                     self->subscription);
        call_fail (call, &problem);
        return;
    }
    call_reply (call, redrive_answer (self, "done"));
}

//  ---- the core is told

//  When the next `count` are tried: a place on the row of the rate.
static void
redrive_pace (redrive_t *self, input_t *input, size_t count, int64_t now_ms)
{
    double rate = self->wish.rate_per_second;
    if (rate <= 0)
        return;
    if (self->next_due_ms < (double)now_ms)
        self->next_due_ms = (double)now_ms;
    input->redrive.first_due_ms = (int64_t)self->next_due_ms;
    input->redrive.interval_us = (int64_t)(1e6 / rate);
    self->next_due_ms += (double)count * 1000 / rate;
}

//  Rows of one partition.
static void
redrive_tell (call_t *call, redrive_t *self, int32_t partition, const exception_at_t *rows,
              size_t count)
{
    input_t input = {.kind = self->wish.discards ? INPUT_DISCARD : INPUT_REDRIVE};
    int64_t *seqs = allocate (count, sizeof *seqs);
    for (size_t i = 0; i < count; i++)
        seqs [i] = rows [i].seq;
    if (self->wish.discards) {
        input.discard.subscription = self->subscription;
        input.discard.partition = partition;
        input.discard.seqs = seqs;
        input.discard.count = count;
    }
    else {
        input.redrive.subscription = self->subscription;
        input.redrive.partition = partition;
        input.redrive.rows = rows;
        input.redrive.count = count;
        redrive_pace (self, &input, count, edge_now_ms (call->edge));
    }
    //  Written with the next ticket, which may be given out only when the store takes it.
    self->ticket = call->edge->last_ticket + 1;
    edge_step (call->edge, &input);
    free (seqs);
    self->done += (int64_t)count;
}

static size_t
redrive_room (const call_t *call, const redrive_t *self, int32_t partition)
{
    if (self->wish.discards)
        return SIZE_MAX;
    return core_redrive_room (call->edge->core, self->subscription, partition);
}

//  ---- the letters of a filter, chunk by chunk

static bool
redrive_wants (const redrive_t *self, const struct listed_row *row)
{
    return row->at.exception.due_ms <= self->started_ms &&
           letter_filter_wants (&self->wish.filter, row);
}

/*  Those rows from `first` on that are of one partition, as many as the core has room for. Moves the
 *  place; how many rows were looked at, less than there are in the partition when the room is used up.
 */
static size_t
redrive_take_partition (call_t *call, redrive_t *self, const listing_t *listing, size_t first)
{
    int32_t partition = listing->rows [first].partition;
    size_t room = redrive_room (call, self, partition), count = 0, i = first;
    exception_at_t *rows = allocate (listing->count - first, sizeof *rows);
    for (; i < listing->count && listing->rows [i].partition == partition; i++) {
        const struct listed_row *row = &listing->rows [i];
        bool is_wanted = redrive_wants (self, row);
        if (is_wanted && count == room)
            break;
        if (is_wanted)
            rows [count++] = row->at;
        self->place = (list_place_t){row->partition, row->at.seq};
    }
    if (count > 0)
        redrive_tell (call, self, partition, rows, count);
    free (rows);
    self->looked_at += (int64_t)(i - first);
    return i - first;
}

static void redrive_found (call_t *call, query_t *query);

static void
redrive_ask (call_t *call, redrive_t *self, bool has_room)
{
    query_t question = {.kind = QUERY_EXCEPTIONS,
                        .state = EXCEPTION_DEAD,
                        .after = self->place,
                        .limit_events = CHUNK,
                        .limit_bytes = CHUNK_BYTES};
    snprintf (question.text, sizeof question.text, "%s", self->subscription);
    //  Without room: when the next thing that happens to anybody is on disk.
    uint64_t ticket = call->edge->last_ticket + (has_room ? 0 : 1);
    call_ask_on_disk (call, ticket > self->ticket ? ticket : self->ticket, &question,
                      redrive_found);
}

static void
redrive_found (call_t *call, query_t *query)
{
    redrive_t *self = call->more;
    const listing_t *listing = query->listing;
    if (listing->count == 0 || !core_subscription (call->edge->core, self->subscription)) {
        redrive_end (call);
        return;
    }
    size_t taken = 0, step = 1;
    while (taken < listing->count && step > 0) {
        step = redrive_take_partition (call, self, listing, taken);
        taken += step;
    }
    bool has_room = taken == listing->count;
    if (!call->is_answered && (++self->chunks == CHUNKS_BEFORE_ANSWER || !has_room))
        call_reply_early (call, redrive_answer (self, "running"));
    redrive_ask (call, self, has_room);
}

//  ---- the letters of a list of ids, one by one

static void redrive_event_found (call_t *call, query_t *query);

static void
redrive_ask_event (call_t *call, redrive_t *self)
{
    query_t question = {.kind = QUERY_HISTORY};
    const char *id = json_string_value (json_array_get (self->wish.events, self->next_event));
    if (!id) {
        call_when_on_disk (call, self->ticket, redrive_end);
        return;
    }
    snprintf (question.text, sizeof question.text, "%s", id);
    uint64_t ticket = call->edge->last_ticket;
    call_ask_on_disk (call, ticket > self->ticket ? ticket : self->ticket, &question,
                      redrive_event_found);
}

static const exception_t *
redrive_letter (const redrive_t *self, const history_t *history)
{
    for (size_t i = 0; history && i < history->exception_count; i++)
        if (strcmp (history->exceptions [i].subscription, self->subscription) == 0 &&
            history->exceptions [i].exception.state == EXCEPTION_DEAD)
            return &history->exceptions [i].exception;
    return NULL;
}

//  There is no place for one more that is tried again.
static void
redrive_refuse (call_t *call, const redrive_t *self)
{
    problem_t problem = {0};
    problem_set (&problem, STATUS_FULL,
                 "%lld were redriven; %.60s has as many to be tried again as "
                 "limits/exceptions_per_track allows: repeat later",
                 (long long)self->done, self->subscription);
    call_fail (call, &problem);
}

static void
redrive_event_found (call_t *call, query_t *query)
{
    redrive_t *self = call->more;
    json_t *id = json_array_get (self->wish.events, self->next_event++);
    const exception_t *letter = redrive_letter (self, query->history);
    if (letter && core_subscription (call->edge->core, self->subscription)) {
        const event_t *event = query->history->event;
        if (redrive_room (call, self, event->partition) == 0) {
            redrive_refuse (call, self);
            return;
        }
        exception_at_t row = {event->seq, *letter};
        redrive_tell (call, self, event->partition, &row, 1);
    }
    else
        json_array_append (self->missing, id);
    redrive_ask_event (call, self);
}

//  ---- begin

void
redrives_begin (call_t *call, const subscription_t *subscription, redrive_wish_t *wish)
{
    redrive_t *self = ALLOCATE (redrive_t);
    bool is_busy = redrives_is_busy (call->edge, subscription->id);
    self->edge = call->edge;
    self->subscription = allocate_copy (subscription->id);
    self->wish = *wish;
    self->started_ms = edge_now_ms (call->edge);
    self->place.partition = -1;
    self->missing = json_array ();
    DL_APPEND (call->edge->redrives, self);
    call->more = self;
    call->more_free = redrive_free;
    call->may_find_nothing = true;
    if (is_busy) {
        problem_t problem = {0};
        problem_set (&problem, STATUS_BUSY,
                     "dead letters of %.60s are being redriven or discarded already: its state "
                     "tells how far that is; repeat when it is done",
                     subscription->id);
        call_fail (call, &problem);
    }
    else if (wish->events)
        redrive_ask_event (call, self);
    else
        redrive_ask (call, self, true);
}
