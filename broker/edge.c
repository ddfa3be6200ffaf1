#include "broker/edge.h"
#include "broker/core/view.h"

#include "broker/back.h"
#include "broker/calls.h"
#include "broker/feed_socket.h"
#include "broker/front.h"
#include "broker/listening.h"
#include "broker/retention.h"
#include "broker/waits.h"
#include "daemon/log.h"
#include "proto/model/assert.h"

int64_t
edge_now_ms (edge_t *self)
{
    return steady_clock_ms (&self->clock);
}

static void
edge_append (edge_t *self, const effect_t *effect)
{
    self->last_ticket = effect->append.ticket;
    writer_add (self->writer, &(ticket_t){.number = effect->append.ticket,
                                          .events = effect->append.events,
                                          .event_count = effect->append.count});
}

//  A consumer has said 410 Gone: whoever owns the subscription should hear of it.
static void
edge_log_disabled (const change_t *changes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (changes [i].kind == CHANGE_SUBSCRIPTION && changes [i].document->is_disabled)
            log_warning ("broker",
                         "subscription %s is disabled: its consumer answered 410 Gone. Nothing is "
                         "lost; enable it again when the consumer is back",
                         changes [i].subscription);
}

static void
edge_save (edge_t *self, const effect_t *effect, const input_t *cause)
{
    if (cause->kind == INPUT_SETTLE)
        edge_log_disabled (effect->save.changes, effect->save.count);
    for (size_t i = 0; i < effect->save.count; i++)
        if (effect->save.changes [i].kind == CHANGE_ATTEMPT &&
            effect->save.changes [i].attempt.number != ATTEMPT_COALESCED)
            self->settled [effect->save.changes [i].attempt.outcome]++;
    self->last_ticket = effect->save.ticket;
    self->has_saved = true;
    writer_add (self->writer, &(ticket_t){.number = effect->save.ticket,
                                          .changes = effect->save.changes,
                                          .change_count = effect->save.count,
                                          .events = effect->save.events,
                                          .event_count = effect->save.event_count});
}

static void
edge_read (edge_t *self, const effect_t *effect)
{
    query_t query = {
        .kind = QUERY_PAGE,
        .number = effect->read.read,
        .partition = effect->read.partition,
        .above_seq = effect->read.above_seq,
        .limit_bytes = effect->read.limit_bytes,
        .limit_events = effect->read.limit_events,
    };
    reader_ask (self->reader, &query);
}

static void
edge_perform (edge_t *self, const effect_t *effect, const input_t *cause)
{
    switch (effect->kind) {  //  no default, so that the compiler names the case we forgot
        case EFFECT_APPEND: edge_append (self, effect); break;
        case EFFECT_SAVE: edge_save (self, effect, cause); break;
        case EFFECT_READ: edge_read (self, effect); break;
        case EFFECT_CONFIRM: front_confirm (self->front, effect); break;
        case EFFECT_REFUSE: front_refuse (self->front, effect); break;
        case EFFECT_ANSWER: calls_answer (self->calls, effect); break;
        case EFFECT_DECIDE: calls_decide (self->calls, effect); break;
        case EFFECT_DELIVER:
            self->delivered [effect->reason]++;
            back_deliver (self->back, effect);
            break;
        case EFFECT_SETTLED: back_settled (self->back, effect); break;
        case EFFECT_WELCOME: back_welcome (self->back, effect); break;
        case EFFECT_CANCEL: back_cancel (self->back, effect); break;
        case EFFECT_RESET: back_reset (self->back, effect); break;
        case EFFECT_BYE: back_bye (self->back, effect); break;
        case EFFECT_ERROR: back_error (self->back, effect); break;
        case EFFECT_FEED: feed_socket_tell (self->feed, effect); break;
        case EFFECT_FEEDS: listening_tell (self->listening, effect); break;
        case EFFECT_CATCH_UP: listening_catch_up (self->listening, effect); break;
    }
}

void
edge_step (edge_t *self, const input_t *input)
{
    ASSERT (!self->is_performing, "a step within a step would overwrite the effects of the first");
    int64_t now_ms = edge_now_ms (self);
    transcript_note (self->transcript, input, now_ms);
    core_step (self->core, input, now_ms, self->effects);

    self->is_performing = true;
    size_t count = effects_count (self->effects);
    for (size_t i = 0; i < count; i++)
        edge_perform (self, effects_at (self->effects, i), input);
    self->is_performing = false;
}

