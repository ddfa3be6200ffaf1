/*  calls_ask – the method event.ask: a question, put to those who are to be asked, and what they said. */
#include <string.h>

#include "broker/call.h"
#include "daemon/log.h"

enum { TIMEOUT_MOST_MS = 600000 };

//  The event of the arguments, its texts borrowed from them.
static status_t
ask_read (const call_t *self, event_t *event, int64_t *timeout_ms, problem_t *problem)
{
    const struct {
        const char *name;
        const char **place;
        bool is_needed;
    } texts [] = {
        {"id", &event->id, true},
        {"type", &event->type, true},
        {"subject", &event->subject, true},
        {"time", &event->time, true},
        {"given_id", &event->given_id, false},
        {"source", &event->source, false},
        {"key", &event->key, false},
        {"causation", &event->causation, false},
        {"root", &event->root, false},
    };
    const char *data;
    status_t status = call_text (self, "data", &data, problem);
    for (size_t i = 0; i < sizeof texts / sizeof *texts && status == STATUS_OK; i++)
        status = texts [i].is_needed
                     ? call_text (self, texts [i].name, texts [i].place, problem)
                     : call_optional_text (self, texts [i].name, texts [i].place, problem);
    if (status == STATUS_OK)
        status = call_optional_number (self, "timeout_ms", 1, TIMEOUT_MOST_MS, timeout_ms, problem);
    int64_t hops = 0;
    if (status == STATUS_OK)
        status = call_optional_number (self, "hops", 0, INT32_MAX, &hops, problem);
    if (status != STATUS_OK)
        return status;
    event->hops = (int32_t)hops;
    event->data = (const uint8_t *)data;
    event->data_size = strlen (data);
    return event_check (event, self->edge->limits, problem);
}

void
call_event_ask (call_t *self)
{
    event_t fields = {.phase = PHASE_PRE, .partition = -1};
    int64_t timeout_ms = TIMEOUT_MOST_MS;
    problem_t problem = {0};
    if (ask_read (self, &fields, &timeout_ms, &problem) != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    OWNED (event) event_t *event = event_new (&fields);
    input_t input = {.kind = INPUT_ASK, .peer = self->peer, .request = self->number};
    input.ask.event = event;
    input.ask.timeout_ms = timeout_ms;
    edge_step (self->edge, &input);
}

//  ---- the answer

static json_t *
ask_opinion (const opinion_t *opinion)
{
    json_t *json = json_pack ("{s:s}", "decision", decision_name (opinion->decision));
    if (opinion->reason)
        json_object_set_new (json, "reason", json_string (opinion->reason));
    if (opinion->object)
        json_object_set (json, "object", opinion->object);
    return json;
}

static json_t *
ask_reply (const reply_t *reply)
{
    json_t *json = ask_opinion (reply->opinion);
    json_object_set_new (json, "subscription", json_string (reply->subscription));
    json_object_set_new (json, "duration_ms", json_integer (reply->duration_ms));
    if (*reply->worker)
        json_object_set_new (json, "worker", json_string (reply->worker));
    if (reply->reason != REASON_ANSWERED) {
        json_object_set_new (json, "silence", json_string (reason_name (reply->reason)));
        json_object_set_new (json, "error", json_string (reply->error));
    }
    return json;
}

static void
ask_log (const effect_t *effect)
{
    const event_t *event = effect->decide.event;
    for (size_t i = 0; i < effect->decide.count; i++) {
        const reply_t *reply = &effect->decide.replies [i];
        if (reply->reason != REASON_ANSWERED)
            log_warning ("broker", "%s was silent when asked about %s: %s: %s, which means %s",
                         reply->subscription, event->id, reason_name (reply->reason), reply->error,
                         decision_name (reply->opinion->decision));
    }
    const opinion_t *opinion = effect->decide.opinion;
    log_info ("broker", "question %s, %s of %s: %s%s%s", event->id, event->type, event->subject,
              decision_name (opinion->decision), opinion->reason ? ": " : "",
              opinion->reason ? opinion->reason : "");
}

static void
ask_count (metrics_t *metrics, const effect_t *effect)
{
    if (effect->decide.status != STATUS_OK) {
        metrics_add_labelled (metrics, METRIC_questions_refused,
                              status_name (effect->decide.status), 1);
        return;
    }
    metrics_add_labelled (metrics, METRIC_questions,
                          decision_name (effect->decide.opinion->decision), 1);
    for (size_t i = 0; i < effect->decide.count; i++)
        metrics_add_labelled (metrics, METRIC_answers,
                              reason_name (effect->decide.replies [i].reason), 1);
}

void
call_decided (call_t *self, const effect_t *effect)
{
    ask_count (self->edge->metrics, effect);
    if (effect->decide.status != STATUS_OK) {
        problem_t problem = {0};
        problem_set (&problem, effect->decide.status,
                     effect->decide.status == STATUS_FULL
                         ? "too many answers are awaited already (limits/questions, "
                           "limits/question_bytes): repeat it later, nobody was asked"
                         : "the broker is stopping: repeat it");
        call_fail (self, &problem);
        return;
    }
    ask_log (effect);
    json_t *data = ask_opinion (effect->decide.opinion);
    json_t *answers = json_array ();
    for (size_t i = 0; i < effect->decide.count; i++)
        json_array_append_new (answers, ask_reply (&effect->decide.replies [i]));
    json_object_set_new (data, "id", json_string (effect->decide.event->id));
    json_object_set_new (data, "answers", answers);
    call_reply (self, json_pack ("{s:o}", "data", data));
}
