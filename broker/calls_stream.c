/*  calls_stream – the methods event.read and event.tails: what a gateway needs for its live streams. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/call.h"
#include "broker/core/view.h"
#include "broker/feed_socket.h"
#include "proto/model/allocate.h"
#include "proto/model/event_text.h"

enum { EVENTS_MOST = 1000, HEAD_SIZE = 200 };

//  What is wanted of a partition: patterns, NULL for all.
typedef struct {
    pattern_t *type, *subject;  //  ours
} wish_t;

static void
wish_free (void *more)
{
    wish_t *self = more;
    pattern_destroy (&self->type);
    pattern_destroy (&self->subject);
    free (self);
}

//  In the reader's thread.
static bool
wish_takes (const void *wanted, match_data_t *data)
{
    const wish_t *self = wanted;
    return (!self->type || pattern_matches (self->type, data->event->type)) &&
           (!self->subject || pattern_matches (self->subject, data->event->subject));
}

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

//  ---- event.read

//  Into text, as many as the reply has room for, but one if there is one; how far that is.
static int64_t
put_events (const call_t *call, const query_t *query, char **text, size_t *size)
{
    size_t most = call_reply_most (call) / 2;
    for (size_t i = 0; i < query->page->count; i++) {
        const event_t *event = query->page->events [i];
        size_t more;
        char *one = event_text (event, &more);
        if (*size > 0 && *size + more > most) {
            free (one);
            return event->seq - 1;
        }
        *text = allocate_again (*text, *size + more + 2, 1);
        if (*size > 0)
            (*text) [(*size)++] = ',';
        memcpy (*text + *size, one, more + 1);
        *size += more;
        free (one);
    }
    return query->reached;
}

static void
read_found (call_t *call, query_t *query)
{
    char *events = NULL;
    size_t size = 0;
    int64_t reached = put_events (call, query, &events, &size);
    char *reply = allocate (size + HEAD_SIZE, 1);
    int reply_size =
        snprintf (reply, size + HEAD_SIZE, "{\"data\":[%s],\"reached\":%lld,\"first\":%lld}",
                  events ? events : "", (long long)reached,
                  (long long)core_first_seq (call->edge->core, query->partition));
    call_reply_text (call, reply, (size_t)reply_size);
    free (reply);
    free (events);
}

void
call_event_read (call_t *self)
{
    problem_t problem = {0};
    int64_t partition = 0, above = 0;
    wish_t *wish = ALLOCATE (wish_t);
    self->more = wish;
    self->more_free = wish_free;
    int64_t last_partition = self->edge->partitions - 1;
    if (call_optional_number (self, "partition", 0, last_partition, &partition, &problem) ||
        call_optional_number (self, "above", 0, INT64_MAX, &above, &problem) ||
        read_pattern (self, "type", '.', &wish->type, &problem) ||
        read_pattern (self, "subject", '/', &wish->subject, &problem)) {
        call_fail (self, &problem);
        return;
    }
    int64_t begin = core_first_seq (self->edge->core, (int32_t)partition) - 1;
    int64_t end = core_last_seq (self->edge->core, (int32_t)partition);
    query_t question = {
        .kind = QUERY_MATCH,
        .partition = (int32_t)partition,
        .above_seq = above > begin ? above : begin,
        .limit_bytes = (size_t)self->edge->limits->page_bytes,
        .limit_events = EVENTS_MOST,
        .wants = wish_takes,
        .wanted = wish,
    };
    question.up_to_seq = end > question.above_seq ? end : question.above_seq;
    call_ask_query (self, &question, read_found);
}

//  ---- event.tails

void
call_event_tails (call_t *self)
{
    json_t *firsts = json_array (), *lasts = json_array ();
    for (int32_t i = 0; i < self->edge->partitions; i++) {
        json_array_append_new (firsts, json_integer (core_first_seq (self->edge->core, i)));
        json_array_append_new (lasts, json_integer (core_last_seq (self->edge->core, i)));
    }
    json_t *data = json_pack ("{s:s, s:o, s:o}", "feed", feed_socket_endpoint (self->edge->feed),
                              "firsts", firsts, "lasts", lasts);
    call_reply (self, json_pack ("{s:o}", "data", data));
}
