#include "broker/core/notice.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/core/pending.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/moment.h"

static const char start [] = "tocsin.";

//  Ordered by time, as its index likes them, and unlike any other.
static void
make_id (core_t *core, char id [48])
{
    snprintf (id, 48, "n_%012llx%016llx", (unsigned long long)core->now_ms,
              (unsigned long long)random_next (&core->random));
}

static void
add (core_t *core, event_t *event)
{
    if (core->notice_count == NOTICES_MOST) {
        core->notices_lost++;
        event_destroy (&event);
        return;
    }
    if (!core->notices)
        core->notices = allocate (NOTICES_MOST, sizeof (event_t *));
    core->notices [core->notice_count++] = event;
}

//  Takes the data. cause: the event that it comes of; NULL: it comes of none.
static void
tell (core_t *core, const char *type, const char *subject, const event_t *cause, json_t *data)
{
    ASSERT (data, "what is told was checked to be UTF-8 when it came");
    char id [48], time [MOMENT_SIZE];
    make_id (core, id);
    char *text = json_dumps (data, JSON_COMPACT);
    json_decref (data);
    event_t *event = event_new (&(event_t){
        .id = id,
        .source = "tocsin",
        .type = type,
        .subject = subject,
        .time = moment_text (core->now_ms, time),
        .causation = cause ? cause->id : "",
        .root = !cause         ? ""
                : *cause->root ? cause->root
                               : cause->id,
        .hops = !cause                          ? 0
                : cause->hops < EVENT_HOPS_MOST ? cause->hops + 1
                                                : EVENT_HOPS_MOST,
        .data = (const uint8_t *)text,
        .data_size = strlen (text),
    });
    free (text);
    event_set_place (event, event_partition (event->key, core->settings.partitions), 0,
                     core->now_ms);
    if (core->partitions [event->partition].is_owned)
        add (core, event);
    else
        event_destroy (&event);
}

static void
subject_of (char subject [256], const char *part, const char *name)
{
    snprintf (subject, 256, "/%s/%.200s", part, name);
}

//  What the broker told by itself, not the result of an action.
static bool
is_notice (const event_t *event)
{
    return strncmp (event->type, start, sizeof start - 1) == 0 && !*event->via;
}

void
notice_dead (core_t *core, const delivery_t *delivery, const char *error)
{
    const event_t *event = delivery->event;
    if (!core->settings.tells || !event || is_notice (event))
        return;
    const char *subscription = delivery->track->subscriber->subscription->id;
    char subject [256];
    subject_of (subject, "subscriptions", subscription);
    tell (core, "tocsin.delivery.dead", subject, event,
          json_pack ("{ss ss ss ss ss si sI si si ss}", "subscription", subscription, "event",
                     event->id, "type", event->type, "subject", event->subject, "reason",
                     reason_name (delivery->reason), "partition", (int)event->partition, "seq",
                     (json_int_t)event->seq, "attempts", (int)delivery->attempts, "crashes",
                     (int)delivery->crashes, "error", error));
}

void
notice_subscription (core_t *core, const subscription_t *subscription, const char *what,
                     const char *why)
{
    if (!core->settings.tells)
        return;
    char type [64], subject [256];
    snprintf (type, sizeof type, "tocsin.subscription.%s", what);
    subject_of (subject, "subscriptions", subscription->id);
    tell (core, type, subject, NULL,
          json_pack ("{ss ss}", "subscription", subscription->id, "text", why));
}

void
notice_worker (core_t *core, const char *name, const char *what, size_t leases)
{
    if (!core->settings.tells)
        return;
    char type [64], subject [256];
    snprintf (type, sizeof type, "tocsin.worker.%s", what);
    subject_of (subject, "workers", name);
    tell (core, type, subject, NULL,
          json_pack ("{ss sI}", "worker", name, "leases", (json_int_t)leases));
}

void
notice_skipped (core_t *core, const track_t *track, int64_t from, int64_t until)
{
    if (!core->settings.tells)
        return;
    const char *subscription = track->subscriber->subscription->id;
    char subject [256];
    subject_of (subject, "subscriptions", subscription);
    tell (core, "tocsin.retention.skipped", subject, NULL,
          json_pack ("{ss si sI sI}", "subscription", subscription, "partition",
                     (int)track->partition, "after", (json_int_t)from, "until", (json_int_t)until));
}

void
notice_flush (core_t *core, effects_t *effects)
{
    //  An APPEND behind SAVEs that wait for the store would keep them from it.
    if (core->notice_count == 0 || core->store_status != STATUS_OK || core->is_stopping)
        return;
    input_t publish = {.kind = INPUT_PUBLISH};
    publish.publish.events = core->notices;
    publish.publish.count = core->notice_count;
    pending_append (core, &publish, effects);
    for (size_t i = 0; i < core->notice_count; i++)
        event_destroy (&core->notices [i]);
    core->notice_count = 0;
}

void
notice_again (core_t *core, pending_t *append)
{
    for (size_t i = 0; i < append->event_count; i++)
        add (core, event_ref (append->events [i]));
}

void
notice_clear (core_t *core)
{
    for (size_t i = 0; i < core->notice_count; i++)
        event_destroy (&core->notices [i]);
    free (core->notices);
    core->notices = NULL;
}
