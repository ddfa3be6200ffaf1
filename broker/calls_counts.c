/*  calls_counts – the method subscription.counts: what the action counter has counted, by key. */
#include <stdio.h>
#include <string.h>

#include "broker/call.h"

enum { LISTED = 100, LISTED_MOST = 1000 };

//  Where the answer goes on; a key alone is all of it.
static void
counts_answer (call_t *call, const counts_t *counts, size_t limit, const char *key)
{
    json_t *data = json_array ();
    size_t bytes = 0, i;
    for (i = 0; i < counts->count && i < limit && bytes < call_reply_most (call) / 2; i++) {
        const struct count_row *row = &counts->rows [i];
        if (key && strcmp (row->key, key) != 0)
            break;
        json_t *shown = json_pack ("{s:s, s:I}", "key", row->key, "count", (json_int_t)row->count);
        bytes += json_dumpb (shown, NULL, 0, JSON_COMPACT) + 1;
        json_array_append_new (data, shown);
    }
    json_t *answer = json_pack ("{s:o}", "data", data);
    if (!key && i < counts->count)
        json_object_set_new (answer, "next", json_string (counts->rows [i].key));
    call_reply (call, answer);
}

static void
counts_found (call_t *call, query_t *query)
{
    const char *key = json_string_value (json_object_get (call->args, "key"));
    counts_answer (call, query->counts, query->limit_events - 1, key);
}

void
call_subscription_counts (call_t *self)
{
    problem_t problem = {0};
    int64_t limit = LISTED;
    const char *after = "", *key = NULL;
    const subscription_t *subscription = call_subscription (self, "subscription", &problem);
    if (!subscription || call_optional_number (self, "limit", 1, LISTED_MOST, &limit, &problem) ||
        call_optional_text (self, "after", &after, &problem) ||
        call_optional_text (self, "key", &key, &problem)) {
        call_fail (self, &problem);
        return;
    }
    query_t question = {.kind = QUERY_COUNTS,
                        .from = key ? key : after,
                        .limit_events = key ? 2 : (size_t)limit + 1};
    snprintf (question.text, sizeof question.text, "%s", subscription->id);
    call_ask_query (self, &question, counts_found);
}
