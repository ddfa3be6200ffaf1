/*  calls_status – the methods status and metrics: how the broker does. */
#include <stdlib.h>

#include "broker/call.h"
#include "broker/core/view.h"
#include "proto/model/labels.h"
#include "version.h"

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

void
call_broker_status (call_t *self)
{
    const edge_t *edge = self->edge;
    core_stats_t stats = core_stats (edge->core);
    json_t *workers = json_array ();
    core_each_session (edge->core, add_worker, workers);
    json_t *data =
        json_pack ("{s:s, s:s, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:s}", "broker", edge->name,
                   "version", TOCSIN_VERSION, "events", (json_int_t)stats.last_seq, "subscriptions",
                   (json_int_t)stats.subscriptions, "workers", workers, "pending_events",
                   (json_int_t)stats.pending_events, "waiting", (json_int_t)stats.waiting,
                   "retries", (json_int_t)stats.retries, "dead", (json_int_t)stats.dead, "behind",
                   (json_int_t)stats.behind, "store", edge->store_url);
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
