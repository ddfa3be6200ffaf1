/*  calls_log – the methods event.list and event.match: the log, looked through.
 *
 *  The reader is asked for one page after the other, so that a long search holds up nobody. The log is
 *  looked through partition after partition; a store with one is in order throughout.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/call.h"
#include "broker/core/view.h"
#include "broker/event_view.h"
#include "proto/model/allocate.h"

enum {
    STRETCH = 256,       //  events that are looked at in one go, if they are not large
    PAGES_MOST = 48,     //  that one call reads
    LISTED = 100,        //  events of an answer, if nobody asks for another number
    LISTED_MOST = 1000,  //
    LAST = 1000,         //  events that a match is tried on, likewise
    LAST_MOST = 10000,
    SHOWN = 20  //  of those that match, likewise
};

//  A search, and where it is: next it looks at events in (low, high] of one partition.
typedef struct {
    match_t *match;             //  ours, as the patterns; NULL: all
    pattern_t *type, *subject;  //
    bool is_newest_first;
    bool is_list;
    int64_t limit;  //  events to answer with
    int64_t last;   //  only so many of each partition; 0: all
    int64_t since;  //  nothing at or below this seq
    int32_t partition;
    int64_t begin;  //  since, or where the last ones begin
    int64_t low, high;
    int64_t
        stretch;  //  events from low to high when the newest come first: fewer when they are large
    json_t *found;  //  what is answered; ours
    size_t bytes;   //  of found, about
    bool is_full;   //  there is more than is answered
    int64_t looked_at, matched;
    int pages;
} search_t;

static void
search_free (void *more)
{
    search_t *self = more;
    match_destroy (&self->match);
    pattern_destroy (&self->type);
    pattern_destroy (&self->subject);
    json_decref (self->found);
    free (self);
}

//  In the reader's thread: reads what does not change while the search is under way.
static bool
search_wants (const void *wanted, match_data_t *data)
{
    const search_t *self = wanted;
    if (self->match && match_asks (self->match, data) != MATCH_YES)
        return false;
    return (!self->type || pattern_matches (self->type, data->event->type)) &&
           (!self->subject || pattern_matches (self->subject, data->event->subject));
}

static void
search_set_low (search_t *self)
{
    self->low = self->high - self->stretch > self->begin ? self->high - self->stretch : self->begin;
}

//  At the beginning of a partition, or its end when the newest come first; or at `from`, if that is
//  within: after it, or from it on downward. -1: it is not given.
static void
search_enter (const call_t *call, search_t *self, int32_t partition, int64_t from)
{
    int64_t end = core_last_seq (call->edge->core, partition);
    self->partition = partition;
    self->begin = self->since;
    if (self->last > 0 && end - self->last > self->begin)
        self->begin = end - self->last;
    self->high = self->is_newest_first && from >= 0 && from < end ? from : end;
    if (self->is_newest_first)
        search_set_low (self);
    else
        self->low = from > self->begin ? from : self->begin;
}

static void search_found (call_t *call, query_t *query);

//  Looks where it is, or in the next partition; false: there is nothing left to look at.
static bool
search_ask (call_t *call, search_t *self)
{
    while (self->low >= self->high) {
        if (self->partition + 1 == call->edge->partitions)
            return false;
        search_enter (call, self, self->partition + 1, -1);
    }
    query_t question = {
        .kind = QUERY_MATCH,
        .partition = self->partition,
        .above_seq = self->low,
        .up_to_seq = self->high,
        .limit_bytes = (size_t)call->edge->limits->page_bytes,
        .limit_events = STRETCH,
        .wants = search_wants,
        .wanted = self,
    };
    call_ask_query (call, &question, search_found);
    return true;
}

//  One that matches goes into the answer, while there is room.
static void
search_take (const call_t *call, search_t *self, const event_t *event)
{
    self->matched++;
    if (self->is_full)
        return;
    json_t *shown = event_view_attributes (event);
    self->bytes += json_dumpb (shown, NULL, 0, JSON_COMPACT) + 1;
    self->is_full = (int64_t)json_array_size (self->found) == self->limit ||
                    self->bytes > call_reply_most (call) / 2;
    if (!self->is_full) {
        json_array_append (self->found, shown);
        if (self->is_newest_first)
            self->high = event->seq - 1;
        else
            self->low = event->seq;
    }
    json_decref (shown);
}

//  A page of the log was looked at. The place moves past it, or to the last that was taken.
static void
search_take_page (const call_t *call, search_t *self, const query_t *query)
{
    size_t count = query->page->count;
    for (size_t i = 0; i < count && !(self->is_list && self->is_full); i++)
        search_take (call, self, query->page->events [self->is_newest_first ? count - 1 - i : i]);
    self->looked_at += (int64_t)query->looked_at;
    if (self->is_list && self->is_full)
        return;
    if (!self->is_newest_first) {
        self->low = query->reached;
        return;
    }
    //  Nothing at all there: what is below has left the log.
    self->high = query->looked_at > 0 ? query->above_seq : self->begin;
    self->stretch = self->stretch < STRETCH / 2 ? 2 * self->stretch : STRETCH;
    search_set_low (self);
}

static void
search_answer (call_t *call, const search_t *self, bool has_more)
{
    json_t *answer;
    if (self->is_list)
        answer = json_pack ("{s:O}", "data", self->found);
    else
        answer = json_pack ("{s:{s:I, s:I, s:O}}", "data", "looked_at", (json_int_t)self->looked_at,
                            "matched", (json_int_t)self->matched, "events", self->found);
    if (self->is_list && has_more)
        json_object_set_new (
            answer, "next",
            json_sprintf ("%d.%lld", (int)self->partition,
                          (long long)(self->is_newest_first ? self->high : self->low)));
    call_reply (call, answer);
}

static void
search_found (call_t *call, query_t *query)
{
    search_t *self = call->more;
    self->pages++;
    if (self->is_newest_first && query->reached < query->up_to_seq) {
        self->stretch = (self->high - self->low + 1) / 2;  //  large ones: the page ended before
        search_set_low (self);
    }
    else
        search_take_page (call, self, query);
    bool is_over = self->pages == PAGES_MOST || (self->is_list && self->is_full);
    if (is_over || !search_ask (call, self))
        search_answer (call, self, is_over);
}

static void
search_begin (call_t *call, search_t *self)
{
    if (!search_ask (call, self))
        search_answer (call, self, false);
}

static search_t *
search_new (call_t *call, int64_t limit)
{
    search_t *self = ALLOCATE (search_t);
    *self = (search_t){
        .is_newest_first = true, .limit = limit, .stretch = STRETCH, .found = json_array ()};
    call->more = self;
    call->more_free = search_free;
    return self;
}

//  ---- event.list

static status_t
read_pattern (const call_t *call, const char *name, char separator, pattern_t **pattern,
              problem_t *problem)
{
    const char *text = NULL;
    status_t status = call_optional_text (call, name, &text, problem);
    if (status != STATUS_OK || !text)
        return status;
    *pattern = pattern_new (text, separator, name, problem);
    return *pattern ? STATUS_OK : problem->status;
}

//  Where the page before ended, "PARTITION.SEQ".
static status_t
read_after (const call_t *call, int32_t *partition, int64_t *from, problem_t *problem)
{
    const char *after = NULL;
    status_t status = call_optional_text (call, "after", &after, problem);
    if (status != STATUS_OK || !after)
        return status;
    int number, size = 0;
    long long seq;
    if (sscanf (after, "%d.%lld%n", &number, &seq, &size) != 2 || after [size] || number < 0 ||
        number >= call->edge->partitions || seq < 0)
        return problem_at (problem, STATUS_BAD_PARAMETER, "after",
                           "after: \"%.60s\" is no place that an answer gave", after);
    *partition = number;
    *from = seq;
    return STATUS_OK;
}

void
call_event_list (call_t *self)
{
    problem_t problem = {0};
    search_t *search = search_new (self, LISTED);
    int32_t partition = 0;
    int64_t from = -1;
    search->is_list = true;
    search->is_newest_first = !json_object_get (self->args, "since");
    if (call_optional_number (self, "limit", 1, LISTED_MOST, &search->limit, &problem) ||
        call_optional_number (self, "since", 0, INT64_MAX, &search->since, &problem) ||
        read_pattern (self, "type", '.', &search->type, &problem) ||
        read_pattern (self, "subject", '/', &search->subject, &problem) ||
        read_after (self, &partition, &from, &problem)) {
        call_fail (self, &problem);
        return;
    }
    search_enter (self, search, partition, from);
    search_begin (self, search);
}

//  ---- event.match

void
call_event_match (call_t *self)
{
    problem_t problem = {0};
    search_t *search = search_new (self, SHOWN);
    search->last = LAST;
    if (call_optional_number (self, "limit", 0, LISTED_MOST, &search->limit, &problem) ||
        call_optional_number (self, "last", 1, LAST_MOST, &search->last, &problem) ||
        !(search->match =
              match_new (json_object_get (self->args, "match"), self->edge->limits, &problem))) {
        call_fail (self, &problem);
        return;
    }
    search->last = (search->last + self->edge->partitions - 1) / self->edge->partitions;
    search_enter (self, search, 0, -1);
    search_begin (self, search);
}
