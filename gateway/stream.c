/*  stream – GET /v1/stream: events as they come, as server-sent events.
 *
 *  The id of each tells where the stream is in every partition of the log, so that a client that
 *  comes back with it, to whichever gateway, misses nothing. What it reads comes from the hub while it
 *  keeps up, and from the log otherwise. A client that takes nothing for gateway/request_timeout_ms is
 *  let go.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "gateway/auth.h"
#include "gateway/call.h"
#include "gateway/query.h"
#include "gateway/resources.h"
#include "proto/model/event_text.h"
#include "proto/model/pattern.h"

enum {
    ID_SIZE = HUB_PARTITIONS * 26,
    HEARTBEAT_MS = 10000,  //  an empty event, with the place where we are
    WAIT_MS = 200,         //  between two looks whether the gateway stops
    AGAIN_MS = 500,        //  after the broker could not be asked
    WRITE_BYTES = 65536    //  as much is written at once

};

typedef struct {
    request_t *request;
    hub_t *hub;
    bytes_t *out;               //  the desk's: to be written
    pattern_t *type, *subject;  //  ours; NULL: all
    char type_text [QUERY_VALUE_SIZE], subject_text [QUERY_VALUE_SIZE];
    size_t count;                     //  of partitions
    int64_t places [HUB_PARTITIONS];  //  the last seq that was told, or passed over
    int64_t said_ms, checked_ms;
    int64_t events;  //  told
    bool is_over;    //  the client is gone
    bool has_moved;  //  since the last id that was told
} stream_t;

//  ---- what is wanted

//  "0:17,1:5" into the places; partitions that it does not name stay where they are.
static bool
stream_read_places (stream_t *self, const char *text)
{
    while (*text) {
        char *end;
        long partition = strtol (text, &end, 10);
        if (!isdigit ((unsigned char)*text) || *end != ':' || !isdigit ((unsigned char)end [1]))
            return false;
        long long seq = strtoll (end + 1, &end, 10);
        if (partition < 0 || (size_t)partition >= self->count || (*end && *end != ','))
            return false;
        self->places [partition] = seq;
        text = *end ? end + 1 : end;
    }
    return true;
}

static status_t
stream_take_parameter (stream_t *self, const query_t *query, char *id, problem_t *problem)
{
    if (strcmp (query->name, "type") == 0) {
        strcpy (self->type_text, query->value);
        pattern_destroy (&self->type);
        self->type = pattern_new (query->value, '.', "type", problem);
        return self->type ? STATUS_OK : problem->status;
    }
    if (strcmp (query->name, "subject") == 0) {
        strcpy (self->subject_text, query->value);
        pattern_destroy (&self->subject);
        self->subject = pattern_new (query->value, '/', "subject", problem);
        return self->subject ? STATUS_OK : problem->status;
    }
    if (strcmp (query->name, "last_event_id") == 0) {
        strcpy (id, query->value);
        return STATUS_OK;
    }
    return problem_at (problem, STATUS_BAD_PARAMETER, query->name,
                       "there is no such parameter; there are type, subject and last_event_id");
}

static status_t
stream_read_query (stream_t *self, char *id, problem_t *problem)
{
    query_t query;
    self->request->location = "querystring";
    query_start (&query, self->request->info->query_string);
    while (query_next (&query)) {
        status_t status = stream_take_parameter (self, &query, id, problem);
        if (status != STATUS_OK)
            return status;
    }
    if (query.is_bad)
        return problem_set (problem, STATUS_BAD_PARAMETER, "the query is too long, or no encoding");
    const char *given = request_header (self->request, "Last-Event-ID");
    if (given && strlen (given) >= ID_SIZE)
        return problem_set (problem, STATUS_BAD_PARAMETER, "Last-Event-ID: it is too long");
    if (given)
        strcpy (id, given);
    return STATUS_OK;
}

//  Where the client was, or the end of the log.
static status_t
stream_begin (stream_t *self, problem_t *problem)
{
    char id [ID_SIZE] = "";
    hub_tails_t tails;
    status_t status = stream_read_query (self, id, problem);
    if (status == STATUS_OK)
        status = hub_tails (self->request->services->link, &tails);
    if (status != STATUS_OK)
        return status;
    self->count = tails.count;
    for (size_t i = 0; i < self->count; i++)
        self->places [i] = *id ? 0 : tails.lasts [i];
    if (!stream_read_places (self, id))
        return problem_at (problem, STATUS_BAD_PARAMETER, "Last-Event-ID",
                           "Last-Event-ID: \"%.60s\" is no id of an event that was told here", id);
    return STATUS_OK;
}

//  ---- what is told

static void
stream_write (stream_t *self)
{
    if (self->out->size == 0 || self->is_over)
        return;
    int written = mg_write (self->request->connection, self->out->at, self->out->size);
    self->is_over = written < (int)self->out->size;
    self->said_ms = monotonic_ms ();
    bytes_clear (self->out, self->out->room);
}

static void
stream_add_id (stream_t *self)
{
    bytes_add_text (self->out, "id: ");
    for (size_t i = 0; i < self->count; i++) {
        if (i > 0)
            bytes_add_text (self->out, ",");
        bytes_add_number (self->out, (int64_t)i);
        bytes_add_text (self->out, ":");
        bytes_add_number (self->out, self->places [i]);
    }
    bytes_add_text (self->out, "\n");
    self->has_moved = false;
}

//  A text may have line ends: each line of it is one of the event's.
static void
stream_add_data (stream_t *self, const char *text, size_t size)
{
    const char *end = text + size;
    do {
        size_t line = 0;
        while (text + line < end && text [line] != '\n' && text [line] != '\r')
            line++;
        bytes_add_text (self->out, "data: ");
        bytes_add (self->out, text, line);
        bytes_add_text (self->out, "\n");
        text += line;
        if (text < end)
            text += text [0] == '\r' && text + 1 < end && text [1] == '\n' ? 2 : 1;
    } while (text < end);
}

static void
stream_tell (stream_t *self, size_t partition, int64_t seq, const char *text, size_t size)
{
    self->places [partition] = seq;
    stream_add_id (self);
    stream_add_data (self, text, size);
    bytes_add_text (self->out, "\n");
    self->events++;
    if (self->out->size >= WRITE_BYTES)
        stream_write (self);
}

//  Without data no client is told of anything: it only keeps the id.
static void
stream_beat (stream_t *self)
{
    if (monotonic_ms () - self->said_ms < HEARTBEAT_MS)
        return;
    bytes_add_text (self->out, ": \n");
    if (self->has_moved)
        stream_add_id (self);
    bytes_add_text (self->out, "\n");
    stream_write (self);
}

//  A token that was deleted, or may do less, ends its streams.
static void
stream_check_token (stream_t *self)
{
    problem_t problem;
    if (monotonic_ms () - self->checked_ms < HEARTBEAT_MS)
        return;
    self->checked_ms = monotonic_ms ();
    self->request->who = (identity_t){0};
    status_t status = auth_check (self->request, SCOPE_EVENTS_READ, &problem);
    self->is_over |= status == STATUS_UNAUTHENTICATED || status == STATUS_FORBIDDEN;
}

//  ---- from the hub

static bool
stream_wants (const stream_t *self, const event_t *event)
{
    return (!self->type || pattern_matches (self->type, event->type)) &&
           (!self->subject || pattern_matches (self->subject, event->subject));
}

static void
stream_tell_taken (stream_t *self, size_t partition, hub_taken_t *taken)
{
    for (size_t i = 0; i < taken->count; i++) {
        const event_t *event = taken->events [i];
        if (stream_wants (self, event) && !self->is_over) {
            size_t size;
            char *text = event_text (event, &size);
            stream_tell (self, partition, event->seq, text, size);
            free (text);
        }
        self->places [partition] = event->seq;
        self->has_moved = true;
        event_destroy (&taken->events [i]);
    }
}

//  ---- from the log

//  One of the page's events; its own bytes, with its seq.
static void
stream_tell_read (stream_t *self, size_t partition, json_scan_t *scan)
{
    json_span_t name, other;
    json_scan_kind (scan);
    const char *start = scan->at;
    int64_t seq = 0;
    json_scan_enter_object (scan);
    while (json_scan_member (scan, &name))
        if (!json_span_is (name, "seq") || !json_scan_integer (scan, &seq))
            json_scan_skip (scan, &other);
    if (!scan->wrong_at && seq > self->places [partition])
        stream_tell (self, partition, seq, start, (size_t)(scan->at - start));
}

//  The log no longer reaches back to where the client was: it is told so.
static void
stream_tell_gap (stream_t *self, size_t partition, int64_t first)
{
    int64_t from = self->places [partition] + 1;
    if (from >= first)
        return;
    bool is_new = self->places [partition] == 0;  //  it asked for all that there is
    self->places [partition] = first - 1;
    if (is_new)
        return;
    stream_add_id (self);
    bytes_add_text (self->out, "event: tocsin.gap\ndata: {\"partition\":");
    bytes_add_number (self->out, (int64_t)partition);
    bytes_add_text (self->out, ",\"from\":");
    bytes_add_number (self->out, from);
    bytes_add_text (self->out, ",\"to\":");
    bytes_add_number (self->out, first - 1);
    bytes_add_text (self->out, "}\n\n");
}

static void
stream_tell_page (stream_t *self, size_t partition, const call_t *call)
{
    bytes_t *page = &self->request->desk->body;
    json_scan_t scan = {0};
    stream_tell_gap (self, partition, call->first);
    bytes_clear (page, page->room);
    bytes_add (page, call->data.at, call->data.size);
    json_scan_start (&scan, page->at, page->size, JSON_DEPTH_MOST);
    json_scan_enter_array (&scan);
    while (json_scan_element (&scan) && !self->is_over)
        stream_tell_read (self, partition, &scan);
    json_scan_free (&scan);
    if (call->reached > self->places [partition]) {
        self->places [partition] = call->reached;
        self->has_moved = true;
    }
}

//  false: the broker could not be asked.
static bool
stream_read_on (stream_t *self, size_t partition)
{
    call_t call;
    problem_t problem;
    call_start (&call, self->request, "event.read");
    call_add_number (&call, "partition", (int64_t)partition);
    call_add_number (&call, "above", self->places [partition]);
    if (self->type)
        call_add_text (&call, "type", self->type_text);
    if (self->subject)
        call_add_text (&call, "subject", self->subject_text);
    status_t status = call_do (&call, &problem);
    if (status == STATUS_OK && call.data.at)
        stream_tell_page (self, partition, &call);
    call_end (&call);
    return status == STATUS_OK;
}

//  ---- the stream

//  Once over all partitions; whether there was anything.
static bool
stream_turn (stream_t *self, bool *is_stuck)
{
    bool has_found = false;
    for (size_t i = 0; i < self->count && !self->is_over; i++) {
        hub_taken_t taken;
        int64_t before = self->places [i];
        hub_take (self->hub, (int32_t)i, before, &taken);
        stream_tell_taken (self, i, &taken);
        if (taken.is_behind && !stream_read_on (self, i))
            *is_stuck = true;
        has_found |= self->places [i] != before;
    }
    return has_found;
}

static void
stream_run (stream_t *self)
{
    services_t *services = self->request->services;
    while (!self->is_over && !atomic_load (&services->is_stopping)) {
        bool is_stuck = false;
        uint64_t heard = hub_heard (self->hub);
        bool has_found = stream_turn (self, &is_stuck);
        stream_write (self);
        stream_beat (self);
        stream_check_token (self);
        metrics_add (services->metrics, METRIC_stream_events, self->events);
        self->events = 0;
        if (is_stuck)
            hub_wait (self->hub, UINT64_MAX, AGAIN_MS);
        else if (!has_found)
            hub_wait (self->hub, heard, WAIT_MS);
    }
}

static void
stream_open (stream_t *self)
{
    bytes_clear (self->out, self->out->room);
    bytes_add_text (self->out, "HTTP/1.1 200 OK\r\nDate: ");
    bytes_add_text (self->out, desk_date (self->request->desk));
    bytes_add_text (self->out, "\r\nX-Request-Id: ");
    bytes_add_text (self->out, self->request->id);
    bytes_add_text (self->out, "\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
                               "X-Accel-Buffering: no\r\nConnection: close\r\n"
                               "Content-Type: text/event-stream; charset=utf-8\r\n\r\n");
    stream_add_id (self);
    bytes_add_text (self->out, "\n");
    stream_write (self);
}

static void
stream_serve (stream_t *self, answer_t *answer)
{
    metrics_t *metrics = self->request->services->metrics;
    answer->is_sent = true;
    mg_disable_connection_keep_alive (self->request->connection);
    metrics_add_labelled (metrics, METRIC_http_requests, "200", 1);
    metrics_add (metrics, METRIC_streams, 1);
    self->checked_ms = monotonic_ms ();
    stream_open (self);
    stream_run (self);
    metrics_add (metrics, METRIC_streams, -1);
}

status_t
stream_get (request_t *request, answer_t *answer, problem_t *problem)
{
    hub_t *hub = request->services->hub;
    stream_t stream = {.request = request, .hub = hub, .out = &request->desk->out};
    status_t status = stream_begin (&stream, problem);
    if (status == STATUS_OK && request_is (request, "HEAD"))
        answer->content_type = "text/event-stream; charset=utf-8";
    else if (status == STATUS_OK && !hub_join (hub))
        status = problem_set (problem, STATUS_FULL,
                              "gateway/streams are here already: repeat later, or ask another "
                              "gateway");
    else if (status == STATUS_OK) {
        stream_serve (&stream, answer);
        hub_leave (hub);
    }
    pattern_destroy (&stream.type);
    pattern_destroy (&stream.subject);
    return status;
}
