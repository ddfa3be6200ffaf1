#include "broker/intake.h"

#include <string.h>

#include "broker/core/view.h"
#include "proto/model/owned_json.h"

int64_t
intake_next_version (edge_t *edge, const subscription_t *old)
{
    int64_t now_ms = edge_now_ms (edge);
    return old && now_ms <= old->version ? old->version + 1 : now_ms;
}

const char *
intake_secret (const json_t *document)
{
    return json_string_value (json_object_get (json_object_get (document, "deliver"), "secret"));
}

//  ---- whoever makes it

static status_t
intake_check_kind (const json_t *given, problem_t *problem)
{
    if (!json_is_object (given))
        return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "data",
                           "data: a subscription is a JSON object");
    if (json_object_get (given, "replay"))
        return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "replay",
                           "replay: a replay is made with POST /v1/subscriptions/ID/replays");
    if (json_object_get (given, "results_of"))
        return problem_at (
            problem, STATUS_BAD_SUBSCRIPTION, "results_of",
            "results_of: a companion comes with the deliver.url of its subscription");
    return STATUS_OK;
}

//  Who brought it is ours to say; who sends back what he was shown may leave it in.
static void
intake_note_bringer (json_t *document, const brought_t *brought)
{
    json_object_del (document, "brought");
    if (brought)
        json_object_set_new (document, "brought",
                             json_pack ("{s:s, s:I, s:b}", "by", brought->by, "revision",
                                        (json_int_t)brought->revision, "keep", brought->keep));
}

subscription_t *
intake_read (edge_t *edge, const json_t *given, const subscription_t *old, const brought_t *brought,
             problem_t *problem)
{
    if (intake_check_kind (given, problem))
        return NULL;
    int64_t version = intake_next_version (edge, old);
    OWNED (json) json_t *document = json_copy ((json_t *)(uintptr_t)given);
    json_object_set_new (document, "created", json_integer (old ? old->created_ms : version));
    intake_note_bringer (document, brought);
    OWNED (subscription)
    subscription_t *made = subscription_new (document, version, edge->limits, problem);
    if (!made || offers_check (&edge->offers, json_object_get (made->document, "action"), problem))
        return NULL;
    return TAKE (made);
}

json_t *
intake_complete (const json_t *given, const char *id, const subscription_t *old, problem_t *problem)
{
    const json_t *given_id = json_object_get (given, "id");
    if (!json_is_object (given)) {
        problem_at (problem, STATUS_BAD_SUBSCRIPTION, "data", "data: a subscription is an object");
        return NULL;
    }
    if (given_id &&
        (!json_is_string (given_id) || strcmp (json_string_value (given_id), id) != 0)) {
        problem_at (problem, STATUS_BAD_SUBSCRIPTION, "id",
                    "id: it is not the \"%.60s\" of the URL", id);
        return NULL;
    }
    json_t *document = json_deep_copy (given);
    json_object_set_new (document, "id", json_string (id));
    json_t *deliver = json_object_get (document, "deliver");
    const char *old_secret = old ? intake_secret (old->document) : NULL;
    if (old_secret && json_is_object (deliver) && !json_object_get (deliver, "secret"))
        json_object_set_new (deliver, "secret", json_string (old_secret));
    return document;
}

status_t
intake_check_start (const edge_t *edge, const subscription_t *made, problem_t *problem)
{
    int64_t last_seq = 0;
    for (int32_t i = 0; i < edge->partitions; i++)
        if (core_last_seq (edge->core, i) > last_seq)
            last_seq = core_last_seq (edge->core, i);
    if (made->start != START_SEQ || made->start_at <= last_seq + 1)
        return STATUS_OK;
    return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "start.seq",
                       "start.seq: %lld is beyond the log, which ends with %lld; \"now\" begins "
                       "with what comes next",
                       (long long)made->start_at, (long long)last_seq);
}

status_t
intake_check_mode (const subscription_t *old, const subscription_t *made, problem_t *problem)
{
    if (made->is_broadcast == old->is_broadcast)
        return STATUS_OK;
    return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "mode",
                       "mode: it stays what it was made with: make another subscription, and "
                       "delete this one");
}

//  ---- a worker brings it

//  What it says beside the document: what there is of it, and that it is complete.
static json_t *
intake_open (const char *text, const char **id, brought_t *brought, problem_t *problem)
{
    json_error_t error;
    json_t *document = json_loads (text, JSON_REJECT_DUPLICATES, &error);
    const json_t *revision = json_object_get (document, "revision");
    const json_t *keep = json_object_get (document, "keep");
    *id = json_string_value (json_object_get (document, "id"));
    if (!document)
        problem_set (problem, STATUS_BAD_JSON, "line %d, column %d: %s", error.line, error.column,
                     error.text);
    else if (!*id)
        problem_at (problem, STATUS_BAD_SUBSCRIPTION, "id",
                    "id: it is missing: what is brought has a name, so that it is the same each "
                    "time");
    else if (!json_is_integer (revision) || json_integer_value (revision) < 0)
        problem_at (problem, STATUS_BAD_SUBSCRIPTION, "revision",
                    "revision: it is a whole number, which rises with each change");
    else if (keep && !json_is_boolean (keep))
        problem_at (problem, STATUS_BAD_SUBSCRIPTION, "keep", "keep: it is true or false");
    else {
        brought->revision = json_integer_value (revision);
        brought->keep = json_is_true (keep);
        json_object_del (document, "revision");
        json_object_del (document, "keep");
        return document;
    }
    json_decref (document);
    return NULL;
}

static bool
intake_offers (const message_t *hello, const char *action)
{
    for (size_t i = 0; i < hello->action_count; i++)
        if (strcmp (hello->actions [i], action) == 0)
            return true;
    return false;
}

static status_t
intake_check_brought (const edge_t *edge, const message_t *hello, const subscription_t *old,
                      const subscription_t *made, problem_t *problem)
{
    if (!intake_offers (hello, made->action))
        return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "action.name",
                           "action.name: a worker brings subscriptions of actions that it offers, "
                           "and \"%.60s\" is none of them",
                           made->action);
    if (!old && made->start == START_TIME)
        return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "start.time",
                           "start.time: one that is brought begins \"now\", \"earliest\" or with a "
                           "seq");
    if (!old)
        return intake_check_start (edge, made, problem);
    return intake_check_mode (old, made, problem);
}

status_t
intake_bring (edge_t *edge, const input_t *from, const message_t *hello, const char *text,
              problem_t *problem)
{
    const char *id;
    brought_t brought = {.by = hello->name};
    OWNED (json) json_t *given = intake_open (text, &id, &brought, problem);
    if (!given)
        return problem->status;
    const subscription_t *old = core_subscription (edge->core, id);
    OWNED (subscription) subscription_t *made = NULL;
    if (!old || (old->brought.by && brought.revision > old->brought.revision)) {
        OWNED (json) json_t *document = intake_complete (given, id, old, problem);
        made = document ? intake_read (edge, document, old, &brought, problem) : NULL;
        if (!made || intake_check_brought (edge, hello, old, made, problem))
            return problem->status;
    }
    input_t input = *from;
    input.kind = INPUT_BRING;
    input.bring.id = id;
    input.bring.subscription = made;
    edge_step (edge, &input);
    return STATUS_OK;
}
