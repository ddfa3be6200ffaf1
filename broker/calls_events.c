/*  calls_events – the methods event.*: what happened, and what has become of it. */
#include <stdlib.h>

#include "broker/call.h"
#include "broker/event_view.h"

static void
get_found (call_t *self, query_t *query)
{
    event_view_t view = {.core = self->edge->core, .history = query->history, .with_results = true};
    size_t size;
    uint64_t behind;
    char *text = event_view_text (&view, &size, &behind);
    if (call_is_behind (self, behind)) {
        free (text);
        call_ask_again (self);
        return;
    }
    if (size > call_reply_most (self)) {  //  many attempts with long results: better without those
        free (text);
        view.with_results = false;
        text = event_view_text (&view, &size, &behind);
    }
    call_reply_text (self, text, size);
    free (text);
}

void
call_event_get (call_t *self)
{
    const char *id;
    problem_t problem = {0};
    if (call_text (self, "id", &id, &problem) == STATUS_OK)
        call_ask (self, QUERY_HISTORY, id, get_found);
    else
        call_fail (self, &problem);
}
