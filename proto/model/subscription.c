#include "proto/model/subscription.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned_json.h"
#include "proto/model/results.h"
#include "proto/model/results_form.h"
#include "proto/model/rfc3339.h"
#include "proto/model/subscription_form.h"
#include "proto/model/worker_form.h"

//  A subscription as it lies in memory; what `is` points to is ours.
typedef struct {
    atomic_uint references;
    subscription_t is;
    match_t *match;          //  NULL when it is the lender's
    subscription_t *lender;  //  a reference, or NULL
    json_t *document;
    char *deliver_json, *labels;
    int64_t *seqs;  //  of replay.from and replay.until
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
    retry_policy_t policy = {
        .max_attempts = (int32_t)number_of (document, "retry", "max_attempts"),
        .min_backoff_ms = number_of (document, "retry", "min_backoff_ms"),
        .max_backoff_ms = number_of (document, "retry", "max_backoff_ms"),
        .timeout_ms = number_of (document, "retry", "timeout_ms"),
        .ttl_ms = number_of (document, "retry", "ttl_ms"),
        .retry_after_most_ms = number_of (document, "retry", "retry_after_most_ms"),
        .disable_after_ms = number_of (document, "retry", "disable_after_ms"),
    };
    size_t i;
    json_t *pause;
    json_array_foreach (json_object_get (json_object_get (document, "retry"), "schedule_ms"), i,
                        pause) policy.schedule_ms [policy.schedule_count++] =
        json_integer_value (pause);
    return policy;
}

static breaker_policy_t
breaker_of (const json_t *document)
{
    return (breaker_policy_t){
        .failures = (int32_t)number_of (document, "breaker", "failures"),
        .probe_ms = number_of (document, "breaker", "probe_ms"),
        .probe_most_ms = number_of (document, "breaker", "probe_most_ms"),
    };
}

static batch_policy_t
batch_of (const json_t *document)
{
    return (batch_policy_t){
        .max_events = (int32_t)number_of (document, "batch", "max_events"),
        .max_wait_ms = number_of (document, "batch", "max_wait_ms"),
    };
}

static coalesce_policy_t
coalesce_of (const json_t *document)
{
    const json_t *coalesce = json_object_get (document, "coalesce");
    if (!coalesce)
        return (coalesce_policy_t){.by = COALESCE_NEVER};
    const char *by = text_of (coalesce, "by");
    coalesce_policy_t policy = {
        .by = COALESCE_BY_POINTER,
        .pointer = by,
        .window_ms = number_of (document, "coalesce", "window_ms"),
        .max = (int32_t)number_of (document, "coalesce", "max"),
        .keeps_all = strcmp (text_of (coalesce, "keep"), "all") == 0,
    };
    if (strcmp (by, "subject") == 0)
        policy.by = COALESCE_BY_SUBJECT;
    else if (strcmp (by, "key") == 0)
        policy.by = COALESCE_BY_KEY;
    return policy;
}

static ask_policy_t
ask_of (const json_t *document)
{
    const char *word = text_of (json_object_get (document, "ask"), "on_silence");
    return (ask_policy_t){
        .timeout_ms = number_of (document, "ask", "timeout_ms"),
        .on_silence = word && strcmp (word, "deny") == 0 ? DECISION_DENY : DECISION_ALLOW,
    };
}

static int64_t
time_of (const json_t *document, const char *name)
{
    int64_t ms = 0;
    const char *text = text_of (document, name);
    if (text)
        rfc3339_read (text, &ms);
    return ms;
}

static void
set_start (counted_t *self, const json_t *document)
{
    const json_t *start = json_object_get (document, "start");
    if (json_is_string (start))
        self->is.start =
            strcmp (json_string_value (start), "now") == 0 ? START_NOW : START_EARLIEST;
    else if (json_object_get (start, "time")) {
        self->is.start = START_TIME;
        self->is.start_at = time_of (start, "time");
    }
    else {
        self->is.start = START_SEQ;
        self->is.start_at = json_integer_value (json_object_get (start, "seq"));
    }
}

