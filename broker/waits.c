#include "broker/waits.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "broker/call.h"
#include "broker/core/view.h"
#include "broker/event_view.h"
#include "proto/model/allocate.h"

enum { EVENTS_MOST = 100, WAIT_MOST_MS = 3600000 };

//  A delivery that has not ended.
typedef struct {
    char *subscription;  //  ours
    int32_t partition;
    int64_t seq;
} awaited_t;

typedef struct wait {
    waits_t *waits;
    call_t *call;  //  whose `more` it is
    json_t *ids;   //  borrowed from its arguments
    int64_t until_ms;
    bool is_last;  //  this look is: its time is up, or there are too many that wait
    bool is_listed;
    size_t at;      //  of ids, in the look under way
    json_t *found;  //  ours: for each event, what is told of it
    awaited_t *awaited;
    size_t awaited_count, awaited_room;
    struct wait *prev, *next;  //  listed
} wait_t;

struct waits {
    edge_t *edge;  //  borrowed
    wait_t *list;  //  that sleep
    size_t count;
};

waits_t *
waits_new (edge_t *edge)
{
    waits_t *self = ALLOCATE (waits_t);
    self->edge = edge;
    return self;
}

void
waits_destroy (waits_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

//  All but the first so many.
static void
wait_forget_awaited (wait_t *self, size_t kept)
{
    while (self->awaited_count > kept)
        free (self->awaited [--self->awaited_count].subscription);
}

static void
wait_forget (wait_t *self)
{
    wait_forget_awaited (self, 0);
    json_decref (self->found);
    self->found = NULL;
}

static void
wait_wake (wait_t *self)
{
    if (!self->is_listed)
        return;
    self->is_listed = false;
    self->waits->count--;
    DL_DELETE (self->waits->list, self);
}

static void
wait_free (void *more)
{
    wait_t *self = more;
    wait_wake (self);
    wait_forget (self);
    free (self->awaited);
    free (self);
}

//  ---- one look

static bool
has_ended (const json_t *delivery)
{
    const char *status = json_string_value (json_object_get (delivery, "status"));
    return strcmp (status, "delivered") == 0 || strcmp (status, "dead") == 0 ||
           strcmp (status, "skipped") == 0;
}

static void
wait_for (wait_t *self, const char *subscription, const event_t *event)
{
    if (self->awaited_count == self->awaited_room) {
        self->awaited_room = self->awaited_room ? 2 * self->awaited_room : 4;
        self->awaited = allocate_again (self->awaited, self->awaited_room, sizeof *self->awaited);
    }
    self->awaited [self->awaited_count++] =
        (awaited_t){.subscription = allocate_copy (subscription),
                    .partition = event->partition,
                    .seq = event->seq};
}

//  Of one event: what became of it for those that reply. Replays of them do not.
static json_t *
wait_take (wait_t *self, const history_t *history, uint64_t *behind)
{
    const core_t *core = self->call->edge->core;
    event_view_t view = {.core = core, .history = history, .with_results = true};
    OWNED (json) json_t *all = event_view_deliveries (&view, behind);
    json_t *taken = json_array ();
    size_t i;
    json_t *delivery;
    json_array_foreach (all, i, delivery)
    {
        const char *id = json_string_value (json_object_get (delivery, "subscription"));
        const subscription_t *subscription = core_subscription (core, id);
        if (!subscription || !subscription->replies || json_object_get (delivery, "replay"))
            continue;
        json_array_append (taken, delivery);
        if (!has_ended (delivery))
            wait_for (self, id, history->event);
    }
    return taken;
}

static void wait_ask (wait_t *self);

static void
wait_found (call_t *call, query_t *query)
{
    wait_t *self = call->more;
    bool is_there = query->problem.status == STATUS_OK;
    size_t awaited_before = self->awaited_count;
    uint64_t behind = 0;
    json_t *taken = is_there ? wait_take (self, query->history, &behind) : json_array ();
    if (call_is_behind (call, behind)) {
        json_decref (taken);
        wait_forget_awaited (self, awaited_before);
        call_ask_again (call);
        return;
    }
    json_array_append_new (self->found, taken);
    self->at++;
    wait_ask (self);
}

static void
wait_look (call_t *call)
{
    wait_t *self = call->more;
    wait_forget (self);
    self->found = json_array ();
    self->at = 0;
    wait_ask (self);
}

//  ---- the end of a look

//  Many long results: better without those.
static void
wait_shorten (wait_t *self)
{
    size_t e, d, a;
    json_t *deliveries, *delivery, *attempt;
    json_array_foreach (self->found, e, deliveries)
    {
        json_array_foreach (deliveries, d, delivery)
        {
            json_array_foreach (json_object_get (delivery, "attempts"), a, attempt)
            {
                json_object_del (attempt, "result");
            }
        }
    }
}

static void
wait_reply (wait_t *self)
{
    if (json_dumpb (self->found, NULL, 0, JSON_COMPACT) > call_reply_most (self->call) - 64)
        wait_shorten (self);
    call_reply (self->call, json_pack ("{s:{s:b, s:O}}", "data", "done", self->awaited_count == 0,
                                       "deliveries", self->found));
}

//  As the core has it, which may be more than is on disk.
static bool
awaited_has_ended (const core_t *core, const awaited_t *self)
{
    delivery_view_t view;
    if (!core_subscription (core, self->subscription))
        return true;  //  it was deleted meanwhile
    return !core_look (core, self->subscription, self->partition, self->seq, &view) &&
           core_has_passed (core, self->subscription, self->partition, self->seq);
}

static bool
wait_is_over (const wait_t *self)
{
    for (size_t i = 0; i < self->awaited_count; i++)
        if (!awaited_has_ended (self->call->edge->core, &self->awaited [i]))
            return false;
    return true;
}

static void
wait_look_on_disk (wait_t *self)
{
    wait_wake (self);
    call_when_on_disk (self->call, self->call->edge->last_ticket, wait_look);
}

//  What has happened while it looked nobody tells it again.
static void
wait_conclude (wait_t *self)
{
    waits_t *waits = self->waits;
    bool is_full = waits->count >= (size_t)waits->edge->limits->waiters;
    if (self->awaited_count == 0 || self->is_last || is_full) {
        wait_reply (self);
        return;
    }
    if (wait_is_over (self)) {
        wait_look_on_disk (self);
        return;
    }
    self->is_listed = true;
    waits->count++;
    DL_APPEND (waits->list, self);
}

static void
wait_ask (wait_t *self)
{
    const char *id = json_string_value (json_array_get (self->ids, self->at));
    self->call->behind = 0;
    if (id)
        call_ask (self->call, QUERY_HISTORY, id, wait_found);
    else
        wait_conclude (self);
}

//  ---- what wakes them

void
waits_saved (waits_t *self)
{
    wait_t *wait, *next;
    DL_FOREACH_SAFE (self->list, wait, next)
    {
        if (wait_is_over (wait))
            wait_look_on_disk (wait);
    }
}

static void
wait_look_last (wait_t *self)
{
    self->is_last = true;
    wait_wake (self);
    wait_look (self->call);
}

void
waits_tick (waits_t *self, int64_t now_ms)
{
    wait_t *wait, *next;
    DL_FOREACH_SAFE (self->list, wait, next)
    {
        if (wait->until_ms <= now_ms)
            wait_look_last (wait);
    }
}

int64_t
waits_deadline (const waits_t *self)
{
    int64_t deadline_ms = INT64_MAX;
    const wait_t *wait;
    DL_FOREACH (self->list, wait)
    {
        if (wait->until_ms < deadline_ms)
            deadline_ms = wait->until_ms;
    }
    return deadline_ms;
}

void
waits_end (waits_t *self)
{
    waits_tick (self, INT64_MAX);
}

//  ---- the method

static status_t
read_ids (const call_t *self, json_t **ids, problem_t *problem)
{
    *ids = json_object_get (self->args, "ids");
    if (!json_is_array (*ids) || json_array_size (*ids) == 0 ||
        json_array_size (*ids) > EVENTS_MOST)
        return problem_at (problem, STATUS_BAD_REQUEST, "ids", "ids: it is a list of 1 … %d texts",
                           EVENTS_MOST);
    size_t i;
    json_t *id;
    json_array_foreach (*ids, i, id)
    {
        if (!json_is_string (id))
            return problem_at (problem, STATUS_BAD_REQUEST, "ids",
                               "ids: its element %zu is no text", i);
    }
    return STATUS_OK;
}

void
call_event_wait (call_t *self)
{
    json_t *ids;
    int64_t wait_ms = 0;
    problem_t problem = {0};
    status_t status = read_ids (self, &ids, &problem);
    if (status == STATUS_OK)
        status = call_optional_number (self, "wait_ms", 0, WAIT_MOST_MS, &wait_ms, &problem);
    if (status != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    wait_t *wait = ALLOCATE (wait_t);
    wait->waits = self->edge->waits;
    wait->call = self;
    wait->ids = ids;
    wait->until_ms = monotonic_ms () + wait_ms;
    wait->is_last = wait_ms == 0;
    self->more = wait;
    self->more_free = wait_free;
    self->may_find_nothing = true;
    wait_look (self);
}
