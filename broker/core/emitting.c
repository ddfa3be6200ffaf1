#include "broker/core/emitting.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/core/notice.h"
#include "broker/core/pending.h"
#include "broker/core/road.h"
#include "broker/core/track.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/backoff.h"
#include "proto/model/event_id.h"
#include "proto/model/moment.h"
#include "proto/model/owned_json.h"

bool
emitting_wants (const subscriber_t *subscriber)
{
    return subscriber->subscription->emit.type != NULL;
}

static bool
is_json (const char *text, size_t size)
{
    OWNED (json)
    json_t *json = json_loadb (text, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    return json != NULL;
}

//  A result as data: JSON as it is, other words as a JSON string, null for none. free () it.
static char *
data_of (const core_t *core, const char *result)
{
    size_t size = strlen (result);
    if (size == 0)
        return allocate_copy ("null");
    char *text = NULL;
    if (is_json (result, size))
        text = allocate_copy (result);
    else {
        OWNED (json) json_t *string = json_stringn (result, size);
        ASSERT (string, "what a worker says was checked to be UTF-8 when it came");
        text = json_dumps (string, JSON_ENCODE_ANY);
    }
    if (strlen (text) <= (size_t)core->settings.limits.event_bytes)
        return text;
    free (text);
    text = allocate (64, 1);
    snprintf (text, 64, "{\"left_out\":\"%zu bytes\"}", size);
    return text;
}

//  What a replay makes is delivered with what its subscription makes.
static const char *
via_of (const subscription_t *subscription)
{
    return subscription->replay.id ? subscription->replay.of : subscription->id;
}

void
emitting_tell (core_t *core, const delivery_t *delivery, const char *result)
{
    const subscription_t *subscription = delivery->track->subscriber->subscription;
    const event_t *cause = delivery->event;
    ASSERT (cause, "who was in flight has its event with it");
    char id [EVENT_ID_SIZE], time [MOMENT_SIZE];
    event_id_of_result (cause->id, subscription->id, id);
    char *data = data_of (core, result ? result : "");
    event_t *event = event_new (&(event_t){
        .id = id,
        .source = subscription->emit.source,
        .type = subscription->emit.type,
        .subject = subscription->emit.subject ? subscription->emit.subject : cause->subject,
        .key = cause->key,
        .time = moment_text (core->now_ms, time),
        .causation = cause->id,
        .root = *cause->root ? cause->root : cause->id,
        .via = via_of (subscription),
        .hops = cause->hops < EVENT_HOPS_MOST ? cause->hops + 1 : EVENT_HOPS_MOST,
        .data = (const uint8_t *)data,
        .data_size = strlen (data),
    });
    free (data);
    event_set_place (event, cause->partition, 0, core->now_ms);
    pending_emit (core, event, delivery);
}

int64_t
emitting_waits_until_ms (const core_t *core, const subscriber_t *subscriber)
{
    bool is_closed = core->store_status != STATUS_OK && core->now_ms < core->store_retry_ms;
    return is_closed && emitting_wants (subscriber) ? core->store_retry_ms : 0;
}

void
emitting_withdraw (core_t *core, pending_t *save)
{
    for (size_t i = 0; i < save->event_count; i++) {
        const emission_t *emission = &save->emissions [i];
        track_t *track = subscribing_track (core, emission->subscription, emission->partition);
        if (!track || track_find (track, emission->seq))
            continue;  //  its subscription is gone
        exception_at_t row = {.seq = emission->seq, .exception = {.attempts = emission->attempts}};
        int64_t wait_ms = backoff_ms (emission->attempts, &track->subscriber->subscription->retry,
                                      (uint32_t)(random_next (&core->random) >> 32));
        track_bring_back (core, track, &row, core->now_ms + wait_ms, THROUGH_NO_ROOM, REASON_FULL);
        track_consider (core, track);
    }
    pending_leave_events (core, save);
}

bool
emitting_is_too_far (const core_t *core, const delivery_t *delivery)
{
    return emitting_wants (delivery->track->subscriber) &&
           delivery->event->hops >= core->settings.limits.hops;
}

void
emitting_stop (core_t *core, delivery_t *delivery)
{
    const event_t *event = delivery->event;
    char error [400];
    snprintf (error, sizeof error,
              "not begun: %d actions lie between %s and this event, as many as limits/hops lets be "
              "(%lld); it was made by %s for %s. The whole path: tocsin show %s",
              (int)event->hops, *event->root ? event->root : event->id,
              (long long)core->settings.limits.hops, *event->via ? event->via : "a client",
              *event->causation ? event->causation : "no other event", event->id);
    delivery->attempts++;
    settling_record (
        core, delivery,
        &(attempt_t){
            .time_ms = core->now_ms, .outcome = OUTCOME_FAIL, .error = error, .worker = "broker"});
    delivery_move (delivery, THROUGH_HOPS, REASON_HOPS);
    notice_dead (core, delivery, error);
    track_end (core, delivery, true);
}
