#include "tests/sim/words.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/assert.h"
#include "proto/model/moment.h"

enum { WORD_SIZE = 64 };

//  Where in the document the value goes, and what it is.
typedef enum { TEXT, NUMBER, NUMBERS, MOMENT, START_AT, LABEL, FLAG } kind_t;
static const struct {
    const char *word, *part, *member;
    kind_t kind;
} known [] = {
    {"order", NULL, "order", TEXT},
    {"keep", NULL, "attempts", TEXT},
    {"expires", NULL, "expires", MOMENT},
    {"seq", NULL, "start", START_AT},
    {"paused", NULL, "paused", FLAG},
    {"action", "action", "name", TEXT},
    {"region", "worker", "labels", LABEL},
    {"tier", "worker", "labels", LABEL},
    {"emit", "emit", "type", TEXT},
    {"type", "match", "type", TEXT},
    {"phase", "match", "phase", TEXT},
    {"silence", "ask", "on_silence", TEXT},
    {"within", "ask", "timeout_ms", NUMBER},
    {"attempts", "retry", "max_attempts", NUMBER},
    {"least", "retry", "min_backoff_ms", NUMBER},
    {"most", "retry", "max_backoff_ms", NUMBER},
    {"schedule", "retry", "schedule_ms", NUMBERS},
    {"timeout", "retry", "timeout_ms", NUMBER},
    {"ttl", "retry", "ttl_ms", NUMBER},
    {"disable", "retry", "disable_after_ms", NUMBER},
    {"retry_after_most", "retry", "retry_after_most_ms", NUMBER},
    {"in_flight", "limits", "in_flight", NUMBER},
    {"adaptive", "limits", "adaptive", FLAG},
    {"rate", "limits", "rate_per_second", NUMBER},
    {"burst", "limits", "burst", NUMBER},
    {"failures", "breaker", "failures", NUMBER},
    {"probe", "breaker", "probe_ms", NUMBER},
    {"probe_most", "breaker", "probe_most_ms", NUMBER},
    {"batch", "batch", "max_events", NUMBER},
    {"wait", "batch", "max_wait_ms", NUMBER},
    {"coalesce", "coalesce", "by", TEXT},
    {"window", "coalesce", "window_ms", NUMBER},
    {"burst_most", "coalesce", "max", NUMBER},
    {"coalesced", "coalesce", "keep", TEXT},
};

static json_t *
numbers (const char *text)
{
    json_t *list = json_array ();
    while (*text) {
        char *end;
        json_array_append_new (list, json_integer (strtoll (text, &end, 10)));
        text = *end == ',' ? end + 1 : end;
    }
    return list;
}

static json_t *
value_of (kind_t kind, const char *text, int64_t now_ms)
{
    char moment [MOMENT_SIZE];
    long long number = strtoll (text, NULL, 10);
    switch (kind) {
        case TEXT: return json_string (text);
        case NUMBER: return json_integer (number);
        case NUMBERS: return numbers (text);
        case MOMENT: return json_string (moment_text (now_ms + number, moment));
        case START_AT: return json_pack ("{sI}", "seq", (json_int_t)number);
        case LABEL:
        case FLAG: break;
    }
    return json_boolean (strcmp (text, "0") != 0);
}

static void
add_label (json_t *worker, const char *member, const char *name, const char *value)
{
    if (!json_object_get (worker, member))
        json_object_set_new (worker, member, json_object ());
    json_object_set_new (json_object_get (worker, member), name, json_string (value));
}

static void
read_word (json_t *document, const char *word, const char *value, int64_t now_ms)
{
    if (strcmp (word, "earliest") == 0) {
        json_object_set_new (document, "start", json_string ("earliest"));
        return;
    }
    if (strcmp (word, "nowhere") == 0) {
        json_object_del (document, "deliver");
        return;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp (known [i].word, word) != 0)
            continue;
        if (known [i].part && !json_object_get (document, known [i].part))
            json_object_set_new (document, known [i].part, json_object ());
        json_t *part = known [i].part ? json_object_get (document, known [i].part) : document;
        if (known [i].kind == LABEL)
            add_label (part, known [i].member, word, value);
        else
            json_object_set_new (part, known [i].member, value_of (known [i].kind, value, now_ms));
        return;
    }
    ASSERT (false, "a play subscribes with words that are known");
}

//  Quick: a world's seconds are many.
static json_t *
usual (const char *id)
{
    return json_pack ("{ss s{ss} s{ss} s{ss} s{si si si si} s{si sb} s{si si si}}", "id", id,
                      "match", "type", "**", "action", "name", "webhook", "deliver", "url",
                      "http://consumer.example/", "retry", "max_attempts", 50, "min_backoff_ms",
                      100, "max_backoff_ms", 5000, "timeout_ms", 5000, "limits", "in_flight", 8,
                      "adaptive", 0, "breaker", "failures", 0, "probe_ms", 1000, "probe_most_ms",
                      8000);
}

//  As quickly as its action is tried.
static void
let_deliver_results (json_t *document)
{
    const char *action =
        json_string_value (json_object_get (json_object_get (document, "action"), "name"));
    if (strcmp (action, "webhook") == 0 || !json_object_get (document, "deliver"))
        return;
    json_object_set_new (document, "results",
                         json_pack ("{sO sO sO}", "retry", json_object_get (document, "retry"),
                                    "limits", json_object_get (document, "limits"), "breaker",
                                    json_object_get (document, "breaker")));
}

json_t *
words_document (const char *id, const char *words, int64_t now_ms)
{
    json_t *document = usual (id);
    for (words += strspn (words, " "); *words; words += strspn (words, " ")) {
        char word [WORD_SIZE];
        size_t size = strcspn (words, " ");
        ASSERT (size < sizeof word, "a word is short");
        memcpy (word, words, size);
        word [size] = '\0';
        words += size;
        char *value = strchr (word, '=');
        if (value)
            *value++ = '\0';
        read_word (document, word, value ? value : "1", now_ms);
    }
    let_deliver_results (document);
    return document;
}

subscription_t *
words_subscription (const char *id, const char *words, int64_t now_ms, const limits_t *limits)
{
    json_t *document = words_document (id, words, now_ms);
    problem_t problem = {0};
    subscription_t *made = subscription_new (document, now_ms, limits, &problem);
    ASSERT (made, "a play subscribes soundly");
    json_decref (document);
    return made;
}
