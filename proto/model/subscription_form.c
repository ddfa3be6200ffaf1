#include "proto/model/subscription_form.h"

#include <sodium.h>
#include <string.h>

#include "proto/model/ask_form.h"
#include "proto/model/assert.h"
#include "proto/model/burst_form.h"
#include "proto/model/deliver_form.h"
#include "proto/model/form.h"
#include "proto/model/owned_json.h"
#include "proto/model/policy_form.h"
#include "proto/model/results_form.h"
#include "proto/model/rfc3339.h"
#include "proto/model/worker_form.h"

enum { ID_RANDOM = 16 };     //  letters of base32: 80 bits
enum { RANGES_MOST = 256 };  //  of a replay: one for each partition
enum { TIME_BYTES = 64 };
enum { TRANSFORM_BYTES = 16384 };

static bool
is_name (const char *text, const char *also)
{
    static const char letters [] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    while (*text && (strchr (letters, *text) || strchr (also, *text)))
        text++;
    return !*text;
}

static json_t *
make_id (void)
{
    static const char base32 [] = "abcdefghijklmnopqrstuvwxyz234567";
    ASSERT (sodium_init () >= 0, "without random numbers ids would repeat");
    char id [ID_RANDOM + 1] = {0};
    for (int i = 0; i < ID_RANDOM; i++)
        id [i] = base32 [randombytes_uniform (32)];
    return json_sprintf ("sub_%s", id);
}

static status_t
read_id (const form_t *form)
{
    if (!json_object_get (form->json, "id")) {
        json_object_set_new (form->made, "id", make_id ());
        return STATUS_OK;
    }
    const char *id = form_text (form, "id", (size_t)form->limits->name_bytes);
    if (!id)
        return form->status;
    bool is_derived =
        json_object_get (form->json, "replay") || json_object_get (form->json, "results_of");
    if (!is_name (id, is_derived ? ".~" : "."))
        return form_refuse (form, "id",
                            "\"%.60s\" has other characters than A-Z, a-z, 0-9, _ . and -", id);
    json_object_set_new (form->made, "id", json_string (id));
    return STATUS_OK;
}

//  What else an action wants to know is its own affair: the worker that offers it says in a schema
//  what that may be (json_schema.h). Of a webhook there is nothing more to say.
static status_t
read_parameters (const form_t *action, const char *name)
{
    if (strcmp (name, "webhook") == 0)
        return form_members (action, "name");
    const char *member;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)action->json, member, value)
    {
        json_object_set_new (action->made, member, json_deep_copy (value));
    }
    return STATUS_OK;
}

static status_t
read_action (const form_t *form)
{
    form_t action = form_part (form, "action");
    if (action.json && !json_is_object (action.json))
        return form_refuse (&action, "", "it is an object with name, and what that action wants");
    const char *name =
        action.json ? form_text (&action, "name", (size_t)form->limits->name_bytes) : "webhook";
    if (!name)
        return form->status;
    if (!is_name (name, ""))
        return form_refuse (&action, "name",
                            "\"%.60s\" has other characters than A-Z, a-z, 0-9, _ and -", name);
    json_object_set_new (action.made, "name", json_string (name));
    return read_parameters (&action, name);
}

//  A webhook goes somewhere; other actions may do without.
static status_t
read_deliver (const form_t *form)
{
    const json_t *action = json_object_get (form->made, "action");
    bool is_webhook = strcmp (json_string_value (json_object_get (action, "name")), "webhook") == 0;
    if (!json_object_get (form->json, "deliver")) {
        if (!is_webhook)
            return STATUS_OK;
        return form_refuse (
            form, "deliver",
            "it is missing; say where to, as in {\"url\": \"https://consumer.example/hook\"}");
    }
    form_t deliver = form_part (form, "deliver");
    return deliver_form_read (&deliver);
}

static status_t
read_mode (const form_t *form)
{
    return form_word (form, "mode", "queue broadcast", "queue");
}

