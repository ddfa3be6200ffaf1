#include "broker/core/backoff.h"
#include "broker/core/lease.h"
#include "broker/core/pending.h"
#include "broker/core/road.h"
#include "broker/core/session.h"
#include "broker/core/track.h"

static void
record_attempt (core_t *core, const delivery_t *delivery, const attempt_t *attempt)
{
    change_t *change = pending_change (core, CHANGE_ATTEMPT, delivery->track, delivery->seq);
    change->attempt = *attempt;
    change->attempt.number = delivery->attempts;
    change->attempt.error = pending_copy (core, attempt->error ? attempt->error : "");
    change->attempt.worker = pending_copy (core, attempt->worker);
    change->attempt.result = pending_copy (core, attempt->result ? attempt->result : "");
}

//  Tried, and not delivered: again later, unless its attempts are used up.
static void
retry (core_t *core, delivery_t *delivery, int64_t retry_after_ms, through_t through,
       reason_t reason)
{
    const retry_policy_t *policy = &delivery->track->subscriber->subscription->retry;
    if (delivery->attempts >= policy->max_attempts) {
        delivery_move (delivery, THROUGH_USED_UP, REASON_USED_UP);
        track_end (core, delivery, true);
        return;
    }
    int64_t wait_ms =
        backoff_ms (delivery->attempts, policy, (uint32_t)(random_next (&core->random) >> 32));
    if (wait_ms < retry_after_ms)
        wait_ms = retry_after_ms;
    delivery_move (delivery, through, reason);
    track_retry (core, delivery, core->now_ms + wait_ms);
}

static void
settle_one (core_t *core, session_t *session, lease_t *lease, const settle_t *settle)
{
    pending_keep (core, session, lease->id);
    delivery_t *delivery = lease_settle (core, lease);
    if (!delivery)
        return;  //  its subscription has gone: nothing is left to keep
    subscriber_t *subscriber = delivery->track->subscriber;
    track_t *track = delivery->track;
    delivery->attempts++;
    record_attempt (core, delivery,
                    &(attempt_t){.time_ms = settle->time_ms,
                                 .duration_ms = settle->duration_ms,
                                 .outcome = settle->outcome,
                                 .http_status = settle->http_status,
                                 .connect_us = settle->connect_us,
                                 .tls_us = settle->tls_us,
                                 .first_byte_us = settle->first_byte_us,
                                 .error = settle->error,
                                 .worker = session->name,
                                 .result = settle->result});

    if (settle->outcome == OUTCOME_OK) {
        delivery_move (delivery, THROUGH_SETTLED_OK, REASON_NONE);
        track_end (core, delivery, false);
    }
    else if (settle->outcome == OUTCOME_RETRY || settle->disables) {
        retry (core, delivery, settle->retry_after_ms, THROUGH_SETTLED_RETRY, REASON_NONE);
    }
    else {
        delivery_move (delivery, THROUGH_SETTLED_FAIL, REASON_FINAL);
        track_end (core, delivery, true);
    }
    if (settle->disables)
        subscribing_disable (core, subscriber);
    track_consider (core, track);
}

void
settling_settle (core_t *core, const input_t *input, effects_t *effects)
{
    session_t *session = session_find (core, input);
    lease_id_t *stale = arena_take (&effects->arena, input->settle.count * sizeof *stale);
    size_t stale_count = 0;
    for (size_t i = 0; i < input->settle.count; i++) {
        const settle_t *settle = &input->settle.settles [i];
        lease_t *lease = lease_find (core, settle->lease);
        if (!lease || lease->session != session)
            stale [stale_count++] = settle->lease;
        else if (!lease->is_settled)
            settle_one (core, session, lease, settle);
        //  else: said before; SETTLED comes when that is on disk
    }
    if (stale_count == 0)
        return;
    effect_t *settled = effects_add (effects, EFFECT_SETTLED, REASON_STALE);
    settled->peer = session->peer;
    settled->session = session->id;
    settled->settled.leases = stale;
    settled->settled.count = stale_count;
}

void
settling_late (core_t *core, lease_t *lease)
{
    delivery_t *delivery = lease->delivery;
    int64_t sent_ms = lease->sent_ms;
    const char *worker = lease->session->name;
    delivery->attempts++;
    record_attempt (core, delivery,
                    &(attempt_t){.time_ms = sent_ms,
                                 .duration_ms = core->now_ms - sent_ms,
                                 .outcome = OUTCOME_RETRY,
                                 .error = "the worker said nothing before the deadline",
                                 .worker = worker});
    lease_orphan (core, lease);
    lease_free (core, lease);
    retry (core, delivery, 0, THROUGH_LATE, REASON_LATE);
}
