/*  calls_explain – the method event.explain: why an event was, or was not, delivered.
 *
 *  What the core holds goes before what the store has; what neither knows of was never asked for, or
 *  is from before the subscription began, or left no trace.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/call.h"
#include "broker/event_view.h"
#include "broker/traces.h"
#include "broker/why.h"
#include "proto/model/allocate.h"
#include "proto/model/moment.h"

//  All that is known of one delivery, while it is put into words.
typedef struct {
    const subscription_t *subscription;
    const event_t *event;
    const trace_t *trace;  //  NULL: the store knows nothing
    const char *behind;    //  the id of the event that it is held behind; "" when it is not known
    bool is_saving;        //  its end is being written
    subscriber_view_t view;
    explanation_t now;
    //  The answer.
    const char *status;
    reason_t reason;
    char text [WHY_SIZE];
    json_t *facts;  //  ours
} case_t;

static void
answer (case_t *self, const char *status, reason_t reason)
{
    self->status = status;
    self->reason = reason;
}

static void
fact (case_t *self, const char *name, int64_t number)
{
    json_object_set_new (self->facts, name, json_integer (number));
}

static void
fact_moment (case_t *self, const char *name, int64_t ms)
{
    char text [MOMENT_SIZE];
    if (ms > 0)
        json_object_set_new (self->facts, name, json_string (moment_text (ms, text)));
}

static const attempt_t *
last_attempt (const case_t *self)
{
    const trace_t *trace = self->trace;
    return trace && trace->attempt_count > 0 ? &trace->attempts [trace->attempt_count - 1].attempt
                                             : NULL;
}

static const char *
last_error (const case_t *self)
{
    const attempt_t *last = last_attempt (self);
    return last ? last->error : "";
}

//  ---- one case after the other

static void
explain_held (case_t *self)
{
    const explanation_t *now = &self->now;
    answer (self, delivery_state_name (now->state), now->reason);
    why_held (self->subscription, &self->view, now, last_error (self), self->behind, self->text);
    fact (self, "attempts", now->attempts - now->forgiven);
    if (now->crashes > 0)
        fact (self, "crashes", now->crashes);
    if (*now->worker) {
        json_object_set_new (self->facts, "worker", json_string (now->worker));
        fact_moment (self, "since", now->sent_ms);
    }
    fact_moment (self, now->state == DELIVERY_RETRY ? "next_attempt" : "until", now->until_ms);
    if (now->state == DELIVERY_HELD && now->behind_seq > 0)
        fact (self, "behind_seq", now->behind_seq);
    if (*self->behind)
        json_object_set_new (self->facts, "behind_event", json_string (self->behind));
}

static void
explain_dead (case_t *self)
{
    const exception_t *exception = self->trace->exception;
    answer (self, "dead", exception->reason);
    why_dead (self->subscription, self->event->id, exception, last_error (self), self->text);
    fact (self, "attempts", exception->attempts - exception->forgiven);
    fact (self, "crashes", exception->crashes);
    fact_moment (self, "since", exception->due_ms);
}

static void
explain_delivered (case_t *self)
{
    const attempt_t *last = last_attempt (self);
    char moment [MOMENT_SIZE];
    answer (self, "delivered", REASON_DELIVERED);
    if (!last || last->outcome != OUTCOME_OK) {
        snprintf (self->text, sizeof self->text,
                  "it has ended, and of this subscription no attempts that went well are kept "
                  "(`attempts`): it was delivered, unless its dead letter was discarded");
        return;
    }
    snprintf (self->text, sizeof self->text,
              "its consumer took it with attempt %d, begun at %s by worker %s", (int)last->number,
              moment_text (last->time_ms, moment), last->worker);
    fact (self, "attempts", last->number);
    fact_moment (self, "since", last->time_ms);
}

static void
explain_nothing (case_t *self)
{
    const attempt_t *last = last_attempt (self);
    char moment [MOMENT_SIZE];
    answer (self, "skipped", REASON_NOTHING);
    snprintf (self->text, sizeof self->text,
              "there was nothing to be done, as worker %s found at %s: %s", last->worker,
              moment_text (last->time_ms, moment), last->error);
    fact (self, "attempts", last->number);
    fact_moment (self, "since", last->time_ms);
}

static void
explain_discarded (case_t *self)
{
    answer (self, "skipped", REASON_DISCARDED);
    snprintf (self->text, sizeof self->text,
              "it was dead, and somebody discarded it; its attempts tell of what it died");
    fact (self, "attempts", last_attempt (self)->number);
}

static void
explain_coalesced (case_t *self)
{
    const char *instead = trace_coalesced (self->trace);
    answer (self, "skipped", REASON_COALESCED);
    snprintf (
        self->text, sizeof self->text,
        "it was one of a burst (`coalesce`), and a later one of the same group, event %.64s, went on "
        "instead: `tocsin explain` has what became of that",
        instead);
    json_object_set_new (self->facts, "instead", json_string (instead));
    fact_moment (self, "since", last_attempt (self)->time_ms);
}

static void
explain_before_start (case_t *self)
{
    char accepted [MOMENT_SIZE], begin [MOMENT_SIZE];
    const subscription_t *subscription = self->subscription;
    answer (self, "not_matched", REASON_BEFORE_START);
    moment_text (self->event->accepted_ms, accepted);
    if (subscription->replay.id)
        snprintf (self->text, sizeof self->text, "it is not within what this replay repeats");
    else if (subscription->start == START_SEQ)
        snprintf (self->text, sizeof self->text,
                  "its seq is %lld, and the subscription starts with %lld: a replay would bring it",
                  (long long)self->event->seq, (long long)subscription->start_at);
    else
        snprintf (self->text, sizeof self->text,
                  "it was accepted at %s, and the subscription starts with %s: a replay would "
                  "bring it",
                  accepted,
                  moment_text (subscription->start == START_TIME ? subscription->start_at
                                                                 : subscription->created_ms,
                               begin));
}

static void
explain_not_matched (case_t *self, const problem_t *why)
{
    answer (self, "not_matched", REASON_NOT_MATCHED);
    snprintf (self->text, sizeof self->text, "the subscription does not ask for it: %s", why->text);
    json_object_set_new (self->facts, "part", json_string (why->name));
}

//  Its subscription has not come so far in the log.
static void
explain_unread (case_t *self)
{
    const explanation_t *now = &self->now;
    long long before = (long long)(self->event->seq - now->cursor - 1);
    answer (self, "waiting", now->reason);
    int used = snprintf (self->text, sizeof self->text,
                         "it waits in the log, where %lld events go before it", before);
    if (now->reason != REASON_BEHIND) {
        char why [HINDRANCE_SIZE];
        why_hindered (self->subscription, &self->view, why);
        snprintf (self->text + used, sizeof self->text - (size_t)used,
                  ", since its subscription waits: %s", why);
    }
    fact (self, "before_it", before);
    fact_moment (self, "until", now->until_ms);
}

//  It has ended, or never began, and nobody knows of a trace.
static void
explain_broadcast (case_t *self)
{
    answer (self, "broadcast", REASON_BROADCAST);
    snprintf (self->text, sizeof self->text,
              "it was told to every worker that listens, and each performs it by itself: what came "
              "of it there is in the log and the metrics of each (docs/feed.md)");
}

static void
explain_saving (case_t *self)
{
    answer (self, "in_flight", REASON_STORE);
    snprintf (
        self->text, sizeof self->text,
        "it has been tried, and what came of it is not on disk yet: the store is full, or slow "
        "(the broker's log says which). Make room; it is written then, and not repeated");
}

static void
explain_traceless (case_t *self)
{
    char changed [MOMENT_SIZE];
    const subscription_t *subscription = self->subscription;
    if (!event_view_is_wanted (subscription, self->event))
        explain_before_start (self);
    else if (subscription->is_broadcast)
        explain_broadcast (self);
    else if (self->event->accepted_ms < subscription->version) {
        answer (self, "not_matched", REASON_NOT_MATCHED);
        snprintf (self->text, sizeof self->text,
                  "there is no trace of a delivery: the subscription was changed at %s, after the "
                  "event came, and had not asked for it then",
                  moment_text (subscription->version, changed));
    }
    else if (subscription->keep != KEEP_ALL)
        explain_delivered (self);
    else if (self->event->seq < self->now.first_seq) {
        answer (self, "skipped", REASON_RETENTION);
        snprintf (self->text, sizeof self->text,
                  "retention has deleted this part of the log; the event is still there for "
                  "another subscription, and of this one there is no trace any more");
    }
    else {
        answer (self, "skipped", REASON_NONE);
        snprintf (self->text, sizeof self->text,
                  "there is no trace of it, though there should be one: what the broker logged at "
                  "its time may say more");
    }
}

/*  false: the store may not know yet what the core has seen the end of. is_last: it does. */
static bool
explain (case_t *self, bool is_last)
{
    problem_t why = {0};
    match_data_t data = {.event = self->event};
    match_answer_t match = match_explain (self->subscription->match, &data, &why);
    match_data_clear (&data);
    const attempt_t *last = last_attempt (self);
    const exception_t *exception = self->trace ? self->trace->exception : NULL;
    bool lacks_attempts = self->now.is_held && self->subscription->keep != KEEP_NONE &&
                          (last ? last->number : 0) < self->now.attempts;
    if (lacks_attempts && !is_last)
        return false;
    if (self->now.is_held)
        explain_held (self);
    else if (last && last->outcome == OUTCOME_OK)
        explain_delivered (self);
    else if (last && last->outcome == OUTCOME_SKIP)
        explain_nothing (self);
    else if (exception && exception->state == EXCEPTION_DEAD)
        explain_dead (self);
    else if (last && last->number == ATTEMPT_COALESCED)
        explain_coalesced (self);
    else if (!is_last)
        return false;
    else if (self->is_saving)
        explain_saving (self);
    else if (last && self->subscription->keep == KEEP_ALL)
        explain_discarded (self);
    else if (last)
        explain_delivered (self);
    else if (match != MATCH_YES)
        explain_not_matched (self, &why);
    else if (!self->now.has_passed)
        explain_unread (self);
    else
        explain_traceless (self);
    return true;
}