static void
edge_hear_written (edge_t *self, const written_t *written)
{
    switch (written->kind) {
        case WRITTEN_PERSISTED: {
            self->last_persisted = written->ticket;
            input_t input = {.kind = INPUT_PERSISTED};
            input.persisted.up_to_ticket = written->ticket;
            input.persisted.verdicts = written->verdicts;
            input.persisted.count = written->verdict_count;
            edge_step (self, &input);
            break;
        }
        case WRITTEN_NOT_PERSISTED: {
            writer_resume (self->writer);
            self->last_persisted = self->last_ticket;
            input_t input = {.kind = INPUT_NOT_PERSISTED};
            input.not_persisted.from_ticket = written->ticket;
            input.not_persisted.status = written->problem.status;
            edge_step (self, &input);
            break;
        }
        case WRITTEN_TOKEN: calls_written (self->calls, written->call, &written->problem); break;
    }
}

static void
edge_hear_page (edge_t *self, const query_t *query)
{
    input_t input = {.kind = INPUT_PAGE};
    if (query->problem.status == STATUS_OK) {
        input.page.read = query->number;
        input.page.events = query->page->events;
        input.page.count = query->page->count;
    }
    else {
        log_warning ("broker", "the log could not be read, it is tried again: %s",
                     query->problem.text);
        input.kind = INPUT_PAGE_FAILED;
        input.page_failed.read = query->number;
        input.page_failed.status = query->problem.status;
    }
    edge_step (self, &input);
}

void
edge_hear (edge_t *self)
{
    written_t *written;
    while ((written = writer_take (self->writer))) {
        edge_hear_written (self, written);
        written_destroy (&written);
    }
    calls_persisted (self->calls);
    retention_persisted (self->retention);
    query_t *query;
    while ((query = reader_take (self->reader))) {
        if (query->kind == QUERY_PAGE)
            edge_hear_page (self, query);
        else if (query->kind == QUERY_WEIGH || query->kind == QUERY_DEAD)
            retention_found (self->retention, query);
        else if (query->kind == QUERY_FEED)
            listening_found (self->listening, query);
        else
            calls_found (self->calls, query);
        query_destroy (&query);
    }
}

static void
edge_count (edge_t *self)
{
    for (int i = 0; i < REASONS; i++)
        if (self->delivered [i] > 0) {
            metrics_add_labelled (self->metrics, METRIC_deliveries, reason_name ((reason_t)i),
                                  self->delivered [i]);
            self->delivered [i] = 0;
        }
    for (int i = 0; i < OUTCOMES; i++)
        if (self->settled [i] > 0) {
            metrics_add_labelled (self->metrics, METRIC_settled, outcome_name ((outcome_t)i),
                                  self->settled [i]);
            self->settled_ever [i] += self->settled [i];
            self->settled [i] = 0;
        }
}

void
edge_end_turn (edge_t *self)
{
    if (self->has_saved)
        waits_saved (self->waits);
    self->has_saved = false;
    back_flush (self->back);
    writer_hand_over (self->writer);
    edge_count (self);
}

bool
edge_is_persisted (const edge_t *self)
{
    return self->last_persisted == self->last_ticket;
}

void
edge_measure (edge_t *self)
{
    core_stats_t stats = core_stats (self->core);
    const struct {
        metric_t metric;
        int64_t value;
    } gauges [] = {
        {METRIC_dead_letters, (int64_t)stats.dead},
        {METRIC_retries_waiting, (int64_t)stats.retries},
        {METRIC_breakers_open, (int64_t)stats.broken},
        {METRIC_retention_skipped, (int64_t)stats.skipped},
        {METRIC_coalesced, (int64_t)stats.coalesced},
        {METRIC_notices_lost, (int64_t)stats.notices_lost},
        {METRIC_answers_awaited, (int64_t)stats.awaited},
        {METRIC_leases, (int64_t)stats.leases},
        {METRIC_sessions, (int64_t)stats.sessions},
        {METRIC_subscriptions, (int64_t)stats.subscriptions},
        {METRIC_pending_bytes, (int64_t)stats.pending_bytes},
        {METRIC_waiting_bytes, (int64_t)stats.waiting_bytes},
        {METRIC_log_seq, stats.last_seq},
        {METRIC_behind_events, stats.behind},
    };
    for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++)
        metrics_set (self->metrics, gauges [i].metric, gauges [i].value);
}
