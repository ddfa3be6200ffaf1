#include "proto/model/match.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/data_pattern.h"
#include "proto/model/owned.h"

enum { NAME_SHOWN = 40 };

struct match {
    pattern_t *type;       //  NULL: any
    pattern_t *subject;    //  NULL: any
    data_pattern_t *data;  //  NULL: any
    char *via;             //  ours; NULL: any, none too
    phase_t phase;
};

static status_t
check_names (const json_t *match, problem_t *problem)
{
    const char *name;
    json_t *member;
    json_object_foreach ((json_t *)(uintptr_t)match, name, member)
    {
        if (strcmp (name, "type") != 0 && strcmp (name, "subject") != 0 &&
            strcmp (name, "phase") != 0 && strcmp (name, "data") != 0 && strcmp (name, "via") != 0)
            return problem_at (problem, STATUS_BAD_MATCH, "match",
                               "match: \"%.*s\" is no member of it; there are type subject phase "
                               "data via",
                               NAME_SHOWN, name);
    }
    return STATUS_OK;
}

static status_t
read_pattern (const json_t *json, const char *name, char separator, int64_t most,
              problem_t *problem, pattern_t **pattern)
{
    if (!json)
        return STATUS_OK;
    if (!json_is_string (json) || strlen (json_string_value (json)) != json_string_length (json))
        return problem_at (problem, STATUS_BAD_MATCH, name,
                           "%s: it is a string, as in \"a%cb%c*\"; * is one segment, ** any number",
                           name, separator, separator);
    if ((int64_t)json_string_length (json) > most)
        return problem_at (problem, STATUS_BAD_MATCH, name,
                           "%s: %zu bytes are too long; at most %lld", name,
                           json_string_length (json), (long long)most);
    *pattern = pattern_new (json_string_value (json), separator, name, problem);
    return *pattern ? STATUS_OK : STATUS_BAD_MATCH;
}

static status_t
read_phase (const json_t *json, phase_t *phase, problem_t *problem)
{
    const char *word = json ? json_string_value (json) : "post";
    bool is_pre = word && strcmp (word, "pre") == 0;
    if (!is_pre && !(word && strcmp (word, "post") == 0))
        return problem_at (problem, STATUS_BAD_MATCH, "match.phase",
                           "match.phase: there are \"post\" and \"pre\"");
    *phase = is_pre ? PHASE_PRE : PHASE_POST;
    return STATUS_OK;
}

//  Whose action made it: the id of a subscription.
static status_t
read_via (const json_t *json, const limits_t *limits, char **via, problem_t *problem)
{
    if (!json)
        return STATUS_OK;
    size_t size = json_string_length (json);
    if (size == 0 || size > (size_t)limits->name_bytes || strlen (json_string_value (json)) != size)
        return problem_at (problem, STATUS_BAD_MATCH, "match.via",
                           "match.via: it is the id of the subscription whose results are wanted");
    *via = allocate_copy (json_string_value (json));
    return STATUS_OK;
}

match_t *
match_new (const json_t *match, const limits_t *limits, problem_t *problem)
{
    if (!json_is_object (match)) {
        problem_at (problem, STATUS_BAD_MATCH, "match",
                    "match: it is an object, as in {\"type\": \"kinto.record.*\"}; {} wants "
                    "everything");
        return NULL;
    }
    OWNED (match) match_t *self = ALLOCATE (match_t);
    if (check_names (match, problem) != STATUS_OK ||
        read_pattern (json_object_get (match, "type"), "match.type", '.', limits->type_bytes,
                      problem, &self->type) != STATUS_OK ||
        read_pattern (json_object_get (match, "subject"), "match.subject", '/',
                      limits->subject_bytes, problem, &self->subject) != STATUS_OK ||
        read_phase (json_object_get (match, "phase"), &self->phase, problem) != STATUS_OK ||
        read_via (json_object_get (match, "via"), limits, &self->via, problem) != STATUS_OK)
        return NULL;

    const json_t *data = json_object_get (match, "data");
    if (data && !(self->data = data_pattern_new (data, limits, problem)))
        return NULL;
    return TAKE (self);
}

void
match_destroy (match_t **self_p)
{
    match_t *self = *self_p;
    if (!self)
        return;
    pattern_destroy (&self->type);
    pattern_destroy (&self->subject);
    data_pattern_destroy (&self->data);
    free (self->via);
    free (self);
    *self_p = NULL;
}

const pattern_t *
match_type (const match_t *self)
{
    return self->type;
}

const pattern_t *
match_subject (const match_t *self)
{
    return self->subject;
}

