#include "gateway/answer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEAD_LINE = 512, ERRNO_INVALID = 107 };
enum { RETRY_AT_ONCE_S = 1, RETRY_LATER_S = 2 };

static const struct {
    int code;
    const char *phrase;
} phrases [] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Request Entity Too Large"},
    {415, "Unsupported Media Type"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

static const char *
phrase_of (int code)
{
    for (size_t i = 0; i < sizeof (phrases) / sizeof (*phrases); i++)
        if (phrases [i].code == code)
            return phrases [i].phrase;
    return "Unknown";
}

void
answer_start (answer_t *self, desk_t *desk)
{
    *self = (answer_t){
        .code = 200,
        .content_type = "application/json",
        .headers = &desk->headers,
        .body = &desk->answer,
    };
    bytes_clear (self->headers, self->headers->room);
    bytes_clear (self->body, self->body->room);
}

void
answer_header (answer_t *self, const char *name, const char *value)
{
    bytes_add_text (self->headers, name);
    bytes_add_text (self->headers, ": ");
    bytes_add_text (self->headers, value);
    bytes_add_text (self->headers, "\r\n");
}

void
answer_etag (answer_t *self, int64_t version)
{
    char etag [32];
    snprintf (etag, sizeof (etag), "\"%lld\"", (long long)version);
    answer_header (self, "ETag", etag);
}

//  In seconds; 0: to repeat it would not help.
static int64_t
answer_retry_after_s (status_t status, int64_t retry_after_ms)
{
    if (status_repeat (status) == REPEAT_NEVER)
        return 0;
    if (retry_after_ms > 0)
        return (retry_after_ms + 999) / 1000;
    return status_repeat (status) == REPEAT_AT_ONCE ? RETRY_AT_ONCE_S : RETRY_LATER_S;
}

static void
answer_details (bytes_t *body, const request_t *request, const problem_t *problem)
{
    bytes_add_text (body, ",\"details\":[");
    if (problem->name [0]) {
        bytes_add_text (body, "{\"location\":");
        bytes_add_json_text (body, request->location);
        bytes_add_text (body, ",\"name\":");
        bytes_add_json_text (body, problem->name);
        bytes_add_text (body, ",\"description\":");
        bytes_add_json_text (body, problem->text);
        bytes_add_text (body, "}");
    }
    bytes_add_text (body, "]}");
}

void
answer_problem (answer_t *self, const request_t *request, const problem_t *problem)
{
    status_t status = problem->status;
    bytes_t *body = self->body;
    self->code = status_http (status);
    self->content_type = "application/json";
    bytes_clear (body, body->room);
    bytes_add_text (body, "{\"code\":");
    bytes_add_number (body, self->code);
    bytes_add_text (body, ",\"errno\":");
    bytes_add_number (body, status_errno (status));
    bytes_add_text (body, ",\"error\":");
    bytes_add_json_text (body, status_errno (status) == ERRNO_INVALID && self->code == 400
                                   ? "Invalid parameters"
                                   : phrase_of (self->code));
    bytes_add_text (body, ",\"message\":");
    bytes_add_json_text (body, problem->text [0] ? problem->text : status_text (status));
    answer_details (body, request, problem);

    char seconds [24];
    int64_t retry_after_s = answer_retry_after_s (status, self->retry_after_ms);
    snprintf (seconds, sizeof (seconds), "%lld", (long long)retry_after_s);
    if (retry_after_s > 0)
        answer_header (self, "Retry-After", seconds);
    if (self->code == 401)
        answer_header (self, "WWW-Authenticate", "Bearer realm=\"tocsin\", Basic realm=\"tocsin\"");
}

//  What civetweb will do with the connection: the client is told the same.
static const char *
answer_connection (request_t *request)
{
    const char *wish = request_header (request, "Connection");
    const char *version = request->info->http_version;
    bool is_1_0 = !version || strcmp (version, "1.1") != 0;
    if (request_must_close (request) || (wish && !strcasestr (wish, "keep-alive")))
        return "Connection: close\r\n";
    if (!is_1_0)
        return "";
    return wish ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
}

void
answer_send (const answer_t *self, request_t *request)
{
    if (self->is_sent)
        return;
    bytes_t *out = &request->desk->out;
    bool has_body = self->content_type != NULL;
    bytes_clear (out, out->room);
    char *head = bytes_reserve (out, HEAD_LINE);
    int used = snprintf (head, HEAD_LINE,
                         "HTTP/1.1 %d %s\r\nDate: %s\r\nX-Request-Id: %s\r\n"
                         "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n%s",
                         self->code, phrase_of (self->code), desk_date (request->desk), request->id,
                         answer_connection (request));
    out->size = (size_t)used;
    if (has_body) {
        bytes_add_text (out, "Content-Type: ");
        bytes_add_text (out, self->content_type);
        bytes_add_text (out, "\r\nContent-Length: ");
        bytes_add_number (out, (int64_t)self->body->size);
        bytes_add_text (out, "\r\n");
    }
    if (self->headers->size > 0)
        bytes_add (out, self->headers->at, self->headers->size);
    bytes_add_text (out, "\r\n");
    if (has_body && self->body->size > 0 && !request_is (request, "HEAD"))
        bytes_add (out, self->body->at, self->body->size);
    mg_write (request->connection, out->at, out->size);
}
