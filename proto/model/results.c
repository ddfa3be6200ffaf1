#include "proto/model/results.h"

#include "proto/model/assert.h"
#include "proto/model/owned_json.h"

static json_t *
member_of (const subscription_t *self, const char *name)
{
    return json_object_get (self->document, name);
}

subscription_t *
subscription_results (const subscription_t *self, int64_t version, const limits_t *limits,
                      problem_t *problem)
{
    ASSERT (self->delivers_results, "who delivers nothing needs no companion");
    const json_t *results = member_of (self, "results");
    OWNED (json)
    json_t *document = json_pack (
        "{s:o, s:{s:s}, s:{s:s}, s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:O*, s:s, s:I}", "id",
        json_sprintf ("%s%s", self->id, RESULTS_END), "match", "via", self->id, "action", "name",
        "webhook", "deliver", member_of (self, "deliver"), "order", member_of (self, "order"),
        "retry", json_object_get (results, "retry"), "limits", json_object_get (results, "limits"),
        "breaker", json_object_get (results, "breaker"), "paused", member_of (self, "paused"),
        "disabled", member_of (self, "disabled"), "disabled_because",
        member_of (self, "disabled_because"), "results_of", self->id, "created",
        (json_int_t)version);
    ASSERT (document, "a document that subscription_form_read made has all its parts");
    return subscription_new (document, version, limits, problem);
}
