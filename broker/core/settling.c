#include "broker/core/alone.h"
#include "broker/core/asking.h"
#include "broker/core/batching.h"
#include "broker/core/belated.h"
#include "broker/core/breaker.h"
#include "broker/core/emitting.h"
#include "broker/core/lease.h"
#include "broker/core/notice.h"
#include "broker/core/pending.h"
#include "broker/core/road.h"
#include "broker/core/session.h"
#include "broker/core/track.h"
#include "proto/model/backoff.h"

static bool
keeps (keep_t keep, outcome_t outcome)
{
    return keep == KEEP_ALL || (keep == KEEP_FAILURES && outcome != OUTCOME_OK);
}

void
settling_record (core_t *core, const delivery_t *delivery, const attempt_t *attempt)
{
    if (!keeps (delivery->track->subscriber->subscription->keep, attempt->outcome))
        return;
    change_t *change = pending_change (core, CHANGE_ATTEMPT, delivery->track, delivery->seq);
    change->attempt = *attempt;
    change->attempt.number = delivery->attempts;
    change->attempt.error = pending_copy (core, attempt->error ? attempt->error : "");
    change->attempt.worker = pending_copy (core, attempt->worker);
    change->attempt.result = pending_copy (core, attempt->result ? attempt->result : "");
}

static void
bury (core_t *core, delivery_t *delivery, through_t through, reason_t reason, const char *error)
{
    delivery_move (delivery, through, reason);
    notice_dead (core, delivery, error ? error : "");
    track_end (core, delivery, true);
}

//  Tried, and not delivered: again later, unless its attempts are used up or it will be too old.
static void
retry (core_t *core, delivery_t *delivery, const bundle_t *bundle, int64_t retry_after_ms,
       through_t through, const char *error)
{
    const retry_policy_t *policy = &delivery->track->subscriber->subscription->retry;
    int32_t attempts = delivery->attempts - delivery->forgiven;
    if (attempts >= policy->max_attempts) {
        bury (core, delivery, THROUGH_USED_UP, REASON_USED_UP, error);
        return;
    }
    uint32_t random = bundle ? bundle->random : (uint32_t)(random_next (&core->random) >> 32);
    int64_t wait_ms = backoff_ms (attempts, policy, random);
    if (retry_after_ms > policy->retry_after_most_ms)
        retry_after_ms = policy->retry_after_most_ms;
    if (wait_ms < retry_after_ms)
        wait_ms = retry_after_ms;
    if (track_is_too_old (delivery, core->now_ms + wait_ms)) {
        bury (core, delivery, THROUGH_EXPIRED, REASON_EXPIRED, error);
        return;
    }
    delivery_move (delivery, through, through == THROUGH_LATE ? REASON_LATE : REASON_NONE);
    track_retry (core, delivery, core->now_ms + wait_ms);
}