static keep_t
keep_of (const json_t *document)
{
    const char *word = text_of (document, "attempts");
    return strcmp (word, "all") == 0    ? KEEP_ALL
           : strcmp (word, "none") == 0 ? KEEP_NONE
                                        : KEEP_FAILURES;
}

static void
set_replay (counted_t *self, const json_t *document)
{
    const json_t *replay = json_object_get (document, "replay");
    if (!replay)
        return;
    const json_t *from = json_object_get (replay, "from");
    const json_t *until = json_object_get (replay, "until");
    size_t count = json_array_size (from);
    self->seqs = allocate (2 * count, sizeof *self->seqs);
    for (size_t i = 0; i < count; i++) {
        self->seqs [i] = json_integer_value (json_array_get (from, i));
        self->seqs [count + i] = json_integer_value (json_array_get (until, i));
    }
    self->is.replay = (replay_t){
        .id = text_of (replay, "id"),
        .of = text_of (replay, "of"),
        .from = self->seqs,
        .until = self->seqs + count,
        .partitions = count,
        .has_ended = flag_of (replay, "ended"),
    };
}

//  What a worker is told: the parts of the document that say what is to be done.
static char *
dump_deliver (const json_t *document)
{
    OWNED (json)
    json_t *parts = json_pack (
        "{sO sO* sO sO* sO* sO*}", "action", json_object_get (document, "action"), "deliver",
        json_object_get (document, "deliver"), "final",
        json_object_get (json_object_get (document, "retry"), "final"), "replay",
        json_object_get (json_object_get (document, "replay"), "id"), "batch",
        json_object_get (document, "batch"), "transform", json_object_get (document, "transform"));
    char *text = parts ? json_dumps (parts, JSON_COMPACT) : NULL;
    ASSERT (text, "a document that subscription_form_read made has all its parts");
    return text;
}

static brought_t
brought_of (const json_t *document)
{
    const json_t *brought = json_object_get (document, "brought");
    if (!brought)
        return (brought_t){.by = NULL};
    return (brought_t){.by = text_of (brought, "by"),
                       .revision = json_integer_value (json_object_get (brought, "revision")),
                       .keep = flag_of (brought, "keep")};
}

static emit_t
emit_of (const json_t *document)
{
    const json_t *emit = json_object_get (document, "emit");
    const char *source = text_of (emit, "source");
    if (!emit)
        return (emit_t){.type = results_form_delivers (document) ? RESULTS_TYPE : NULL,
                        .source = "tocsin"};
    return (emit_t){.type = text_of (emit, "type"),
                    .subject = text_of (emit, "subject"),
                    .source = source ? source : "tocsin"};
}

