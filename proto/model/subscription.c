#include "proto/model/subscription.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned_json.h"
#include "proto/model/subscription_form.h"

//  A subscription as it lies in memory; what `is` points to is ours.
typedef struct {
    atomic_uint references;
    subscription_t is;
    match_t *match;          //  NULL when it is the lender's
    subscription_t *lender;  //  a reference, or NULL
    json_t *document;
    char *deliver_json;
} counted_t;

static counted_t *
counted (const subscription_t *subscription)
{
    return (counted_t *)((char *)(uintptr_t)subscription - offsetof (counted_t, is));
}

static const char *
text_of (const json_t *document, const char *name)
{
    return json_string_value (json_object_get (document, name));
}

static int64_t
number_of (const json_t *document, const char *part, const char *name)
{
    return json_integer_value (json_object_get (json_object_get (document, part), name));
}

static bool
flag_of (const json_t *document, const char *name)
{
    return json_is_true (json_object_get (document, name));
}

static retry_policy_t
retry_of (const json_t *document)
{
    return (retry_policy_t){
        .max_attempts = (int32_t)number_of (document, "retry", "max_attempts"),
        .min_backoff_ms = number_of (document, "retry", "min_backoff_ms"),
        .max_backoff_ms = number_of (document, "retry", "max_backoff_ms"),
        .timeout_ms = number_of (document, "retry", "timeout_ms"),
    };
}

//  What a worker is told: the parts of the document that say what is to be done.
static char *
dump_deliver (const json_t *document)
{
    OWNED (json)
    json_t *parts = json_pack ("{sO sO* sO}", "action", json_object_get (document, "action"),
                               "deliver", json_object_get (document, "deliver"), "final",
                               json_object_get (json_object_get (document, "retry"), "final"));
    char *text = parts ? json_dumps (parts, JSON_COMPACT) : NULL;
    ASSERT (text, "a document that subscription_form_read made has all its parts");
    return text;
}

//  Takes the document, which subscription_form_read has made; the match is the caller's to keep.
static counted_t *
make (json_t *document, int64_t version, const match_t *match)
{
    counted_t *self = ALLOCATE (counted_t);
    atomic_init (&self->references, 1);
    self->document = document;
    self->deliver_json = dump_deliver (document);
    self->is = (subscription_t){
        .id = text_of (document, "id"),
        .version = version,
        .match = match,
        .action = text_of (json_object_get (document, "action"), "name"),
        .deliver_json = self->deliver_json,
        .deliver_size = strlen (self->deliver_json),
        .retry = retry_of (document),
        .in_flight_most = (int32_t)number_of (document, "limits", "in_flight"),
        .order = strcmp (text_of (document, "order"), "key") == 0 ? ORDER_KEY : ORDER_NONE,
        .start = strcmp (text_of (document, "start"), "now") == 0 ? START_NOW : START_EARLIEST,
        .is_paused = flag_of (document, "paused"),
        .is_disabled = flag_of (document, "disabled"),
        .document = document,
    };
    return self;
}

subscription_t *
subscription_new (const json_t *document, int64_t version, const limits_t *limits,
                  problem_t *problem)
{
    OWNED (json) json_t *made = subscription_form_read (document, limits, problem);
    if (!made)
        return NULL;
    match_t *match = match_new (json_object_get (made, "match"), limits, problem);
    if (!match)
        return NULL;
    counted_t *self = make (TAKE (made), version, match);
    self->match = match;
    return &self->is;
}

subscription_t *
subscription_load (const char *text, size_t size, const limits_t *limits, problem_t *problem)
{
    json_error_t error;
    OWNED (json) json_t *document = json_loadb (text, size, JSON_REJECT_DUPLICATES, &error);
    if (!document) {
        problem_set (problem, STATUS_BAD_SUBSCRIPTION, "line %d, column %d: %s", error.line,
                     error.column, error.text);
        return NULL;
    }
    const json_t *version = json_object_get (document, "last_modified");
    if (!json_is_integer (version)) {
        problem_at (problem, STATUS_BAD_SUBSCRIPTION, "last_modified",
                    "last_modified: it is missing, or no whole number");
        return NULL;
    }
    return subscription_new (document, json_integer_value (version), limits, problem);
}

char *
subscription_dump (const subscription_t *self)
{
    OWNED (json) json_t *document = subscription_show (self, true);
    char *text = json_dumps (document, JSON_COMPACT);
    ASSERT (text, "what was parsed can be written");
    return text;
}

subscription_t *
subscription_with_state (const subscription_t *self, int64_t version, bool is_paused,
                         bool is_disabled)
{
    json_t *document = json_deep_copy (self->document);
    json_object_set_new (document, "paused", json_boolean (is_paused));
    json_object_set_new (document, "disabled", json_boolean (is_disabled));
    counted_t *self_all = counted (self);
    const subscription_t *lender = self_all->lender ? self_all->lender : self;
    counted_t *made = make (document, version, self->match);
    made->lender = subscription_ref (lender);
    return &made->is;
}

subscription_t *
subscription_ref (const subscription_t *self)
{
    counted_t *all = counted (self);
    unsigned before = atomic_fetch_add_explicit (&all->references, 1, memory_order_relaxed);
    ASSERT (before > 0 && before < UINT32_MAX, "one that is gone was kept without a reference");
    return &all->is;
}

void
subscription_destroy (subscription_t **self_p)
{
    subscription_t *self = *self_p;
    if (!self)
        return;
    *self_p = NULL;
    counted_t *all = counted (self);
    unsigned before = atomic_fetch_sub_explicit (&all->references, 1, memory_order_acq_rel);
    ASSERT (before > 0, "a reference was given back twice");
    if (before > 1)
        return;
    match_destroy (&all->match);
    subscription_destroy (&all->lender);
    json_decref (all->document);
    free (all->deliver_json);
    free (all);
}

json_t *
subscription_show (const subscription_t *self, bool with_secret)
{
    json_t *document = json_deep_copy (self->document);
    if (!with_secret)
        json_object_del (json_object_get (document, "deliver"), "secret");
    json_object_set_new (document, "last_modified", json_integer (self->version));
    return document;
}
