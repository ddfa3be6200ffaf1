/*  calls_status – the methods status and metrics: how the broker does. */
#include <stdlib.h>

#include "broker/call.h"
#include "broker/core/view.h"
#include "broker/states.h"
#include "proto/model/labels.h"
#include "version.h"

enum { BUSIEST = 1000 };  //  subscriptions that are told

static void
add_worker (void *context, const session_view_t *view)
{
    json_t *json = json_pack ("{s:s, s:I, s:I}", "name", view->name, "leases",
                              (json_int_t)view->leases, "credit", (json_int_t)view->credit);
    if (*view->labels)
        json_object_set_new (json, "labels", labels_show (view->labels));
    if (view->missed > 0)
        json_object_set_new (json, "missed", json_integer ((json_int_t)view->missed));
    json_array_append_new (context, json);
}

//  Attempts since the start, by what came of them.
static json_t *
show_settled (const edge_t *edge)
{
    json_t *json = json_object ();
    for (int i = 0; i < OUTCOMES; i++) {
        int64_t count = edge->settled_ever [i] + edge->settled [i];
        json_object_set_new (json, outcome_name ((outcome_t)i), json_integer (count));
    }
    return json;
}

static json_t *
show_status (const edge_t *edge)
{
    core_stats_t stats = core_stats (edge->core);
    json_t *workers = json_array ();
    core_each_session (edge->core, add_worker, workers);
    return json_pack ("{s:s, s:s, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:s}",
                      "broker", edge->name, "version", TOCSIN_VERSION, "events",
                      (json_int_t)stats.last_seq, "subscriptions", (json_int_t)stats.subscriptions,
                      "workers", workers, "pending_events", (json_int_t)stats.pending_events,
                      "waiting", (json_int_t)stats.waiting, "retries", (json_int_t)stats.retries,
                      "dead", (json_int_t)stats.dead, "behind", (json_int_t)stats.behind, "leases",
                      (json_int_t)stats.leases, "broken", (json_int_t)stats.broken, "settled",
                      show_settled (edge), "store", edge->store_url);
}

void
call_broker_status (call_t *self)
{
    int64_t busiest = 0;
    problem_t problem = {0};
    if (call_optional_number (self, "busiest", 0, BUSIEST, &busiest, &problem) != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    json_t *data = show_status (self->edge);
    if (json_object_get (self->args, "busiest"))
        json_object_set_new (data, "busiest", states_busiest (self->edge, (size_t)busiest));
    call_reply (self, json_pack ("{s:o}", "data", data));
}

void
call_broker_metrics (call_t *self)
{
    edge_measure (self->edge);
    char *text = metrics_text (self->edge->metrics);
    json_t *json = json_pack ("{s:s}", "text", text);
    free (text);
    call_reply (self, json);
}