const char *
match_via (const match_t *self)
{
    return self->via;
}

bool
match_wants_data (const match_t *self)
{
    return self->data != NULL;
}

phase_t
match_phase (const match_t *self)
{
    return self->phase;
}

//  application/json, application/cloudevents+json; …
bool
match_type_is_json (const char *content_type)
{
    size_t size = strcspn (content_type, "; \t");
    static const char *const ends [] = {"/json", "+json"};
    for (int i = 0; i < 2; i++)
        if (size > 5 && strncasecmp (content_type + size - 5, ends [i], 5) == 0)
            return true;
    return false;
}

const json_t *
match_data_json (match_data_t *data)
{
    ASSERT (data->event, "data is parsed of an event");
    if (data->was_parsed)
        return data->parsed;
    data->was_parsed = true;
    if (!match_type_is_json (data->event->content_type))
        return NULL;
    //  A number too large for 64 bits is read in the second try, where all are doubles.
    static const size_t flags [] = {JSON_DECODE_ANY | JSON_ALLOW_NUL,
                                    JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL};
    for (int i = 0; i < 2 && !data->parsed; i++)
        data->parsed =
            json_loadb ((const char *)data->event->data, data->event->data_size, flags [i], NULL);
    return data->parsed;
}

void
match_data_clear (match_data_t *data)
{
    json_decref (data->parsed);
    *data = (match_data_t){0};
}

//  What Tocsin tells of itself, tocsin.delivery.dead and such.
static bool
is_ours (const char *type)
{
    return strncmp (type, "tocsin.", 7) == 0;
}

match_answer_t
match_asks (const match_t *self, match_data_t *data)
{
    const event_t *event = data->event;
    if (event->phase != self->phase)
        return MATCH_NO_PHASE;
    bool wants_ours = self->type ? is_ours (pattern_text (self->type)) : self->via != NULL;
    if (is_ours (event->type) && !wants_ours)
        return MATCH_NO_TYPE;
    if (self->type && !pattern_matches (self->type, event->type))
        return MATCH_NO_TYPE;
    if (self->subject && !pattern_matches (self->subject, event->subject))
        return MATCH_NO_SUBJECT;
    if (self->via && strcmp (self->via, event->via ? event->via : "") != 0)
        return MATCH_NO_VIA;
    if (!self->data)
        return MATCH_YES;
    const json_t *parsed = match_data_json (data);
    return parsed && data_pattern_fits (self->data, parsed) ? MATCH_YES : MATCH_NO_DATA;
}

static void
explain_type (const match_t *self, const event_t *event, problem_t *why)
{
    const char *wanted = self->type ? pattern_text (self->type) : NULL;
    if (is_ours (event->type) && !(wanted && is_ours (wanted)) && (wanted || !self->via))
        problem_at (why, STATUS_NOT_FOUND, "match.type",
                    "match.type: %s is told by Tocsin itself, and only a type that begins with "
                    "tocsin. asks for it",
                    event->type);
    else
        problem_at (why, STATUS_NOT_FOUND, "match.type", "match.type: %s does not match %s",
                    wanted ? wanted : "**", event->type);
}

static void
explain_data (const match_t *self, match_data_t *data, problem_t *why)
{
    const json_t *parsed = match_data_json (data);
    if (parsed)
        data_pattern_why (self->data, parsed, why);
    else
        problem_at (why, STATUS_NOT_FOUND, "match.data",
                    "match.data: the event's data is no JSON, but %s",
                    *data->event->content_type ? data->event->content_type : "nothing");
}

match_answer_t
match_explain (const match_t *self, match_data_t *data, problem_t *why)
{
    match_answer_t answer = match_asks (self, data);
    switch (answer) {
        case MATCH_YES: break;
        case MATCH_NO_PHASE:
            problem_at (why, STATUS_NOT_FOUND, "match.phase",
                        "match.phase: %s is asked for, and the event is of the other phase",
                        self->phase == PHASE_PRE ? "pre" : "post");
            break;
        case MATCH_NO_TYPE: explain_type (self, data->event, why); break;
        case MATCH_NO_SUBJECT:
            problem_at (why, STATUS_NOT_FOUND, "match.subject",
                        "match.subject: %.80s does not match %.100s", pattern_text (self->subject),
                        data->event->subject);
            break;
        case MATCH_NO_VIA:
            problem_at (why, STATUS_NOT_FOUND, "match.via",
                        "match.via: results of %.80s are asked for, and this is none", self->via);
            break;
        case MATCH_NO_DATA: explain_data (self, data, why); break;
    }
    return answer;
}
