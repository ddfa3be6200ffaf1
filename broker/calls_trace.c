/*  calls_trace – event.trace: the tree of causes that an event stands in. */
#include <stdlib.h>

#include "broker/call.h"
#include "broker/event_view.h"

//  What has become of it, in a line: how often it was tried, and what was said last.
static json_t *
shorten (json_t *deliveries)
{
    size_t i;
    json_t *delivery;
    json_array_foreach (deliveries, i, delivery)
    {
        const json_t *attempts = json_object_get (delivery, "attempts");
        size_t count = json_array_size (attempts);
        json_t *error =
            count > 0 ? json_object_get (json_array_get (attempts, count - 1), "error") : NULL;
        if (error)
            json_object_set (delivery, "error", error);
        json_object_set_new (delivery, "attempts", json_integer ((json_int_t)count));
    }
    return deliveries;
}

static json_t *
show_event (const call_t *self, const history_t *history, uint64_t *behind)
{
    event_view_t view = {.core = self->edge->core, .history = history};
    json_t *json = event_view_attributes (history->event);
    json_object_set_new (json, "deliveries", shorten (event_view_deliveries (&view, behind)));
    return json;
}

//  From the first that is known to the one that was asked for.
static json_t *
show_path (const tree_t *tree, const char *id)
{
    json_t *path = json_array ();
    const event_t *event = tree_find (tree, id);
    while (event && json_array_size (path) <= tree->count) {
        json_t *step = json_pack ("{s:s, s:s}", "event", event->id, "type", event->type);
        if (*event->via)
            json_object_set_new (step, "via", json_string (event->via));
        json_array_insert_new (path, 0, step);
        event = *event->causation ? tree_find (tree, event->causation) : NULL;
    }
    return path;
}

//  As many as fit into a message.
static bool
show_events (const call_t *self, const tree_t *tree, json_t *events, uint64_t *behind)
{
    *behind = 0;
    size_t bytes = 0, most = call_reply_most (self) / 2;
    for (size_t i = 0; i < tree->count; i++) {
        uint64_t of_event;
        json_t *shown = show_event (self, tree->list [i], &of_event);
        *behind = 31 * *behind + of_event;
        bytes += json_dumpb (shown, NULL, 0, JSON_COMPACT) + 1;
        if (bytes > most) {
            json_decref (shown);
            return false;
        }
        json_array_append_new (events, shown);
    }
    return true;
}

static void
trace_found (call_t *self, query_t *query)
{
    const tree_t *tree = query->tree;
    json_t *events = json_array ();
    uint64_t behind;
    bool is_whole = show_events (self, tree, events, &behind) && !tree->has_more;
    if (call_is_behind (self, behind)) {
        json_decref (events);
        call_ask_again (self);
        return;
    }
    call_reply (self, json_pack ("{s:{s:s, s:s, s:o, s:o, s:b}}", "data", "event", query->text,
                                 "root", tree->root, "path", show_path (tree, query->text),
                                 "events", events, "is_whole", (int)is_whole));
}

void
call_event_trace (call_t *self)
{
    const char *id;
    problem_t problem = {0};
    if (call_text (self, "id", &id, &problem) == STATUS_OK)
        call_ask (self, QUERY_TREE, id, trace_found);
    else
        call_fail (self, &problem);
}
