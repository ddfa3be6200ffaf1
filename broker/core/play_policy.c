/*  play_policy – the lines of a play about subscriptions and what people ask for. */
#include <stdlib.h>
#include <string.h>

#include "broker/core/play_cast_state.h"
#include "proto/model/assert.h"
#include "proto/model/moment.h"
#include "proto/model/owned.h"

const char *
cast_next (cast_t *self)
{
    ASSERT (self->at < self->count, "a line of a play ends too early");
    return self->words [self->at++];
}

bool
cast_next_is (cast_t *self, const char *word)
{
    if (self->at == self->count || strcmp (self->words [self->at], word) != 0)
        return false;
    self->at++;
    return true;
}

long long
cast_next_number (cast_t *self)
{
    const char *word = cast_next (self);
    return strtoll (strpbrk (word, "0123456789"), NULL, 10);
}

bool
cast_has_more (const cast_t *self)
{
    return self->at < self->count;
}

//  Words of a subscription beside its id and action, each with its value, and the document's member.
static const struct {
    const char *word, *part, *member;
    bool is_text;
} subscribe_words [] = {
    {"phase", "match", "phase", true},
    {"silence", "ask", "on_silence", true},
    {"within", "ask", "timeout_ms", false},
    {"order", "", "order", true},
    {"keep", "", "attempts", true},
    {"mode", "", "mode", true},
    {"type", "match", "type", true},
    {"attempts", "retry", "max_attempts", false},
    {"ttl", "retry", "ttl_ms", false},
    {"disable", "retry", "disable_after_ms", false},
    {"timeout", "retry", "timeout_ms", false},
    {"in_flight", "limits", "in_flight", false},
    {"rate", "limits", "rate_per_second", false},
    {"burst", "limits", "burst", false},
    {"batch", "batch", "max_events", false},
    {"wait", "batch", "max_wait_ms", false},
    {"coalesce", "coalesce", "by", true},
    {"window", "coalesce", "window_ms", false},
    {"most", "coalesce", "max", false},
    {"coalesced", "coalesce", "keep", true},
    {"revision", "brought", "revision", false},
    {"failures", "breaker", "failures", false},
    {"probe", "breaker", "probe_ms", false},
};

static void
add_label (json_t *document, const char *label)
{
    if (!json_object_get (document, "worker"))
        json_object_set_new (document, "worker", json_pack ("{s:{}}", "labels"));
    json_t *labels = json_object_get (json_object_get (document, "worker"), "labels");
    size_t size = strcspn (label, "=");
    json_object_setn_new (labels, label, size, json_string (label + size + 1));
}

static void
read_word (cast_t *self, json_t *document)
{
    for (size_t i = 0; i < sizeof subscribe_words / sizeof *subscribe_words; i++) {
        if (!cast_next_is (self, subscribe_words [i].word))
            continue;
        const char *part = subscribe_words [i].part;
        if (*part && !json_object_get (document, part))
            json_object_set_new (document, part, json_object ());
        json_t *whole = *part ? json_object_get (document, part) : document;
        json_t *value = subscribe_words [i].is_text ? json_string (cast_next (self))
                                                    : json_integer (cast_next_number (self));
        json_object_set_new (whole, subscribe_words [i].member, value);
        return;
    }
    char time [MOMENT_SIZE];
    if (cast_next_is (self, "expires"))
        json_object_set_new (document, "expires",
                             json_string (moment_text (cast_next_number (self), time)));
    else if (cast_next_is (self, "paused"))
        json_object_set_new (document, "paused", json_true ());
    else if (cast_next_is (self, "wants"))
        add_label (document, cast_next (self));
    else if (cast_next_is (self, "by"))
        json_object_set_new (document, "brought", json_pack ("{s:s}", "by", cast_next (self)));
    else if (cast_next_is (self, "kept"))
        json_object_set_new (json_object_get (document, "brought"), "keep", json_true ());
    else if (cast_next_is (self, "nowhere"))
        json_object_del (document, "deliver");
    else if (cast_next_is (self, "emit"))
        json_object_set_new (document, "emit", json_pack ("{s:s}", "type", cast_next (self)));
    else
        json_object_set_new (document, "start", json_string (cast_next (self)));
}