//  ---- the call

static void
explain_answer (call_t *call, case_t *self)
{
    const subscription_t *subscription = self->subscription;
    const replay_t *replay = &subscription->replay;
    json_t *data = json_pack ("{s:s, s:s*, s:s, s:s, s:s, s:s, s:O}", "subscription",
                              replay->id ? replay->of : subscription->id, "replay", replay->id,
                              "event", self->event->id, "status", self->status, "reason",
                              reason_name (self->reason), "text", self->text, "facts", self->facts);
    call_reply (call, json_pack ("{s:o}", "data", data));
}

//  The event's history, kept while the one that it is held behind is read.
static void
history_free (void *more)
{
    history_t *history = more;
    history_destroy (&history);
}

//  Its end is being written.
static bool
is_saving (const call_t *call, const event_t *event)
{
    const char *id = json_string_value (json_object_get (call->args, "subscription"));
    return core_is_saving (call->edge->core, id, event->partition, event->seq);
}

static bool
explain_history (call_t *call, const history_t *history, const char *behind, bool is_last)
{
    problem_t problem = {0};
    const subscription_t *subscription =
        call_subscription_or_replay (call, "subscription", &problem);
    if (!subscription) {
        call_fail (call, &problem);
        return true;
    }
    traces_t traces;
    traces_fill (&traces, history);
    case_t one = {.subscription = subscription,
                  .event = history->event,
                  .trace = traces_find (&traces, subscription->id),
                  .behind = behind,
                  .is_saving = is_saving (call, history->event),
                  .facts = json_object ()};
    core_t *core = call->edge->core;
    bool is_ours =
        core_explain (core, subscription->id, one.event->partition, one.event->seq, &one.now) &&
        core_look_at_subscription (core, subscription->id, &one.view);
    bool is_explained = explain (&one, is_last || !is_ours);
    if (is_explained)
        explain_answer (call, &one);
    json_decref (one.facts);
    traces_clear (&traces);
    return is_explained;
}