static status_t
read_match (const form_t *form)
{
    json_t *match = json_object_get (form->json, "match");
    if (!match)
        return form_refuse (
            form, "match",
            "it is missing; say which events, as in {\"type\": \"kinto.record.*\"}; {} wants all");
    json_object_set_new (form->made, "match", json_deep_copy (match));
    return STATUS_OK;
}

static status_t
read_state (const form_t *form)
{
    status_t status = form_flag (form, "paused", false);
    if (status == STATUS_OK)
        status = form_flag (form, "disabled", false);
    if (status != STATUS_OK || !json_is_true (json_object_get (form->made, "disabled")))
        return status;
    return form_word (form, "disabled_because", "asked gone failing", "asked");
}

static status_t
read_order (const form_t *form)
{
    return form_word (form, "order", "none key", "none");
}

static status_t
read_time (const form_t *form, const char *name)
{
    int64_t ms;
    const char *text = form_text (form, name, TIME_BYTES);
    if (!text)
        return form->status;
    if (!rfc3339_read (text, &ms) || ms < 0)
        return form_refuse (form, name, "\"%.60s\" is no time, as in 2026-11-24T03:00:00Z", text);
    json_object_set_new (form->made, name, json_string (text));
    return STATUS_OK;
}

//  "now", "earliest", {"time": …} or {"seq": …}.
static status_t
read_start (const form_t *form)
{
    const char *mode = json_string_value (json_object_get (form->made, "mode"));
    bool is_place = json_is_object (json_object_get (form->json, "start"));
    if (is_place && strcmp (mode, "broadcast") == 0)
        return form_refuse (form, "start",
                            "it is \"now\" or \"earliest\" with \"mode\": \"broadcast\": where "
                            "a worker begins that has not heard of it before");
    if (!is_place)
        return form_word (form, "start", "now earliest", "now");
    form_t start = form_part (form, "start");
    status_t status = form_members (&start, "time seq");
    if (status != STATUS_OK)
        return status;
    if (json_object_size (start.json) != 1)
        return form_refuse (&start, "", "it has one of time and seq");
    if (json_object_get (start.json, "time"))
        return read_time (&start, "time");
    return form_integer (&start, "seq", 1, 1, INT64_MAX);
}

static status_t
read_expires (const form_t *form)
{
    return json_object_get (form->json, "expires") ? read_time (form, "expires") : STATUS_OK;
}

static status_t
read_attempts (const form_t *form)
{
    return form_word (form, "attempts", "all failures none", "all");
}

//  ---- replay: our own, so that what is wrong with it was damaged

static status_t
read_ranges (const form_t *replay, const char *name)
{
    const json_t *ranges = json_object_get (replay->json, name);
    if (!json_is_array (ranges) || json_array_size (ranges) > RANGES_MOST)
        return form_refuse (replay, name, "it is an array of seqs, one for each partition");
    size_t i;
    json_t *seq;
    json_array_foreach (ranges, i, seq)
    {
        if (!json_is_integer (seq) || json_integer_value (seq) < 0)
            return form_refuse (replay, name, "its element %zu is no seq", i);
    }
    json_object_set_new (replay->made, name, json_copy ((json_t *)(uintptr_t)ranges));
    return STATUS_OK;
}

static status_t
read_replay (const form_t *form)
{
    if (!json_object_get (form->json, "replay"))
        return STATUS_OK;
    form_t replay = form_part (form, "replay");
    status_t status = form_members (&replay, "id of from until ended");
    const char *const texts [] = {"id", "of"};
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++) {
        const char *text = form_text (&replay, texts [i], (size_t)form->limits->name_bytes);
        if (!text)
            return form->status;
        json_object_set_new (replay.made, texts [i], json_string (text));
    }
    if (status == STATUS_OK)
        status = read_ranges (&replay, "from");
    if (status == STATUS_OK)
        status = read_ranges (&replay, "until");
    return status == STATUS_OK ? form_flag (&replay, "ended", false) : status;
}