//  Takes the document, which subscription_form_read has made; the match is the caller's to keep.
static counted_t *
make (json_t *document, int64_t version, const match_t *match)
{
    counted_t *self = ALLOCATE (counted_t);
    atomic_init (&self->references, 1);
    self->document = document;
    self->deliver_json = dump_deliver (document);
    self->labels = worker_form_labels (document);
    self->is = (subscription_t){
        .id = text_of (document, "id"),
        .version = version,
        .created_ms = json_integer_value (json_object_get (document, "created")),
        .match = match,
        .action = text_of (json_object_get (document, "action"), "name"),
        .labels = self->labels,
        .deliver_json = self->deliver_json,
        .deliver_size = strlen (self->deliver_json),
        .retry = retry_of (document),
        .breaker = breaker_of (document),
        .batch = batch_of (document),
        .coalesce = coalesce_of (document),
        .is_asked = match_phase (match) == PHASE_PRE,
        .ask = ask_of (document),
        .replies = flag_of (document, "reply"),
        .in_flight_most = (int32_t)number_of (document, "limits", "in_flight"),
        .adapts = flag_of (json_object_get (document, "limits"), "adaptive"),
        .rate_per_second = json_number_value (
            json_object_get (json_object_get (document, "limits"), "rate_per_second")),
        .burst = number_of (document, "limits", "burst"),
        .order = strcmp (text_of (document, "order"), "key") == 0 ? ORDER_KEY : ORDER_NONE,
        .expires_ms = time_of (document, "expires"),
        .keep = keep_of (document),
        .is_broadcast = strcmp (text_of (document, "mode"), "broadcast") == 0,
        .is_paused = flag_of (document, "paused"),
        .is_disabled = flag_of (document, "disabled"),
        .disabled_because =
            flag_of (document, "disabled") ? text_of (document, "disabled_because") : "",
        .brought = brought_of (document),
        .emit = emit_of (document),
        .delivers_results = results_form_delivers (document),
        .results_of = text_of (document, "results_of"),
        .document = document,
    };
    set_start (self, document);
    set_replay (self, document);
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

//  With another document, and the match of the first one, which a pause leaves as it is.
static subscription_t *
derive (const subscription_t *self, json_t *document, int64_t version)
{
    const counted_t *all = counted (self);
    counted_t *made = make (document, version, self->match);
    made->lender = subscription_ref (all->lender ? all->lender : self);
    return &made->is;
}

subscription_t *
subscription_with_state (const subscription_t *self, int64_t version, bool is_paused,
                         const char *because)
{
    json_t *document = json_deep_copy (self->document);
    json_object_set_new (document, "paused", json_boolean (is_paused));
    json_object_set_new (document, "disabled", json_boolean (because != NULL));
    json_object_del (document, "disabled_because");
    if (because)
        json_object_set_new (document, "disabled_because", json_string (because));
    return derive (self, document, version);
}

subscription_t *
subscription_taken_over (const subscription_t *self)
{
    json_t *document = json_deep_copy (self->document);
    json_object_del (document, "brought");
    return derive (self, document, self->version);
}

static json_t *
dump_replay (const replay_t *replay)
{
    json_t *from = json_array (), *until = json_array ();
    for (size_t i = 0; i < replay->partitions; i++) {
        json_array_append_new (from, json_integer (replay->from [i]));
        json_array_append_new (until, json_integer (replay->until [i]));
    }
    return json_pack ("{ss ss so so sb}", "id", replay->id, "of", replay->of, "from", from, "until",
                      until, "ended", (int)replay->has_ended);
}

subscription_t *
subscription_replay (const subscription_t *self, int64_t version, const replay_t *replay,
                     const json_t *match, double rate_per_second, const limits_t *limits,
                     problem_t *problem)
{
    OWNED (json) json_t *document = json_deep_copy (self->document);
    json_object_set_new (document, "id", json_sprintf ("%s~%s", self->id, replay->id));
    json_object_set_new (document, "start", json_string ("earliest"));
    json_object_set_new (document, "replay", dump_replay (replay));
    json_object_set_new (document, "paused", json_false ());
    json_object_set_new (document, "disabled", json_false ());
    json_object_set_new (document, "created", json_integer (version));
    json_object_del (document, "expires");
    json_object_del (document, "brought");
    if (match)
        json_object_set_new (document, "match", json_deep_copy (match));
    if (rate_per_second > 0) {
        json_t *rates = json_object_get (document, "limits");
        json_object_set_new (rates, "rate_per_second", json_real (rate_per_second));
        json_object_del (rates, "burst");
    }
    return subscription_new (document, version, limits, problem);
}

subscription_t *
subscription_replay_ended (const subscription_t *self, int64_t version)
{
    json_t *document = json_deep_copy (self->document);
    json_object_set_new (json_object_get (document, "replay"), "ended", json_true ());
    return derive (self, document, version);
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
    free (all->labels);
    free (all->seqs);
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
