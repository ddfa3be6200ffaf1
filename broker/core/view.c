#include "broker/core/view.h"

#include <string.h>

#include "broker/core/breaker.h"
#include "broker/core/progressing.h"
#include "broker/core/road.h"
#include "broker/core/track.h"

bool
core_look (const core_t *self, const char *subscription, int32_t partition, int64_t seq,
           delivery_view_t *view)
{
    const track_t *track = subscribing_track (self, subscription, partition);
    if (!track)
        return false;
    const delivery_t *delivery = track_find (track, seq);
    if (!delivery)
        return false;
    const lease_t *lease = delivery->lease;
    *view = (delivery_view_t){
        .state = delivery->state,
        .reason = delivery->reason,
        .attempts = delivery->attempts,
        .due_ms = due_node_is_in (&delivery->due) ? delivery->due.due_ms : 0,
        .worker = lease && lease->session ? lease->session->name : "",
    };
    progressing_show (lease, view);
    return true;
}

bool
core_has_passed (const core_t *self, const char *subscription, int32_t partition, int64_t seq)
{
    const track_t *track = subscribing_track (self, subscription, partition);
    return track &&
           (seq <= track_cursor (self, track) || progress_has_ended (&track->progress, seq));
}

int64_t
core_last_seq (const core_t *self, int32_t partition)
{
    return self->partitions [partition].last_seq;
}

bool
core_is_saving (const core_t *self, const char *subscription, int32_t partition, int64_t seq)
{
    for (const pending_t *pending = self->pending; pending; pending = pending->next)
        for (size_t i = 0; i < pending->change_count; i++) {
            const change_t *change = &pending->changes [i];
            if (change->kind == CHANGE_ATTEMPT && change->seq == seq &&
                change->partition == partition && strcmp (change->subscription, subscription) == 0)
                return true;
        }
    return false;
}

subscription_t *
core_subscription (const core_t *self, const char *id)
{
    subscriber_t *subscriber = subscriber_find (self, id);
    return subscriber ? subscriber->subscription : NULL;
}

void
core_each_subscription (const core_t *self, core_subscription_found_t *found, void *context)
{
    subscriber_t *subscriber, *next;
    HASH_ITER (hh, self->subscribers, subscriber, next)
    found (context, subscriber->subscription);
}

void
core_each_session (const core_t *self, core_session_found_t *found, void *context)
{
    session_t *session, *next;
    HASH_ITER (hh, self->sessions, session, next)
    {
        session_view_t view = {
            .name = session->name,
            .labels = session->labels,
            .session = session->id,
            .peer = session->peer,
            .leases = session->lease_count,
            .credit = (size_t)(session->granted - session->sent),
            .joined_ms = session->joined_ms,
            .seen_ms = session->seen_ms,
            .listens = session->listens,
            .is_leaving = session->is_leaving,
            .is_draining = session->is_draining,
            .missed = session->missed,
        };
        found (context, &view);
    }
}

core_stats_t
core_stats (const core_t *self)
{
    core_stats_t stats = {
        .subscriptions = HASH_COUNT (self->subscribers),
        .sessions = HASH_COUNT (self->sessions),
        .leases = self->lease_count,
        .pending_events = self->pending_events,
        .pending_bytes = self->pending_bytes,
        .pending_saves = self->pending_saves,
        .waiting = self->waiting,
        .waiting_bytes = self->waiting_bytes,
        .retries = self->retries,
        .gathered = self->gathered,
        .dead = self->dead,
        .awaited = self->awaited,
        .skipped = self->skipped,
        .coalesced = self->coalesced,
        .notices_lost = self->notices_lost,
    };
    const subscriber_t *subscriber, *after;
    HASH_ITER (hh, self->subscribers, subscriber, after)
    stats.broken += breaker_is_open (subscriber);
    for (int32_t i = 0; i < self->settings.partitions; i++) {
        const partition_t *partition = &self->partitions [i];
        stats.last_seq += partition->last_seq;
        const track_t *track;
        DL_FOREACH2 (partition->lagging, track, lagging_next)
        {
            if (partition->last_seq - track->cursor > stats.behind)
                stats.behind = partition->last_seq - track->cursor;
        }
    }
    return stats;
}