//  What is told to everybody has no outcome that anybody waits for, and goes one by one.
static status_t
read_broadcast (const form_t *form)
{
    static const char *const others [] = {"emit", "reply", "batch", "coalesce"};
    const char *mode = json_string_value (json_object_get (form->made, "mode"));
    if (strcmp (mode, "broadcast") != 0)
        return STATUS_OK;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (json_object_get (form->made, others [i]))
            return form_refuse (form, others [i],
                                "there is none with \"mode\": \"broadcast\": each worker performs "
                                "each event by itself, and tells nobody how that went");
    if (json_object_get (form->made, "results"))
        return form_refuse (form, "deliver.url",
                            "of another action than webhook there is none with \"mode\": "
                            "\"broadcast\": its results go nowhere");
    return STATUS_OK;
}

//  Whoever makes one for good has set it; one from before there was such a member has none.
static status_t
read_created (const form_t *form)
{
    return json_object_get (form->json, "created") ? form_integer (form, "created", 0, 0, INT64_MAX)
                                                   : STATUS_OK;
}

//  Whether it is a program of jq is asked by whoever takes the request, of a process that knows jq.
static status_t
read_transform (const form_t *form)
{
    if (!json_object_get (form->json, "transform"))
        return STATUS_OK;
    form_t transform = form_part (form, "transform");
    status_t status = form_members (&transform, "jq");
    const json_t *program = json_object_get (transform.json, "jq");
    size_t size = json_string_length (program);
    if (status == STATUS_OK && (size == 0 || size > TRANSFORM_BYTES))
        status = form_refuse (&transform, "jq", "it is a program of jq, of 1 to %d bytes",
                              TRANSFORM_BYTES);
    if (status == STATUS_OK)
        json_object_set (transform.made, "jq", (json_t *)(uintptr_t)program);
    return status;
}

static status_t
read_document (const form_t *form)
{
    static status_t (*const readers []) (const form_t *) = {read_id,
                                                            read_match,
                                                            read_action,
                                                            read_deliver,
                                                            read_transform,
                                                            read_mode,
                                                            read_order,
                                                            read_start,
                                                            read_expires,
                                                            policy_form_retry,
                                                            policy_form_limits,
                                                            policy_form_breaker,
                                                            read_attempts,
                                                            read_state,
                                                            read_replay,
                                                            read_created,
                                                            burst_form_read,
                                                            results_form_emit,
                                                            results_form_results,
                                                            results_form_of,
                                                            read_broadcast,
                                                            ask_form_read,
                                                            ask_form_reply,
                                                            worker_form_read,
                                                            worker_form_brought};
    //  created and last_modified are ours; who sends back what he was shown may leave them in.
    status_t status =
        form_members (form, "id match action deliver transform mode order start expires retry "
                            "limits breaker attempts paused disabled "
                            "disabled_because replay created last_modified "
                            "batch coalesce emit results results_of ask reply worker brought");
    for (size_t i = 0; i < sizeof (readers) / sizeof (*readers) && status == STATUS_OK; i++)
        status = readers [i](form);
    return status;
}

json_t *
subscription_form_read (const json_t *document, const limits_t *limits, problem_t *problem)
{
    OWNED (json) json_t *made = json_object ();
    form_t form = {.at = "",
                   .json = document,
                   .made = made,
                   .limits = limits,
                   .status = STATUS_BAD_SUBSCRIPTION,
                   .problem = problem};
    if (!json_is_object (document)) {
        form_refuse (&form, "", "it is an object with match, deliver …");
        return NULL;
    }
    if (read_document (&form) != STATUS_OK)
        return NULL;
    size_t size = json_dumpb (made, NULL, 0, JSON_COMPACT);
    if ((int64_t)size > limits->subscription_bytes) {
        problem_set (problem, STATUS_TOO_LARGE,
                     "the subscription: %zu bytes are more than limits/subscription_bytes (%lld)",
                     size, (long long)limits->subscription_bytes);
        return NULL;
    }
    return TAKE (made);
}
