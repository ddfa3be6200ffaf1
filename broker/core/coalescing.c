#include "broker/core/coalescing.h"

#include <string.h>

#include "broker/core/pending.h"
#include "broker/core/track.h"
#include "broker/core/track_room.h"
#include "broker/core/waiting.h"
#include "proto/model/allocate.h"
#include "proto/model/json_pointer.h"

//  ---- Which group

//  Equal values have equal texts. NULL: there is no such place in the data. free () it.
static char *
value_at (const char *pointer, match_data_t *data)
{
    const json_t *value = json_pointer_get (match_data_json (data), pointer, strlen (pointer));
    return value ? json_dumps (value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
}

static char *
value_of (const coalesce_policy_t *policy, const event_t *event, match_data_t *data)
{
    switch (policy->by) {
        case COALESCE_NEVER: break;
        case COALESCE_BY_SUBJECT: return allocate_copy (event->subject);
        case COALESCE_BY_KEY: return allocate_copy (event->key);
        case COALESCE_BY_POINTER: return value_at (policy->pointer, data);
    }
    return NULL;
}

static group_t *
find (const track_t *track, const char *value)
{
    group_t *group;
    HASH_FIND_STR (track->groups, value, group);
    return group;
}

static void
group_free (track_t *track, group_t *group)
{
    HASH_DEL (track->groups, group);
    free (group->value);
    free (group);
}

//  Takes the value.
static group_t *
group_new (track_t *track, char *value, const event_t *first)
{
    group_t *group = ALLOCATE (group_t);
    group->value = value;
    group->until_ms = first->accepted_ms + track->subscriber->subscription->coalesce.window_ms;
    HASH_ADD_KEYPTR (hh, track->groups, group->value, strlen (group->value), group);
    return group;
}

static void
leave (core_t *core, delivery_t *delivery)
{
    group_t *group = delivery->group;
    DL_DELETE2 (group->deliveries, delivery, group_prev, group_next);
    delivery->group = NULL;
    core->gathered--;
}

void
coalescing_forget (core_t *core, delivery_t *delivery)
{
    group_t *group = delivery->group;
    if (!group)
        return;
    leave (core, delivery);
    if (!group->deliveries)
        group_free (delivery->track, group);
}

//  ---- How it ends

//  It goes on as if it were new: or waits for its key.
static void
release (core_t *core, delivery_t *delivery, uint64_t burst)
{
    due_queue_remove (&core->due, &delivery->due);
    leave (core, delivery);
    delivery->burst = burst;
    if (burst > 0)
        delivery->ripe_ms = core->now_ms;
    else if (!delivery->ripe_ms)
        delivery->ripe_ms =
            core->now_ms + delivery->track->subscriber->subscription->batch.max_wait_ms;
    track_release (core, delivery);
}

//  Its window is over.
static void
close (core_t *core, track_t *track, group_t *group)
{
    bool keeps_all = track->subscriber->subscription->coalesce.keeps_all;
    uint64_t burst = keeps_all && group->deliveries->group_next ? ++core->last_burst : 0;
    while (group->deliveries)
        release (core, group->deliveries, burst);
    group_free (track, group);
}

void
coalescing_wake (core_t *core, delivery_t *delivery)
{
    close (core, delivery->track, delivery->group);
}

void
coalescing_release (core_t *core, track_t *track)
{
    group_t *group, *next;
    HASH_ITER (hh, track->groups, group, next)
    close (core, track, group);
}

static void
skip (core_t *core, delivery_t *delivery, const event_t *later)
{
    change_t *change = pending_change (core, CHANGE_ATTEMPT, delivery->track, delivery->seq);
    change->attempt = (attempt_t){.number = ATTEMPT_COALESCED,
                                  .time_ms = core->now_ms,
                                  .outcome = OUTCOME_FAIL,
                                  .error = pending_copy (core, reason_text (REASON_COALESCED)),
                                  .worker = pending_copy (core, ""),
                                  .result = pending_copy (core, later->id)};
    core->coalesced++;
    leave (core, delivery);
    track_move (delivery, THROUGH_COALESCED, REASON_COALESCED);
    track_end (core, delivery, false);
}

//  ---- How it begins

static void
join (core_t *core, group_t *group, delivery_t *delivery)
{
    //  Not later than a window from now, or of its own: a clock may have been set back.
    int64_t accepted_ms = delivery->event->accepted_ms;
    int64_t until_ms = (accepted_ms < core->now_ms ? accepted_ms : core->now_ms) +
                       delivery->track->subscriber->subscription->coalesce.window_ms;
    if (until_ms < group->until_ms)
        group->until_ms = until_ms;
    group->count++;
    DL_APPEND2 (group->deliveries, delivery, group_prev, group_next);
    delivery->group = group;
    core->gathered++;
    track_move (delivery, THROUGH_GATHERED, REASON_GATHERED);
    due_queue_put (&core->due, &delivery->due, group->until_ms);
}

//  Whether what was gathered may be skipped for the next one: its end must fit into the bitmap.
static bool
can_replace (core_t *core, track_t *track, const group_t *group)
{
    return group->deliveries->is_exception || track_make_room (core, track, group->deliveries);
}

bool
coalescing_gather (core_t *core, delivery_t *delivery, match_data_t *data)
{
    track_t *track = delivery->track;
    const coalesce_policy_t *policy = &track->subscriber->subscription->coalesce;
    char *value = value_of (policy, delivery->event, data);
    if (!value)
        return false;
    group_t *group = find (track, value);
    bool is_over = group && (delivery->event->accepted_ms >= group->until_ms ||
                             (!policy->keeps_all && !can_replace (core, track, group)));
    if (is_over) {
        close (core, track, group);
        group = NULL;
    }
    if (group)
        free (value);
    else
        group = group_new (track, value, delivery->event);
    delivery_t *earlier = policy->keeps_all ? NULL : group->deliveries;
    join (core, group, delivery);
    if (earlier)
        skip (core, earlier, delivery->event);
    if (group->count >= policy->max)
        close (core, track, group);
    return true;
}

static bool
is_same (const coalesce_policy_t *a, const coalesce_policy_t *b)
{
    bool same_place = a->by != COALESCE_BY_POINTER || strcmp (a->pointer, b->pointer) == 0;
    return a->by == b->by && same_place && a->window_ms == b->window_ms && a->max == b->max &&
           a->keeps_all == b->keeps_all;
}

void
coalescing_change (core_t *core, subscriber_t *subscriber, const subscription_t *old)
{
    if (is_same (&old->coalesce, &subscriber->subscription->coalesce))
        return;
    for (int32_t i = 0; i < core->settings.partitions; i++)
        coalescing_release (core, track_of (subscriber, i));
}
