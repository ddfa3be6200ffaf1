/*  calls_deliveries – the methods delivery.*: dead letters and what else has not ended; tried again or
 *  given up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/call.h"
#include "broker/event_view.h"
#include "broker/letter_filter.h"
#include "broker/redrives.h"
#include "proto/model/allocate.h"
#include "proto/model/moment.h"

enum {
    LISTED = 100,        //  deliveries of an answer, if nobody asks for another number
    LISTED_MOST = 1000,  //
    ROWS = 256,          //  that are asked of the store at a time
    PAGES_MOST = 48,     //  of them, for one call
    EVENTS_MOST = 100    //  that one call names
};

static const double rate_most = 1e6;

//  ---- the list

typedef struct {
    letter_filter_t filter;  //  ours
    exception_state_t state;
    list_place_t place;  //  rows up to this one have been looked at
    int64_t limit;
    json_t *found;  //  ours
    size_t bytes;   //  of found, about
    int pages;
} letters_t;

static void
letters_free (void *more)
{
    letters_t *self = more;
    letter_filter_clear (&self->filter);
    json_decref (self->found);
    free (self);
}

//  An event that has left the log is known by its place alone.
static json_t *
show_event (const struct listed_row *row)
{
    if (row->event)
        return event_view_attributes (row->event);
    return json_pack ("{s:i, s:I}", "partition", (int)row->partition, "seq",
                      (json_int_t)row->at.seq);
}

static json_t *
show_row (const struct listed_row *row)
{
    const exception_t *exception = &row->at.exception;
    char moment [MOMENT_SIZE];
    json_t *json = json_pack ("{s:o, s:s, s:i, s:i}", "event", show_event (row), "status",
                              exception_state_name (exception->state), "attempts",
                              (int)exception->attempts, "crashes", (int)exception->crashes);
    if (exception->reason != REASON_NONE) {
        json_object_set_new (json, "reason", json_string (reason_name (exception->reason)));
        json_object_set_new (json, "text", json_string (reason_text (exception->reason)));
    }
    if (exception->due_ms > 0)
        json_object_set_new (json, exception->state == EXCEPTION_DEAD ? "died" : "next_attempt",
                             json_string (moment_text (exception->due_ms, moment)));
    if (row->attempt.number > 0)
        json_object_set_new (json, "last_attempt", event_view_attempt (&row->attempt, true));
    return json;
}

static void
letters_answer (call_t *call, const letters_t *self, bool has_more)
{
    json_t *answer = json_pack ("{s:O}", "data", self->found);
    if (has_more)
        json_object_set_new (
            answer, "next",
            json_sprintf ("%d.%lld", (int)self->place.partition, (long long)self->place.seq));
    call_reply (call, answer);
}

//  Those that are wanted; false: the answer is full, and the place is before the first that it lacks.
static bool
letters_take (const call_t *call, letters_t *self, const listing_t *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        const struct listed_row *row = &listing->rows [i];
        if (letter_filter_wants (&self->filter, row)) {
            json_t *shown = show_row (row);
            self->bytes += json_dumpb (shown, NULL, 0, JSON_COMPACT) + 1;
            if ((int64_t)json_array_size (self->found) == self->limit ||
                self->bytes > call_reply_most (call) / 2) {
                json_decref (shown);
                return false;
            }
            json_array_append_new (self->found, shown);
        }
        self->place = (list_place_t){row->partition, row->at.seq};
    }
    return true;
}

static void letters_found (call_t *call, query_t *query);

static void
letters_ask (call_t *call, const letters_t *self)
{
    query_t question = {.kind = QUERY_EXCEPTIONS,
                        .state = self->state,
                        .after = self->place,
                        .limit_events = ROWS,
                        .limit_bytes = (size_t)call->edge->limits->page_bytes};
    const char *id = json_string_value (json_object_get (call->args, "subscription"));
    snprintf (question.text, sizeof question.text, "%s", id);
    call_ask_query (call, &question, letters_found);
}

static void
letters_found (call_t *call, query_t *query)
{
    letters_t *self = call->more;
    bool has_room = letters_take (call, self, query->listing);
    if (query->listing->count == 0)
        letters_answer (call, self, false);
    else if (!has_room || ++self->pages == PAGES_MOST)
        letters_answer (call, self, true);
    else
        letters_ask (call, self);
}

static status_t
read_state (const call_t *call, exception_state_t *state, problem_t *problem)
{
    const char *word = "dead";
    status_t status = call_optional_text (call, "status", &word, problem);
    if (status == STATUS_OK && !exception_state_from_name (word, state))
        status = problem_at (
            problem, STATUS_BAD_PARAMETER, "status",
            "status: \"%.40s\" is not listed; there are dead, retry, held and slow", word);
    return status;
}

//  Where the page before ended, "PARTITION.SEQ".
static status_t
read_place (const call_t *call, list_place_t *place, problem_t *problem)
{
    const char *after = NULL;
    status_t status = call_optional_text (call, "after", &after, problem);
    *place = (list_place_t){-1, 0};
    if (status != STATUS_OK || !after)
        return status;
    int partition, size = 0;
    long long seq;
    if (sscanf (after, "%d.%lld%n", &partition, &seq, &size) != 2 || after [size])
        return problem_at (problem, STATUS_BAD_PARAMETER, "after",
                           "after: \"%.60s\" is no place that an answer gave", after);
    *place = (list_place_t){partition, seq};
    return STATUS_OK;
}

void
call_delivery_list (call_t *self)
{
    problem_t problem = {0};
    letters_t *letters = ALLOCATE (letters_t);
    letters->limit = LISTED;
    letters->found = json_array ();
    self->more = letters;
    self->more_free = letters_free;
    if (!call_subscription_or_replay (self, "subscription", &problem) ||
        letter_filter_read (&letters->filter, json_object_get (self->args, "filter"), &problem) ||
        call_optional_number (self, "limit", 1, LISTED_MOST, &letters->limit, &problem) ||
        read_state (self, &letters->state, &problem) ||
        read_place (self, &letters->place, &problem))
        call_fail (self, &problem);
    else
        letters_ask (self, letters);
}

//  ---- redrive and discard

static status_t
read_rate (const call_t *call, double *rate, problem_t *problem)
{
    const json_t *given = json_object_get (call->args, "rate_per_second");
    *rate = json_number_value (given);
    if (given && !(json_is_number (given) && *rate >= 0 && *rate <= rate_most))
        return problem_at (
            problem, STATUS_BAD_PARAMETER, "rate_per_second",
            "rate_per_second: it is a number in 0 … 1000000; 0 is as fast as may be");
    return STATUS_OK;
}

static status_t
read_events (const call_t *call, json_t **events, problem_t *problem)
{
    json_t *given = json_object_get (call->args, "events");
    if (!given)
        return STATUS_OK;
    size_t count = json_array_size (given), i;
    json_t *id;
    if (count == 0 || count > EVENTS_MOST)
        return problem_at (problem, STATUS_BAD_PARAMETER, "events",
                           "events: it is an array of 1 to %d ids", EVENTS_MOST);
    json_array_foreach (given, i, id)
    {
        if (!json_is_string (id))
            return problem_at (problem, STATUS_BAD_PARAMETER, "events",
                               "events: its element %zu is no id", i);
    }
    if (json_object_get (call->args, "filter"))
        return problem_at (problem, STATUS_BAD_PARAMETER, "filter",
                           "filter: with events there is nothing left to filter");
    *events = json_incref (given);
    return STATUS_OK;
}

static void
begin (call_t *self, bool discards)
{
    problem_t problem = {0};
    redrive_wish_t wish = {.discards = discards};
    const subscription_t *subscription =
        call_subscription_or_replay (self, "subscription", &problem);
    if (!subscription || read_rate (self, &wish.rate_per_second, &problem) ||
        letter_filter_read (&wish.filter, json_object_get (self->args, "filter"), &problem) ||
        read_events (self, &wish.events, &problem)) {
        letter_filter_clear (&wish.filter);
        call_fail (self, &problem);
        return;
    }
    redrives_begin (self, subscription, &wish);
}

void
call_delivery_redrive (call_t *self)
{
    begin (self, false);
}

void
call_delivery_discard (call_t *self)
{
    begin (self, true);
}
