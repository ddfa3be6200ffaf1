#include "broker/states.h"

#include <stdlib.h>
#include <string.h>

#include "broker/core/view.h"
#include "broker/redrives.h"
#include "broker/why.h"
#include "proto/model/allocate.h"
#include "proto/model/moment.h"

static const char *
status_word (const subscription_t *subscription, const subscriber_view_t *view)
{
    if (subscription->is_disabled)
        return "disabled";
    if (subscription->is_paused)
        return "paused";
    return view->health.probe_ms > 0 ? "broken" : "active";
}

static void
add_moment (json_t *json, const char *name, int64_t ms)
{
    char text [MOMENT_SIZE];
    if (ms > 0)
        json_object_set_new (json, name, json_string (moment_text (ms, text)));
}

json_t *
states_show (const edge_t *edge, const subscription_t *subscription, const subscriber_view_t *view)
{
    char text [HINDRANCE_SIZE];
    const char *status = status_word (subscription, view);
    why_hindered (subscription, view, text);
    json_t *json =
        json_pack ("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I}", "id",
                   subscription->id, "status", status, "reason", reason_name (view->hindrance),
                   "text", text, "failures", (int)view->health.failures, "in_flight",
                   (int)view->in_flight, "in_flight_cap", (int)view->in_flight_cap, "behind",
                   (json_int_t)view->behind, "waiting", (json_int_t)view->waiting, "retries",
                   (json_int_t)view->retries, "held", (json_int_t)view->held, "dead",
                   (json_int_t)view->dead, "workers", (json_int_t)view->workers);
    if (strcmp (status, "disabled") == 0 || strcmp (status, "paused") == 0)
        add_moment (json, "since", subscription->version);
    add_moment (json, "failing_since", view->health.failing_since_ms);
    add_moment (json, "next_probe", view->health.probe_ms);
    add_moment (json, "until", view->until_ms);
    add_moment (json, "expires", subscription->expires_ms);
    json_t *job = redrives_show (edge, subscription->id);
    if (job)
        json_object_set_new (json, "job", job);
    return json;
}

//  ---- the busiest

typedef struct {
    const subscription_t *subscription;
    subscriber_view_t view;
    bool is_in_need;  //  of somebody who looks at it
    int64_t to_do;
} busy_t;

typedef struct {
    const edge_t *edge;
    busy_t *list;
    size_t count, room;
} busy_list_t;

static void
busy_add (void *context, subscription_t *subscription)
{
    busy_list_t *self = context;
    busy_t busy = {.subscription = subscription};
    if (!core_look_at_subscription (self->edge->core, subscription->id, &busy.view))
        return;
    const subscriber_view_t *view = &busy.view;
    busy.is_in_need = subscription->is_disabled || view->health.probe_ms > 0;
    busy.to_do =
        view->behind + (int64_t)(view->waiting + view->retries + view->held) + view->in_flight;
    if (!busy.is_in_need && busy.to_do == 0 && view->dead == 0 && !subscription->is_paused)
        return;
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 64;
        self->list = allocate_again (self->list, self->room, sizeof *self->list);
    }
    self->list [self->count++] = busy;
}

static int
busy_compare (const void *a, const void *b)
{
    const busy_t *x = a, *y = b;
    if (x->is_in_need != y->is_in_need)
        return x->is_in_need ? -1 : 1;
    if (x->to_do != y->to_do)
        return x->to_do > y->to_do ? -1 : 1;
    if (x->view.dead != y->view.dead)
        return x->view.dead > y->view.dead ? -1 : 1;
    return strcmp (x->subscription->id, y->subscription->id);
}

json_t *
states_busiest (const edge_t *edge, size_t most)
{
    busy_list_t listing = {.edge = edge};
    core_each_subscription (edge->core, busy_add, &listing);
    if (listing.count > 0)
        qsort (listing.list, listing.count, sizeof *listing.list, busy_compare);
    json_t *shown = json_array ();
    for (size_t i = 0; i < listing.count && i < most; i++)
        json_array_append_new (
            shown, states_show (edge, listing.list [i].subscription, &listing.list [i].view));
    free (listing.list);
    return shown;
}
