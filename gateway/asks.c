/*  asks – POST /v1/events with an event of phase pre: a question, answered at once and never stored. */
#include "gateway/prefer.h"
#include "gateway/resources.h"

//  Of what we wait, a tenth is for the way there and back: an answer that comes is told.
static int64_t
asks_timeout (const request_t *request)
{
    int64_t wait_s = prefer_wait_s (request);
    int64_t most_ms = settings_number (request->services->settings, "gateway/ask_timeout_ms");
    return wait_s > 0 && wait_s * 1000 < most_ms ? wait_s * 1000 : most_ms;
}

static void
asks_say (call_t *call, const event_t *event)
{
    const struct {
        const char *name, *text;
    } texts [] = {
        {"id", event->id},
        {"type", event->type},
        {"subject", event->subject},
        {"time", event->time},
        {"key", event->key},
        {"source", event->source},
        {"given_id", event->given_id},
        {"causation", event->causation},
        {"root", event->root},
    };
    for (size_t i = 0; i < sizeof (texts) / sizeof (*texts); i++)
        if (texts [i].text [0])
            call_add_text (call, texts [i].name, texts [i].text);
    if (event->hops > 0)
        call_add_number (call, "hops", event->hops);
    call_add_bytes (call, "data", event->data, event->data_size);
}

status_t
asks_post (request_t *request, answer_t *answer, problem_t *problem)
{
    int64_t timeout_ms = asks_timeout (request);
    call_t call;
    call_start (&call, request, "event.ask");
    call.errand.timeout_ms = timeout_ms;
    call_add_number (&call, "timeout_ms", timeout_ms - timeout_ms / 10);
    asks_say (&call, request->desk->reading.events.at [0]);
    if (!prefer_enter (request))
        return problem_set (
            problem, STATUS_FULL,
            "as many requests wait in this gateway as may (gateway/waiting): nobody "
            "was asked");
    status_t status = resource_answer_call (answer, &call, problem);
    prefer_leave (request);
    return status;
}
