#include "proto/model/results_form.h"

#include <stdio.h>
#include <string.h>

#include "proto/model/event.h"
#include "proto/model/policy_form.h"
#include "proto/model/results.h"

//  An event that is good but for what is looked at.
static const event_t sample = {
    .id = "r", .type = "a", .subject = "/", .time = "2026-01-01T00:00:00Z"};

//  An optional member of emit that goes into the event as it is. fields: where `to` lies.
static status_t
read_attribute (const form_t *emit, const char *name, const event_t *fields, const char **to)
{
    const json_t *given = json_object_get (emit->json, name);
    if (!given)
        return STATUS_OK;
    *to = form_text (emit, name, (size_t)emit->limits->subject_bytes);
    if (!*to)
        return emit->status;
    problem_t problem = {0};
    if (event_check (fields, emit->limits, &problem) != STATUS_OK)
        return form_refuse (emit, name, "%s", problem.text + strlen (problem.name) + 2);
    json_object_set_new (emit->made, name, json_string (*to));
    return STATUS_OK;
}

//  A question is no delivery: its answer goes back to who asked.
static bool
is_asked (const json_t *document)
{
    const char *phase =
        json_string_value (json_object_get (json_object_get (document, "match"), "phase"));
    return phase && strcmp (phase, "pre") == 0;
}

status_t
results_form_emit (const form_t *form)
{
    if (!json_object_get (form->json, "emit"))
        return STATUS_OK;
    if (is_asked (form->made))
        return form_refuse (form, "emit",
                            "there is none with match.phase \"pre\": the answer of a question goes "
                            "back to who asked");
    form_t emit = form_part (form, "emit");
    event_t fields = sample;
    status_t status = form_members (&emit, "type subject source");
    if (status == STATUS_OK && !json_object_get (emit.json, "type"))
        return form_refuse (&emit, "type",
                            "it is missing; say what the new event is, as in \"addons.released\"");
    if (status == STATUS_OK)
        status = read_attribute (&emit, "type", &fields, &fields.type);
    if (status == STATUS_OK && strncmp (fields.type, "tocsin.", 7) == 0)
        return form_refuse (&emit, "type",
                            "what begins with tocsin. is told by Tocsin itself: choose another "
                            "first word");
    if (status == STATUS_OK)
        status = read_attribute (&emit, "subject", &fields, &fields.subject);
    return status == STATUS_OK ? read_attribute (&emit, "source", &fields, &fields.source) : status;
}

bool
results_form_delivers (const json_t *document)
{
    const char *action =
        json_string_value (json_object_get (json_object_get (document, "action"), "name"));
    return strcmp (action, "webhook") != 0 && !is_asked (document) &&
           json_object_get (json_object_get (document, "deliver"), "url");
}

//  A part within a part: what is wrong in it is told from the document on.
static status_t
read_policy (const form_t *form)
{
    form_t results = form_part (form, "results");
    status_t status = form_members (&results, "retry limits breaker");
    if (status != STATUS_OK)
        return status;
    problem_t problem = {0};
    results.problem = &problem;
    status = policy_form_retry (&results);
    if (status == STATUS_OK)
        status = policy_form_limits (&results);
    if (status == STATUS_OK)
        status = policy_form_breaker (&results);
    if (status == STATUS_OK)
        return status;
    char name [FORM_PATH_SIZE + 8];
    snprintf (name, sizeof name, "results.%s", problem.name);
    return problem_at (form->problem, status, name, "results.%s", problem.text);
}

status_t
results_form_results (const form_t *form)
{
    bool is_given = json_object_get (form->json, "results");
    if (!results_form_delivers (form->made))
        return is_given
                   ? form_refuse (form, "results",
                                  "it is how the result of another action than webhook gets to "
                                  "deliver.url, and there is none")
                   : STATUS_OK;
    size_t most = (size_t)form->limits->name_bytes - (sizeof RESULTS_END - 1);
    if (json_string_length (json_object_get (form->made, "id")) > most)
        return form_refuse (form, "id", "of one that delivers its results it has at most %zu bytes",
                            most);
    return read_policy (form);
}

status_t
results_form_of (const form_t *form)
{
    if (!json_object_get (form->json, "results_of"))
        return STATUS_OK;
    const char *of = form_text (form, "results_of", (size_t)form->limits->name_bytes);
    if (!of)
        return form->status;
    json_object_set_new (form->made, "results_of", json_string (of));
    return STATUS_OK;
}