//  The rest of the line: S ACTION …
static void
make_subscription (cast_t *self, const char *by)
{
    const char *id = cast_next (self);
    const char *action = cast_next (self);
    json_t *document =
        json_pack ("{s:s s:{s:s} s:{s:s} s:{s:s} s:{s:i s:i s:i} s:{s:i} s:{}}", "id", id, "match",
                   "type", "**", "action", "name", action, "deliver", "url",
                   "http://consumer.example/", "retry", "max_attempts", 3, "min_backoff_ms", 1000,
                   "max_backoff_ms", 1000, "limits", "in_flight", 16, "breaker");
    if (by)
        json_object_set_new (document, "brought", json_pack ("{s:s}", "by", by));
    while (cast_has_more (self))
        read_word (self, document);
    limits_t limits = limits_default ();
    problem_t problem = {0};
    self->subscription = subscription_new (document, 1, &limits, &problem);
    ASSERT (self->subscription, "a play's subscriptions are sound");
    json_decref (document);
}

input_t
cast_read_subscribe (cast_t *self)
{
    make_subscription (self, NULL);
    input_t input = {.kind = INPUT_SUBSCRIBE, .peer = CAST_GATEWAY, .request = 1};
    input.subscribe.subscription = self->subscription;
    input.subscribe.is_loaded = self->tenure_to_come;
    return input;
}

//  BRING w1 S ACTION [revision N] [kept] …
input_t
cast_read_bring (cast_t *self, input_t of_worker)
{
    make_subscription (self, cast_worker_name (self, of_worker.peer));
    of_worker.bring.id = self->subscription->id;
    of_worker.bring.subscription = self->subscription;
    return of_worker;
}

//  REPLAY S r1 from 2 until 5
input_t
cast_read_replay (cast_t *self)
{
    int64_t from = 0, until = 0;
    const char *of = cast_next (self);
    replay_t replay = {
        .id = cast_next (self), .of = of, .from = &from, .until = &until, .partitions = 1};
    if (cast_next_is (self, "from"))
        from = cast_next_number (self);
    if (cast_next_is (self, "until"))
        until = cast_next_number (self);
    json_t *document =
        json_pack ("{s:s s:{s:s} s:{s:s} s:{s:s}}", "id", of, "match", "type", "**", "action",
                   "name", "webhook", "deliver", "url", "http://consumer.example/");
    limits_t limits = limits_default ();
    problem_t problem = {0};
    OWNED (subscription)
    subscription_t *parent = subscription_new (document, 1, &limits, &problem);
    self->subscription = subscription_replay (parent, 1, &replay, NULL, 0, &limits, &problem);
    ASSERT (self->subscription, "a play's replays are sound");
    json_decref (document);
    input_t input = {.kind = INPUT_SUBSCRIBE, .peer = CAST_GATEWAY, .request = 1};
    input.subscribe.subscription = self->subscription;
    input.subscribe.is_loaded = self->tenure_to_come;
    return input;
}

//  REDRIVE S 4 attempts 3, 5 attempts 1 every 1000
input_t
cast_read_redrive (cast_t *self)
{
    input_t input = {.kind = INPUT_REDRIVE};
    input.redrive.subscription = cast_next (self);
    exception_at_t *rows = arena_take (&self->line, self->count * sizeof *rows);
    while (cast_has_more (self)) {
        if (cast_next_is (self, "every")) {
            input.redrive.interval_us = 1000 * cast_next_number (self);
            break;
        }
        exception_at_t *row = &rows [input.redrive.count++];
        row->seq = cast_next_number (self);
        row->exception.state = EXCEPTION_DEAD;
        row->exception.attempts =
            cast_next_is (self, "attempts") ? (int32_t)cast_next_number (self) : 0;
    }
    input.redrive.rows = rows;
    return input;
}

input_t
cast_read_discard (cast_t *self)
{
    input_t input = {.kind = INPUT_DISCARD};
    input.discard.subscription = cast_next (self);
    int64_t *seqs = arena_take (&self->line, self->count * sizeof *seqs);
    while (cast_has_more (self))
        seqs [input.discard.count++] = cast_next_number (self);
    input.discard.seqs = seqs;
    return input;
}

input_t
cast_read_cancel (cast_t *self)
{
    input_t input = {.kind = INPUT_CANCEL};
    input.cancel.subscription = cast_next (self);
    input.cancel.seq = cast_next_number (self);
    return input;
}

input_t
cast_read_trim (cast_t *self)
{
    input_t input = {.kind = INPUT_TRIM};
    input.trim.up_to_seq = cast_next_number (self);
    input.trim.hard_seq = cast_next_is (self, "hard") ? cast_next_number (self) : 0;
    return input;
}