static void
record_settle (core_t *core, const session_t *session, const delivery_t *delivery,
               const settle_t *settle)
{
    settling_record (core, delivery,
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
}

//  What an outcome says of the consumer, whatever becomes of the delivery.
static void
judge_consumer (core_t *core, subscriber_t *subscriber, const settle_t *settle)
{
    if (settle->outcome == OUTCOME_SKIP)
        return;  //  nobody was asked
    pace_settled (&subscriber->pace, subscriber->subscription, settle, subscriber->in_flight + 1,
                  core->now_ms);
    if (settle->disables)
        subscribing_disable (core, subscriber, "gone");
    else if (settle->outcome == OUTCOME_RETRY)
        breaker_failed (core, subscriber);
    else
        breaker_succeeded (core, subscriber);
}

//  A batch is judged as a whole, when the last of it has been settled: it was one request.
static void
judge (core_t *core, subscriber_t *subscriber, bundle_t *bundle, const settle_t *settle)
{
    if (!bundle)
        judge_consumer (core, subscriber, settle);
    else if (bundle->left == 0) {
        judge_consumer (core, subscriber, &bundle->settle);
        batching_forget (bundle);
    }
}

//  In the SAVE that ends it: whoever hears of the end finds it counted, once.
static void
count (core_t *core, const delivery_t *delivery, const char *counted)
{
    change_t *change = pending_change (core, CHANGE_COUNT, delivery->track, delivery->seq);
    change->counted = pending_copy (core, counted);
}

static void
end_well (core_t *core, delivery_t *delivery, const settle_t *settle, through_t through)
{
    if (emitting_wants (delivery->track->subscriber))
        emitting_tell (core, delivery, settle->result);
    if (settle->counted)
        count (core, delivery, settle->counted);
    track_move (delivery, through, REASON_NONE);
    track_end (core, delivery, false);
}

static void
settle_one (core_t *core, session_t *session, lease_t *lease, const settle_t *settle)
{
    pending_keep (core, session, lease->id);
    bundle_t *bundle = lease->bundle;
    if (bundle)
        batching_note (bundle, settle);
    delivery_t *delivery = lease_settle (core, lease);
    if (!delivery)
        return;  //  its subscription has gone: nothing is left to keep
    subscriber_t *subscriber = delivery->track->subscriber;
    track_t *track = delivery->track;
    delivery->attempts++;
    delivery->crashes = 0;
    record_settle (core, session, delivery, settle);

    if (settle->outcome == OUTCOME_OK)
        end_well (core, delivery, settle, THROUGH_SETTLED_OK);
    else if (settle->outcome == OUTCOME_SKIP) {
        delivery_move (delivery, THROUGH_SETTLED_SKIP, REASON_NOTHING);
        track_end (core, delivery, false);
    }
    else if (settle->outcome == OUTCOME_RETRY || settle->disables)
        retry (core, delivery, bundle, settle->retry_after_ms, THROUGH_SETTLED_RETRY,
               settle->error);
    else
        bury (core, delivery, THROUGH_SETTLED_FAIL, REASON_FINAL, settle->error);
    judge (core, subscriber, bundle, settle);
    track_consider (core, track);
}

void
settling_belated (core_t *core, const session_t *session, delivery_t *delivery,
                  const settle_t *settle)
{
    pending_keep (core, session, settle->lease);
    if (delivery->lease)
        lease_orphan (core, delivery->lease);
    delivery->attempts++;
    record_settle (core, session, delivery, settle);
    end_well (core, delivery, settle, THROUGH_BELATED);
}

void
settling_settle (core_t *core, const input_t *input, effects_t *effects)
{
    session_t *session = session_find (core, input);
    lease_id_t *stale = arena_take (&effects->arena, input->settle.count * sizeof *stale);
    size_t stale_count = 0;
    bool is_wrong = false;
    for (size_t i = 0; i < input->settle.count; i++) {
        const settle_t *settle = &input->settle.settles [i];
        lease_t *lease = lease_find (core, settle->lease);
        if (!lease && (asking_settle (core, session, settle, effects) ||
                       belated_settle (core, session, settle, effects)))
            continue;
        if (lease && !lease->session)
            continue;  //  said in a session that has ended; it is stale when that is on disk
        if (!lease || lease->session != session) {
            stale [stale_count++] = settle->lease;
            is_wrong = is_wrong || lease_is_anothers (core, session, settle->lease);
        }
        else if (!lease->is_settled)
            settle_one (core, session, lease, settle);
        //  else: said before; SETTLED comes when that is on disk
    }
    if (is_wrong)
        session_blame (session, REASON_ANOTHERS, effects);
    if (stale_count == 0)
        return;
    effect_t *settled = effects_add (effects, EFFECT_SETTLED, REASON_STALE);
    settled->peer = session->peer;
    settled->session = session->id;
    settled->settled.leases = stale;
    settled->settled.count = stale_count;
}

//  Without a word of the worker: the broker's own finding.
static void
record_finding (core_t *core, const lease_t *lease, outcome_t outcome, const char *error)
{
    delivery_t *delivery = lease->delivery;
    delivery->attempts++;
    settling_record (core, delivery,
                     &(attempt_t){.time_ms = lease->sent_ms,
                                  .duration_ms = core->now_ms - lease->sent_ms,
                                  .outcome = outcome,
                                  .error = error,
                                  .worker = lease->session->name});
}

void
settling_late (core_t *core, lease_t *lease)
{
    static const char error [] = "the worker said nothing before the deadline";
    delivery_t *delivery = lease->delivery;
    record_finding (core, lease, OUTCOME_RETRY, error);
    lease_orphan (core, lease);
    lease_free (core, lease);
    retry (core, delivery, NULL, 0, THROUGH_LATE, error);
}

void
settling_cancel (core_t *core, delivery_t *delivery)
{
    static const char error [] = "somebody cancelled it";
    lease_t *lease = delivery->lease;
    if (lease) {
        record_finding (core, lease, OUTCOME_FAIL, error);
        lease_orphan (core, lease);
    }
    track_move (delivery, THROUGH_CANCELLED, REASON_CANCELLED);
    notice_dead (core, delivery, error);
    track_end (core, delivery, true);
}

void
settling_crash (core_t *core, lease_t *lease)
{
    static const char error [] = "the worker died over it, as others had before";
    delivery_t *delivery = lease->delivery;
    if (++delivery->crashes < CRASHES_MOST)
        return;  //  it goes back into its queue with all others
    record_finding (core, lease, OUTCOME_FAIL, error);
    lease_orphan (core, lease);
    lease_free (core, lease);
    bury (core, delivery, THROUGH_POISON, REASON_POISON, error);
}