static bool
search_wants_all (const void *wanted, match_data_t *data)
{
    (void)wanted;
    (void)data;
    return true;
}

static void
behind_found (call_t *call, query_t *query)
{
    const page_t *page = query->page;
    explain_history (call, call->more, page->count > 0 ? page->events [0]->id : "", true);
}

//  Which event it is held behind, if it is.
static int64_t
held_behind (const call_t *call, const event_t *event)
{
    const char *id = json_string_value (json_object_get (call->args, "subscription"));
    explanation_t now;
    bool is_held = core_explain (call->edge->core, id, event->partition, event->seq, &now) &&
                   now.is_held && now.state == DELIVERY_HELD;
    return is_held ? now.behind_seq : 0;
}

static void
fail_without_event (call_t *call)
{
    problem_t problem = {0};
    problem_at (&problem, STATUS_NOT_FOUND, "id",
                "there is no event \"%.64s\": it was never accepted here, or retention has deleted "
                "it from the log",
                json_string_value (json_object_get (call->args, "id")));
    call_fail (call, &problem);
}

static void
history_found (call_t *call, query_t *query)
{
    if (!query->history) {
        fail_without_event (call);
        return;
    }
    const event_t *event = query->history->event;
    int64_t behind_seq = held_behind (call, event);
    if (behind_seq > 0) {
        query_t question = {.kind = QUERY_MATCH,
                            .partition = event->partition,
                            .above_seq = behind_seq - 1,
                            .up_to_seq = behind_seq,
                            .limit_bytes = 1,
                            .limit_events = 1,
                            .wants = search_wants_all};
        call->more = query->history;
        call->more_free = history_free;
        query->history = NULL;
        call_ask_query (call, &question, behind_found);
        return;
    }
    bool is_last = !call_is_behind (call, 1 + is_saving (call, event));
    if (!explain_history (call, query->history, "", is_last))
        call_ask_again (call);
}

void
call_event_explain (call_t *self)
{
    const char *id;
    problem_t problem = {0};
    self->may_find_nothing = true;
    if (!call_subscription_or_replay (self, "subscription", &problem) ||
        call_text (self, "id", &id, &problem) != STATUS_OK)
        call_fail (self, &problem);
    else
        call_ask (self, QUERY_HISTORY, id, history_found);
}
