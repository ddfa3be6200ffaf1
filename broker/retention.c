#include "broker/retention.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/core/view.h"
#include "daemon/log.h"
#include "proto/model/allocate.h"

enum { DEAD_AT_ONCE = 500, FIRST_ROUND_MS = 10000 };

struct retention {
    edge_t *edge;
    int64_t interval_ms;
    int64_t age_ms, dead_letter_age_ms;  //  0: for ever
    int64_t bytes, hard_bytes;           //  0: without limit

    enum {
        IDLE,     //  until next_ms
        WEIGHS,   //  the answer about `partition` is to come
        SETTLES,  //  until `ticket` is on disk: what is listed then is as the core knows it
        LISTS     //  dead letters are to come
    } state;
    int64_t next_ms;  //  monotonic: of the next round
    int32_t partition;
    uint64_t ticket;  //  SETTLES; and never below that of the last discard

    int64_t *first_seqs;  //  of each partition, when it was weighed last; 0: never
    int64_t events;       //  in the partitions weighed in this round
};

retention_t *
retention_new (edge_t *edge, const settings_t *settings)
{
    retention_t *self = ALLOCATE (retention_t);
    self->edge = edge;
    self->interval_ms = 1000 * settings_number (settings, "retention/interval_s");
    self->age_ms = 1000 * settings_number (settings, "retention/age_s");
    self->dead_letter_age_ms = 1000 * settings_number (settings, "retention/dead_letter_age_s");
    self->bytes = settings_number (settings, "retention/bytes");
    self->hard_bytes = settings_number (settings, "retention/hard_bytes");
    self->first_seqs = allocate ((size_t)edge->partitions, sizeof *self->first_seqs);
    bool is_often = self->interval_ms < FIRST_ROUND_MS;
    self->next_ms = monotonic_ms () + (is_often ? self->interval_ms : FIRST_ROUND_MS);
    return self;
}

void
retention_destroy (retention_t **self_p)
{
    retention_t *self = *self_p;
    if (!self)
        return;
    free (self->first_seqs);
    free (self);
    *self_p = NULL;
}

int64_t
retention_deadline (const retention_t *self)
{
    return self->state == IDLE || self->state == SETTLES ? self->next_ms : INT64_MAX;
}

static void
retention_end_round (retention_t *self)
{
    self->state = IDLE;
    self->next_ms = monotonic_ms () + self->interval_ms;
}

//  ---- the log

static void
retention_ask_weight (retention_t *self)
{
    query_t query = {.kind = QUERY_WEIGH,
                     .partition = self->partition,
                     .bytes_most = {self->bytes, self->hard_bytes}};
    if (self->age_ms)
        query.before_ms = edge_now_ms (self->edge) - self->age_ms;
    self->state = WEIGHS;
    reader_ask (self->edge->reader, &query);
}

static void
retention_count (retention_t *self, const weight_t *weight)
{
    metrics_t *metrics = self->edge->metrics;
    int64_t *first_seq = &self->first_seqs [self->partition];
    if (*first_seq && weight->first_seq > *first_seq)
        metrics_add (metrics, METRIC_retention_deleted, weight->first_seq - *first_seq);
    *first_seq = weight->first_seq;
    self->events += weight->last_seq - weight->first_seq + 1;
    metrics_set (metrics, METRIC_store_bytes, weight->bytes);
    metrics_set (metrics, METRIC_store_spare_bytes, weight->spare_bytes);
    metrics_set (metrics, METRIC_store_disk_free_bytes, weight->disk_free_bytes);
}

//  Whoever lags behind the hard limit loses events: that is said aloud, by the core in an event too.
static void
retention_trim (retention_t *self, const weight_t *soft, const weight_t *hard)
{
    input_t input = {.kind = INPUT_TRIM};
    input.trim.partition = self->partition;
    input.trim.up_to_seq = soft->age_seq > soft->bytes_seq ? soft->age_seq : soft->bytes_seq;
    input.trim.hard_seq = hard->bytes_seq;
    if (input.trim.up_to_seq == 0 && input.trim.hard_seq == 0)
        return;
    uint64_t skipped = core_stats (self->edge->core).skipped;
    edge_step (self->edge, &input);
    skipped = core_stats (self->edge->core).skipped - skipped;
    if (skipped > 0)
        log_warning ("broker",
                     "the store has reached retention/hard_bytes: subscriptions that lag behind "
                     "lose %" PRIu64 " deliveries of events up to %" PRId64 " in partition %d; "
                     "raise it, or see which consumers are down (tocsin status)",
                     skipped, input.trim.hard_seq, (int)self->partition);
}

