#include "proto/model/subscription_form.h"

#include <sodium.h>
#include <string.h>

#include "proto/model/assert.h"
#include "proto/model/deliver_form.h"
#include "proto/model/form.h"
#include "proto/model/owned_json.h"

enum { ATTEMPTS_MOST = 100, IN_FLIGHT_MOST = 1024, FINALS = 32 };
enum { BACKOFF_MOST_MS = 7 * 24 * 3600 * 1000, TIMEOUT_MOST_MS = 3600 * 1000 };
enum { ID_RANDOM = 16 };  //  letters of base32: 80 bits

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
    if (!is_name (id, "."))
        return form_refuse (form, "id",
                            "\"%.60s\" has other characters than A-Z, a-z, 0-9, _ . and -", id);
    json_object_set_new (form->made, "id", json_string (id));
    return STATUS_OK;
}

//  The object of a member, as a form of its own; its made goes into the parent's.
static form_t
part_of (const form_t *form, const char *name)
{
    form_t part = *form;
    part.at = name;
    part.json = json_object_get (form->json, name);
    part.made = json_object ();
    json_object_set_new (form->made, name, part.made);
    return part;
}

static status_t
read_action (const form_t *form)
{
    form_t action = part_of (form, "action");
    status_t status = form_members (&action, "name");
    if (status != STATUS_OK)
        return status;
    const char *name =
        action.json ? form_text (&action, "name", (size_t)form->limits->name_bytes) : "webhook";
    if (!name)
        return form->status;
    if (!is_name (name, ""))
        return form_refuse (&action, "name",
                            "\"%.60s\" has other characters than A-Z, a-z, 0-9, _ and -", name);
    json_object_set_new (action.made, "name", json_string (name));
    return STATUS_OK;
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
    form_t deliver = part_of (form, "deliver");
    return deliver_form_read (&deliver);
}

static status_t
read_mode (const form_t *form)
{
    const char *mode = json_string_value (json_object_get (form->json, "mode"));
    if (mode && strcmp (mode, "broadcast") == 0)
        return form_refuse (form, "mode",
                            "\"broadcast\" is not offered by this version; there is queue");
    return form_word (form, "mode", "queue", "queue");
}

//  These have a meaning of their own: tried again, or (410) the end of the subscription.
static bool
can_be_final (json_int_t code)
{
    return code >= 400 && code <= 599 && code != 408 && code != 410 && code != 425 && code != 429 &&
           code != 503;
}

static status_t
read_final (const form_t *retry)
{
    json_t *final = json_object_get (retry->json, "final");
    if (final && (!json_is_array (final) || json_array_size (final) > FINALS))
        return form_refuse (retry, "final",
                            "it is an array of at most %d HTTP statuses, as in [400, 404]", FINALS);
    size_t i;
    json_t *code;
    json_array_foreach (final, i, code)
    {
        if (!json_is_integer (code) || !can_be_final (json_integer_value (code)))
            return form_refuse (
                retry, "final",
                "its element %zu is no HTTP status in 400 … 599 without 408, 410, 425, 429 and 503, which have their own meaning",
                i);
    }
    json_object_set_new (retry->made, "final", final ? json_copy (final) : json_array ());
    return STATUS_OK;
}

static status_t
read_retry (const form_t *form)
{
    form_t retry = part_of (form, "retry");
    status_t status =
        form_members (&retry, "max_attempts min_backoff_ms max_backoff_ms timeout_ms final");
    if (status == STATUS_OK)
        status = form_integer (&retry, "max_attempts", 12, 1, ATTEMPTS_MOST);
    if (status == STATUS_OK)
        status = form_integer (&retry, "min_backoff_ms", 1000, 1, BACKOFF_MOST_MS);
    if (status != STATUS_OK)
        return status;
    int64_t least = json_integer_value (json_object_get (retry.made, "min_backoff_ms"));
    status = form_integer (&retry, "max_backoff_ms", least > 3600000 ? least : 3600000, least,
                           BACKOFF_MOST_MS);
    if (status == STATUS_OK)
        status = form_integer (&retry, "timeout_ms", 15000, 1, TIMEOUT_MOST_MS);
    return status == STATUS_OK ? read_final (&retry) : status;
}

static status_t
read_limits (const form_t *form)
{
    form_t limits = part_of (form, "limits");
    status_t status = form_members (&limits, "in_flight");
    return status == STATUS_OK ? form_integer (&limits, "in_flight", 16, 1, IN_FLIGHT_MOST)
                               : status;
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
    return status == STATUS_OK ? form_flag (form, "disabled", false) : status;
}

static status_t
read_order (const form_t *form)
{
    return form_word (form, "order", "none key", "none");
}

static status_t
read_start (const form_t *form)
{
    return form_word (form, "start", "now earliest", "now");
}

static status_t
read_document (const form_t *form)
{
    static status_t (*const readers []) (const form_t *) = {
        read_id,    read_match, read_action, read_deliver, read_mode,
        read_order, read_start, read_retry,  read_limits,  read_state};
    //  last_modified is ours; who sends back what he was shown may leave it in.
    status_t status = form_members (form, "id match action deliver mode order start retry limits "
                                          "paused disabled last_modified");
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
