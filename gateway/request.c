#include "gateway/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    READ_AT_ONCE = 65536,
    READ_IN_VAIN = 4096,
    REST_KEPT = 65536,       //  bytes worth reading to keep a connection
    REST_DROPPED = 8388608,  //  bytes read of a body that was refused
    LENGTH_DIGITS = 15,
};

const char *
request_header (const request_t *self, const char *name)
{
    for (int i = 0; i < self->info->num_headers; i++)
        if (strcasecmp (self->info->http_headers [i].name, name) == 0)
            return self->info->http_headers [i].value;
    return NULL;
}

bool
request_is (const request_t *self, const char *method)
{
    return strcmp (self->info->request_method, method) == 0;
}

void
request_add_origin (const request_t *self, bytes_t *url)
{
    static const char host_letters [] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
    const char *host = request_header (self, "Host");
    const char *scheme = request_header (self, "X-Forwarded-Proto");
    if (!host || !*host || host [strspn (host, host_letters)]) {
        bytes_add_text (url, self->services->url);
        return;
    }
    bytes_add_text (url, scheme && strcmp (scheme, "https") == 0 ? "https://" : "http://");
    bytes_add_text (url, host);
}

//  An id is echoed in the answer and in the log: only what is harmless there.
static bool
request_id_is_plain (const char *id)
{
    size_t size =
        strspn (id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:+/=@-");
    return size > 0 && size < REQUEST_ID_SIZE && id [size] == 0;
}

static void
request_make_id (request_t *self)
{
    snprintf (self->id, sizeof (self->id), "%016llx", (unsigned long long)desk_random (self->desk));
}

static void
request_identify (request_t *self)
{
    const char *given = request_header (self, "X-Request-Id");
    if (given && request_id_is_plain (given))
        strcpy (self->id, given);
    else
        request_make_id (self);
}

static int
request_count_headers (const request_t *self, const char *name)
{
    int count = 0;
    for (int i = 0; i < self->info->num_headers; i++)
        count += strcasecmp (self->info->http_headers [i].name, name) == 0;
    return count;
}

static bool
is_length (const char *text)
{
    size_t digits = strspn (text, "0123456789");
    return digits > 0 && digits <= LENGTH_DIGITS && text [digits] == 0;
}

//  Why nobody knows where the body ends; NULL when it is clear.
static const char *
request_unclear (const request_t *self)
{
    int lengths = request_count_headers (self, "Content-Length");
    int encodings = request_count_headers (self, "Transfer-Encoding");
    if (self->info->num_headers >= MG_MAX_HEADERS)
        return "the request has too many headers";
    if (lengths > 1)
        return "Content-Length comes twice";
    if (encodings > 1)
        return "Transfer-Encoding comes twice";
    if (lengths && encodings)
        return "Content-Length and Transfer-Encoding cannot both be";
    if (lengths && !is_length (request_header (self, "Content-Length")))
        return "Content-Length is no number of bytes";
    if (encodings && strcasecmp (request_header (self, "Transfer-Encoding"), "chunked") != 0)
        return "Transfer-Encoding: only chunked is read here";
    return NULL;
}

status_t
request_start (request_t *self, services_t *services, desk_t *desk,
               struct mg_connection *connection, problem_t *problem)
{
    *self = (request_t){
        .services = services,
        .desk = desk,
        .connection = connection,
        .info = mg_get_request_info (connection),
        .location = "body",
    };
    self->path = self->info->local_uri_raw;
    request_identify (self);
    const char *unclear = request_unclear (self);
    if (!unclear)
        return STATUS_OK;
    self->must_close = true;
    self->location = "header";
    return problem_set (problem, STATUS_BAD_REQUEST, "%s", unclear);
}

void
request_start_broken (request_t *self, services_t *services, desk_t *desk,
                      struct mg_connection *connection)
{
    static const struct mg_request_info nothing = {.request_method = "?", .http_version = "1.1"};
    *self = (request_t){
        .services = services,
        .desk = desk,
        .connection = connection,
        .info = &nothing,
        .path = "?",
        .location = "header",
        .must_close = true,
        .is_read = true,  //  as far as it can be
    };
    request_make_id (self);
}

//  application/json, in UTF-8 if anything is said of it.
static bool
is_json_type (const char *type)
{
    static const char json [] = "application/json";
    if (strncasecmp (type, json, sizeof (json) - 1) != 0)
        return false;
    const char *rest = type + sizeof (json) - 1;
    rest += strspn (rest, " \t;");
    if (*rest == 0)
        return true;
    return strcasecmp (rest, "charset=utf-8") == 0 || strcasecmp (rest, "charset=\"utf-8\"") == 0;
}

//  The client waits for a word before it sends: civetweb does not give it to handlers.
static void
request_welcome_body (request_t *self)
{
    static const char go_on [] = "HTTP/1.1 100 Continue\r\n\r\n";
    const char *expect = request_header (self, "Expect");
    if (expect && strcasecmp (expect, "100-continue") == 0)
        mg_write (self->connection, go_on, sizeof (go_on) - 1);
}

static status_t
request_too_large (request_t *self, problem_t *problem)
{
    return problem_set (problem, STATUS_TOO_LARGE,
                        "the body is larger than limits/body_bytes (%lld)",
                        (long long)self->services->limits->body_bytes);
}

static status_t
request_cut (request_t *self, problem_t *problem)
{
    self->must_close = true;
    return problem_set (problem, STATUS_BAD_REQUEST,
                        "the body ended early, or came too slowly, or is no chunked body");
}

static status_t
request_read_sized (request_t *self, size_t size, problem_t *problem)
{
    bytes_t *body = &self->desk->body;
    char *at = bytes_reserve (body, size);
    for (size_t done = 0; done < size;) {
        int got = mg_read (self->connection, at + done, size - done);
        if (got <= 0)
            return request_cut (self, problem);
        done += (size_t)got;
    }
    at [size] = 0;
    body->size = size;
    return STATUS_OK;
}

static status_t
request_read_chunked (request_t *self, problem_t *problem)
{
    bytes_t *body = &self->desk->body;
    for (;;) {
        char *at = bytes_reserve (body, READ_AT_ONCE);
        int got = mg_read (self->connection, at, READ_AT_ONCE);
        if (got < 0)
            return request_cut (self, problem);
        body->size += (size_t)got;
        at [got] = 0;
        if ((int64_t)body->size > self->services->limits->body_bytes)
            return request_too_large (self, problem);
        if (got < READ_AT_ONCE)
            return STATUS_OK;
    }
}

status_t
request_read_body (request_t *self, problem_t *problem)
{
    const char *type = request_header (self, "Content-Type");
    const char *length = request_header (self, "Content-Length");
    bool is_chunked = request_header (self, "Transfer-Encoding") != NULL;
    if (type && !is_json_type (type)) {
        self->location = "header";
        return problem_at (problem, STATUS_UNSUPPORTED, "Content-Type",
                           "Content-Type: only application/json is read here");
    }
    if (!length && !is_chunked) {
        self->must_close = true;  //  whatever follows the head is no request
        return problem_set (problem, STATUS_NO_LENGTH, "%s", status_text (STATUS_NO_LENGTH));
    }
    int64_t size = length ? strtoll (length, NULL, 10) : 0;
    if (size > self->services->limits->body_bytes)
        return request_too_large (self, problem);

    request_welcome_body (self);
    status_t status = is_chunked ? request_read_chunked (self, problem)
                                 : request_read_sized (self, (size_t)size, problem);
    self->is_read = status == STATUS_OK;
    return status;
}

bool
request_has_body (const request_t *self)
{
    const char *length = request_header (self, "Content-Length");
    return request_header (self, "Transfer-Encoding") || (length && strcmp (length, "0") != 0);
}

static bool
request_has_large_rest (const request_t *self)
{
    const char *length = request_header (self, "Content-Length");
    return request_header (self, "Transfer-Encoding") ||
           (length && strtoll (length, NULL, 10) > REST_KEPT);
}

bool
request_must_close (request_t *self)
{
    if (!self->is_read && (request_has_large_rest (self) || request_header (self, "Expect")))
        self->must_close = true;
    if (self->must_close)
        mg_disable_connection_keep_alive (self->connection);
    return self->must_close;
}

void
request_drop_body (request_t *self)
{
    char rest [READ_IN_VAIN];
    if (self->is_read || !self->must_close || request_header (self, "Expect"))
        return;
    for (size_t dropped = 0; dropped < REST_DROPPED;) {
        int got = mg_read (self->connection, rest, sizeof (rest));
        if (got <= 0)
            return;
        dropped += (size_t)got;
    }
}