//  ---- dead letters

static void
retention_ask_dead (retention_t *self)
{
    query_t query = {.kind = QUERY_DEAD,
                     .before_ms = edge_now_ms (self->edge) - self->dead_letter_age_ms,
                     .limit_events = DEAD_AT_ONCE};
    self->state = LISTS;
    reader_ask (self->edge->reader, &query);
}

//  A disk that is full may keep us here: the next round trims the log all the same.
static void
retention_await_disk (retention_t *self)
{
    retention_end_round (self);
    self->state = SETTLES;
    if (self->ticket < self->edge->last_ticket)
        self->ticket = self->edge->last_ticket;
    retention_persisted (self);
}

void
retention_persisted (retention_t *self)
{
    if (self->state == SETTLES && self->edge->last_persisted >= self->ticket)
        retention_ask_dead (self);
}

//  Rows of one subscription and partition, from `first` on among those that are left; gives how many.
static size_t
retention_discard_some (retention_t *self, const listing_t *listing, size_t first, bool *is_gone)
{
    const struct listed_row *leader = &listing->rows [first];
    int64_t *seqs = allocate (listing->count - first, sizeof *seqs);
    size_t count = 0;
    for (size_t i = first; i < listing->count; i++) {
        const struct listed_row *row = &listing->rows [i];
        if (is_gone [i] || row->partition != leader->partition ||
            strcmp (row->subscription, leader->subscription) != 0)
            continue;
        seqs [count++] = row->at.seq;
        is_gone [i] = true;
    }
    input_t input = {.kind = INPUT_DISCARD};
    input.discard.subscription = leader->subscription;
    input.discard.partition = leader->partition;
    input.discard.seqs = seqs;
    input.discard.count = count;
    edge_step (self->edge, &input);
    free (seqs);
    return count;
}

static void
retention_discard (retention_t *self, const listing_t *listing)
{
    bool *is_gone = allocate (listing->count, sizeof *is_gone);
    if (listing->count > 0)
        self->ticket = self->edge->last_ticket + 1;  //  given out when the store takes it
    for (size_t i = 0; i < listing->count; i++)
        if (!is_gone [i]) {
            size_t count = retention_discard_some (self, listing, i, is_gone);
            metrics_add (self->edge->metrics, METRIC_retention_discarded, (int64_t)count);
        }
    free (is_gone);
}

//  ---- a round

//  The next partition; after the last one, dead letters.
static void
retention_go_on (retention_t *self)
{
    if (++self->partition < self->edge->partitions) {
        retention_ask_weight (self);
        return;
    }
    metrics_set (self->edge->metrics, METRIC_log_events, self->events);
    if (self->dead_letter_age_ms)
        retention_await_disk (self);
    else
        retention_end_round (self);
}

void
retention_tick (retention_t *self, int64_t now_ms)
{
    if (now_ms < retention_deadline (self))
        return;
    self->partition = 0;
    self->events = 0;
    retention_ask_weight (self);
}

void
retention_found (retention_t *self, const query_t *query)
{
    if (query->problem.status != STATUS_OK) {
        log_warning ("broker", "retention passes over a round: %s", query->problem.text);
        retention_end_round (self);
    }
    else if (query->kind == QUERY_WEIGH) {
        retention_count (self, &query->weights [0]);
        retention_trim (self, &query->weights [0], &query->weights [1]);
        retention_go_on (self);
    }
    else {
        retention_discard (self, query->listing);
        if (query->listing->count == DEAD_AT_ONCE)
            retention_await_disk (self);
        else
            retention_end_round (self);
    }
}
