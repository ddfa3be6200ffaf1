#include "gateway/event_wait.h"

enum { EVENTS_MOST = 100 };  //  as event.wait takes them

static void
event_wait_say (event_wait_t *self, const event_list_t *events, int64_t wait_s)
{
    bytes_t *arguments = self->call.arguments;
    call_add_number (&self->call, "wait_ms", wait_s * 1000);
    call_add (&self->call, "ids", (json_span_t){"[", 1});
    for (size_t i = 0; i < events->count; i++) {
        if (i > 0)
            bytes_add_text (arguments, ",");
        bytes_add_json_text (arguments, events->at [i]->id);
    }
    bytes_add_text (arguments, "]");
}

//  {"data": {"done": …, "deliveries": [[…], …]}}: from here on the scan stands before the first.
static bool
event_wait_begin (event_wait_t *self, json_scan_t *scan)
{
    const bytes_t *reply = &self->call.errand.reply;
    json_span_t name, value;
    json_scan_start (scan, reply->at, reply->size, JSON_DEPTH_MOST);
    json_scan_enter_object (scan);
    if (!json_scan_member (scan, &name) || !json_span_is (name, "data"))
        return false;
    json_scan_enter_object (scan);
    while (json_scan_member (scan, &name)) {
        if (json_span_is (name, "deliveries"))
            return json_scan_enter_array (scan);
        if (json_scan_skip (scan, &value) && json_span_is (name, "done"))
            self->is_done = json_span_is (value, "true");
    }
    return false;
}

void
event_wait_ask (event_wait_t *self, request_t *request, int64_t wait_s)
{
    const event_list_t *events = &request->desk->reading.events;
    *self = (event_wait_t){0};
    call_start (&self->call, request, "event.wait");
    self->call.errand.timeout_ms =
        wait_s * 1000 + settings_number (request->services->settings, "gateway/broker_timeout_ms");
    if (events->count > EVENTS_MOST)
        return;
    event_wait_say (self, events, wait_s);
    self->is_answered = call_do (&self->call, NULL) == STATUS_OK &&
                        event_wait_begin (self, &request->desk->reading.scan);
}

json_span_t
event_wait_next (event_wait_t *self)
{
    json_span_t deliveries = {0};
    json_scan_t *scan = &self->call.request->desk->reading.scan;
    if (self->is_answered && json_scan_element (scan))
        json_scan_skip (scan, &deliveries);
    return deliveries;
}

void
event_wait_end (event_wait_t *self)
{
    call_end (&self->call);
}
