/*  calls_subscriptions – the methods subscription.*: who wants which events.
 *
 *  The core has all of them in memory, so reading ends at once; a change ends when it is on disk.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/call.h"
#include "broker/core/view.h"
#include "broker/intake.h"
#include "proto/model/allocate.h"

enum { LISTED = 1000 };  //  subscriptions in one answer, if nobody asks for fewer

subscription_t *
call_subscription_or_replay (const call_t *self, const char *name, problem_t *problem)
{
    const char *id;
    if (call_text (self, name, &id, problem) != STATUS_OK)
        return NULL;
    subscription_t *subscription = core_subscription (self->edge->core, id);
    if (!subscription)
        problem_at (problem, STATUS_NOT_FOUND, name,
                    "there is no subscription \"%.60s\": it was never made, was deleted, or has "
                    "expired",
                    id);
    return subscription;
}

subscription_t *
call_subscription (const call_t *self, const char *name, problem_t *problem)
{
    subscription_t *subscription = call_subscription_or_replay (self, name, problem);
    if (!subscription || !subscription->replay.id)
        return subscription;
    problem_at (problem, STATUS_NOT_FOUND, name, "\"%.60s\" is a replay, and no subscription",
                subscription->id);
    return NULL;
}

status_t
call_check_version (const call_t *self, const subscription_t *subscription, problem_t *problem)
{
    int64_t seen;
    if (!json_object_get (self->args, "if_match"))
        return STATUS_OK;
    status_t status = call_number (self, "if_match", &seen, problem);
    if (status != STATUS_OK)
        return status;
    if (!subscription || subscription->version != seen)
        return problem_set (problem, STATUS_CHANGED,
                            "the subscription was changed since: read it again");
    return STATUS_OK;
}

int64_t
call_next_version (const call_t *self, const subscription_t *old)
{
    return intake_next_version (self->edge, old);
}

void
call_subscribe (call_t *self, subscription_t *subscription)
{
    input_t input = {.kind = INPUT_SUBSCRIBE, .peer = self->peer, .request = self->number};
    input.subscribe.subscription = subscription;
    edge_step (self->edge, &input);
}

//  ---- create

static void
made_free (void *more)
{
    subscription_t *made = more;
    subscription_destroy (&made);
}

//  Somebody may have been faster while the store was asked.
static void
start_found (call_t *self, query_t *query)
{
    problem_t problem = {0};
    subscription_t *made = self->more;
    if (core_subscription (self->edge->core, made->id)) {
        problem_at (&problem, STATUS_ID_TAKEN, "id", "there is a subscription \"%.60s\" already",
                    made->id);
        call_fail (self, &problem);
        return;
    }
    input_t input = {.kind = INPUT_SUBSCRIBE, .peer = self->peer, .request = self->number};
    input.subscribe.subscription = made;
    input.subscribe.start_seqs = query->seqs;
    edge_step (self->edge, &input);
}

//  A new one: where a time is in the log, the store knows.
static void
subscribe_new (call_t *self, subscription_t *made)
{
    if (made->start != START_TIME) {
        call_subscribe (self, made);
        return;
    }
    self->more = subscription_ref (made);
    self->more_free = made_free;
    query_t question = {.kind = QUERY_SEQS, .partition = self->edge->partitions};
    question.times_ms [0] = made->start_at;
    call_ask_query (self, &question, start_found);
}

void
call_subscription_create (call_t *self)
{
    problem_t problem = {0};
    OWNED (subscription)
    subscription_t *made =
        intake_read (self->edge, json_object_get (self->args, "document"), NULL, NULL, &problem);
    if (made && core_subscription (self->edge->core, made->id))
        problem_at (&problem, STATUS_ID_TAKEN, "id", "there is a subscription \"%.60s\" already",
                    made->id);
    else if (made)
        intake_check_start (self->edge, made, &problem);
    if (problem.status != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    self->prepared = json_pack ("{s:o}", "data", subscription_show (made, true));
    subscribe_new (self, made);
}

void
call_subscription_get (call_t *self)
{
    problem_t problem = {0};
    const subscription_t *found = call_subscription (self, "id", &problem);
    if (found)
        call_reply (self, json_pack ("{s:o}", "data", subscription_show (found, false)));
    else
        call_fail (self, &problem);
}

//  ---- replace

static subscription_t *
replacement (call_t *self, const subscription_t **old, problem_t *problem)
{
    const char *id;
    if (call_text (self, "id", &id, problem) != STATUS_OK)
        return NULL;
    *old = core_subscription (self->edge->core, id);
    if (call_check_version (self, *old, problem) != STATUS_OK)
        return NULL;
    if (*old && json_is_true (json_object_get (self->args, "if_none_match"))) {
        problem_set (problem, STATUS_CHANGED, "there is a subscription \"%.60s\" already", id);
        return NULL;
    }
    OWNED (json)
    json_t *document =
        intake_complete (json_object_get (self->args, "document"), id, *old, problem);
    OWNED (subscription)
    subscription_t *made =
        document ? intake_read (self->edge, document, *old, NULL, problem) : NULL;
    if (made && *old && intake_check_mode (*old, made, problem))
        return NULL;
    return TAKE (made);
}

void
call_subscription_replace (call_t *self)
{
    problem_t problem = {0};
    const subscription_t *old = NULL;
    OWNED (subscription) subscription_t *made = replacement (self, &old, &problem);
    if (!made) {
        call_fail (self, &problem);
        return;
    }
    const char *old_secret = old ? intake_secret (old->document) : NULL;
    const char *secret = intake_secret (made->document);
    bool is_shown = secret && (!old_secret || strcmp (secret, old_secret) != 0);
    self->prepared =
        json_pack ("{s:b, s:o}", "created", !old, "data", subscription_show (made, is_shown));
    if (old)
        call_subscribe (self, made);
    else
        subscribe_new (self, made);
}

static void
unsubscribe (call_t *self, const char *id)
{
    input_t input = {.kind = INPUT_UNSUBSCRIBE, .peer = self->peer, .request = self->number};
    input.unsubscribe.id = id;
    edge_step (self->edge, &input);
}

void
call_subscription_delete (call_t *self)
{
    problem_t problem = {0};
    const subscription_t *old = call_subscription (self, "id", &problem);
    const char *id = json_string_value (json_object_get (self->args, "id"));
    if (problem.status == STATUS_NOT_FOUND && !core_subscription (self->edge->core, id)) {
        //  The core says so when what came before is on disk.
        unsubscribe (self, id);
        return;
    }
    if (old && old->results_of)
        problem_at (&problem, STATUS_BAD_REQUEST, "id",
                    "it delivers the results of \"%.60s\": it goes with that, or with its "
                    "deliver.url",
                    old->results_of);
    if (problem.status != STATUS_OK || call_check_version (self, old, &problem) != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    self->prepared = json_pack ("{s:{s:s, s:b, s:I}}", "data", "id", id, "deleted", 1,
                                "last_modified", (json_int_t)call_next_version (self, old));
    unsubscribe (self, id);
}

//  ---- list

typedef struct {
    const char *after;  //  ids above this one
    const subscription_t **list;
    size_t count, room;
    size_t total;  //  whatever their ids
} subscription_list_t;

static void
list_add (void *context, subscription_t *subscription)
{
    subscription_list_t *self = context;
    if (subscription->replay.id || subscription->results_of)
        return;  //  of one of the others: replay.list has it, or it comes with that one
    self->total++;
    if (strcmp (subscription->id, self->after) <= 0)
        return;
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 64;
        self->list = allocate_again (self->list, self->room, sizeof *self->list);
    }
    self->list [self->count++] = subscription;
}

static int
compare_ids (const void *a, const void *b)
{
    const subscription_t *const *x = a, *const *y = b;
    return strcmp ((*x)->id, (*y)->id);
}

//  As many as fit into a message, at most `limit`; how many.
static size_t
show_list (const call_t *self, const subscription_list_t *listing, size_t limit, json_t *data)
{
    size_t bytes = 0, most = call_reply_most (self) / 2;
    for (size_t i = 0; i < listing->count; i++) {
        json_t *shown = subscription_show (listing->list [i], false);
        bytes += json_dumpb (shown, NULL, 0, JSON_COMPACT) + 1;
        if (i == limit || bytes > most) {
            json_decref (shown);
            return i;
        }
        json_array_append_new (data, shown);
    }
    return listing->count;
}

void
call_subscription_list (call_t *self)
{
    int64_t limit = LISTED;
    subscription_list_t listing = {.after = ""};
    problem_t problem = {0};
    if ((json_object_get (self->args, "limit") &&
         call_number (self, "limit", &limit, &problem) != STATUS_OK) ||
        (json_object_get (self->args, "after") &&
         call_text (self, "after", &listing.after, &problem) != STATUS_OK)) {
        call_fail (self, &problem);
        return;
    }
    if (limit < 1 || limit > LISTED)
        limit = LISTED;
    core_each_subscription (self->edge->core, list_add, &listing);
    if (listing.count > 0)
        qsort (listing.list, listing.count, sizeof *listing.list, compare_ids);
    json_t *data = json_array ();
    size_t shown = show_list (self, &listing, (size_t)limit, data);
    json_t *answer = json_pack ("{s:o, s:I}", "data", data, "total", (json_int_t)listing.total);
    if (shown > 0 && shown < listing.count)
        json_object_set_new (answer, "next", json_string (listing.list [shown - 1]->id));
    free (listing.list);
    call_reply (self, answer);
}
