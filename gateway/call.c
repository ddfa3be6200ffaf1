#include "gateway/call.h"

#include <string.h>

#include "proto/model/assert.h"

void
call_start (call_t *self, request_t *request, const char *method)
{
    *self = (call_t){
        .request = request,
        .errand = {.method = method},
        .arguments = &request->desk->arguments,
        .last_modified = -1,
        .total = -1,
    };
    bytes_clear (self->arguments, self->arguments->room);
    bytes_add_text (self->arguments, "{");
}

static void
call_add_name (call_t *self, const char *name)
{
    if (self->arguments->size > 1)
        bytes_add_text (self->arguments, ",");
    bytes_add_json_text (self->arguments, name);
    bytes_add_text (self->arguments, ":");
}

void
call_add (call_t *self, const char *name, json_span_t json)
{
    call_add_name (self, name);
    bytes_add (self->arguments, json.at, json.size);
}

void
call_add_text (call_t *self, const char *name, const char *text)
{
    call_add_name (self, name);
    bytes_add_json_text (self->arguments, text);
}

void
call_add_bytes (call_t *self, const char *name, const void *bytes, size_t size)
{
    call_add_name (self, name);
    bytes_add_json (self->arguments, bytes, size);
}

void
call_add_number (call_t *self, const char *name, int64_t number)
{
    call_add_name (self, name);
    bytes_add_number (self->arguments, number);
}

void
call_add_members (call_t *self, json_span_t object)
{
    size_t space = strspn (object.at + 1, " \t\r\n");
    if (object.at [1 + space] == '}')
        return;
    if (self->arguments->size > 1)
        bytes_add_text (self->arguments, ",");
    bytes_add (self->arguments, object.at + 1, object.size - 2);
}

//  An object's last_modified; whatever it is, it is kept verbatim.
static void
call_read_data (call_t *self, json_scan_t *scan)
{
    json_span_t name, other;
    if (json_scan_kind (scan) != KIND_OBJECT) {
        json_scan_skip (scan, &self->data);
        return;
    }
    const char *start = scan->at;
    json_scan_enter_object (scan);
    while (json_scan_member (scan, &name))
        if (!json_span_is (name, "last_modified") ||
            !json_scan_integer (scan, &self->last_modified))
            json_scan_skip (scan, &other);
    self->data = (json_span_t){start, (size_t)(scan->at - start)};
}

static bool
call_read_number (call_t *self, json_scan_t *scan, json_span_t name)
{
    const struct {
        const char *name;
        int64_t *number;
    } numbers [] = {{"total", &self->total}, {"reached", &self->reached}, {"first", &self->first}};
    for (size_t i = 0; i < sizeof (numbers) / sizeof (*numbers); i++)
        if (json_span_is (name, numbers [i].name))
            return json_scan_integer (scan, numbers [i].number);
    return false;
}

static void
call_read_member (call_t *self, json_scan_t *scan, json_span_t name, char **room)
{
    const struct {
        const char *name;
        const char **text;
    } texts [] = {{"next", &self->next}, {"id", &self->id},           {"scopes", &self->scopes},
                  {"text", &self->text}, {"message", &self->message}, {"name", &self->name}};
    json_span_t other;
    for (size_t i = 0; i < sizeof (texts) / sizeof (*texts); i++)
        if (json_span_is (name, texts [i].name) && json_scan_kind (scan) == KIND_STRING) {
            *texts [i].text = json_scan_text (scan, room);
            return;
        }
    if (json_span_is (name, "data"))
        call_read_data (self, scan);
    else if (call_read_number (self, scan, name))
        return;
    else if (json_scan_skip (scan, &other) && json_span_is (name, "created"))
        self->was_created = json_span_is (other, "true");
}

//  False: it is no JSON object.
static bool
call_read (call_t *self)
{
    const bytes_t *reply = &self->errand.reply;
    json_scan_t *scan = &self->request->desk->reading.scan;
    json_span_t name;
    if (reply->size == 0)
        return false;
    char *room = bytes_reserve (&self->request->desk->texts, reply->size);
    json_scan_start (scan, reply->at, reply->size, JSON_DEPTH_MOST);
    json_scan_enter_object (scan);
    while (json_scan_member (scan, &name))
        call_read_member (self, scan, name, &room);
    return json_scan_end (scan, NULL) == STATUS_OK;
}

status_t
call_do (call_t *self, problem_t *problem)
{
    bytes_add_text (self->arguments, "}");
    self->errand.json = self->arguments->at;
    self->errand.json_size = self->arguments->size;
    status_t status = broker_link_do (self->request->services->link, &self->errand);
    bool is_answered = call_read (self);
    if (status == STATUS_OK && !is_answered)
        return problem_set (problem, STATUS_INTERNAL, "the broker's answer to %s is no JSON object",
                            self->errand.method);
    if (status != STATUS_OK)
        return problem_at (problem, status, self->name ? self->name : "", "%s",
                           self->message ? self->message : status_text (status));
    return STATUS_OK;
}

status_t
call_order (call_t *self, problem_t *problem)
{
    self->errand.changes = true;
    return call_do (self, problem);
}

void
call_end (call_t *self)
{
    bytes_free (&self->errand.reply);
}
