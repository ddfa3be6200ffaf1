#include "proto/model/burst_form.h"

#include <string.h>

#include "proto/model/json_pointer.h"
#include "proto/model/template.h"

enum {
    EVENTS = 100,
    EVENTS_MOST = 1000,
    WAIT_MS = 1000,
    WAIT_MOST_MS = 600 * 1000,
    WINDOW_MS = 1000,
    WINDOW_MOST_MS = 3600 * 1000,
    BURST = 1000,
    BURST_MOST = 1000000
};

static const char *
text_of (const json_t *json, const char *part, const char *name)
{
    const char *text =
        json_string_value (json_object_get (*part ? json_object_get (json, part) : json, name));
    return text ? text : "";
}

//  A template speaks of one event.
static status_t
check_no_slots (const form_t *batch, const json_t *deliver)
{
    if (json_object_get (deliver, "body"))
        return form_refuse (batch, "",
                            "deliver.body makes the body of one event: there are many here");
    bool has_slots = template_has_slots (text_of (deliver, "", "url"));
    const char *name;
    json_t *value;
    json_object_foreach (json_object_get (deliver, "headers"), name, value)
    {
        has_slots |= template_has_slots (json_string_value (value));
    }
    if (has_slots)
        return form_refuse (
            batch, "",
            "deliver.url and deliver.headers cannot be templates: they would speak of one event of many");
    return STATUS_OK;
}

//  What cannot take many at once.
static status_t
check_batch (const form_t *batch, const form_t *form)
{
    if (strcmp (text_of (form->made, "action", "name"), "webhook") != 0)
        return form_refuse (batch, "",
                            "only the action webhook takes many events at once, not %.60s",
                            text_of (form->made, "action", "name"));
    const char *format = text_of (form->made, "deliver", "format");
    if (strcmp (format, "cloudevents") != 0)
        return form_refuse (
            batch, "", "deliver.format \"%.20s\" holds one event; only \"cloudevents\" holds many",
            format);
    if (json_object_get (form->made, "transform"))
        return form_refuse (batch, "", "a transform makes one event of one: there are many here");
    return check_no_slots (batch, json_object_get (form->made, "deliver"));
}

//  keep all: its bursts go in batches, so it has one.
static status_t
read_batch (const form_t *form, int64_t burst)
{
    if (!json_object_get (form->json, "batch") && burst == 0)
        return STATUS_OK;
    form_t batch = form_part (form, "batch");
    status_t status = form_members (&batch, "max_events max_wait_ms");
    if (status == STATUS_OK)
        status = form_integer (&batch, "max_events", burst > 0 ? burst : EVENTS, 2, EVENTS_MOST);
    if (status == STATUS_OK)
        status = form_integer (&batch, "max_wait_ms", burst > 0 ? 0 : WAIT_MS, 0, WAIT_MOST_MS);
    return status == STATUS_OK ? check_batch (&batch, form) : status;
}

static status_t
read_by (const form_t *coalesce)
{
    const char *by = form_text (coalesce, "by", JSON_POINTER_BYTES);
    if (!by)
        return coalesce->status;
    bool is_pointer = *by == '/' && json_pointer_is_good (by, strlen (by));
    if (!is_pointer && strcmp (by, "subject") != 0 && strcmp (by, "key") != 0)
        return form_refuse (coalesce, "by",
                            "\"%.60s\" is none of subject, key, and a JSON pointer as in /new/id",
                            by);
    json_object_set_new (coalesce->made, "by", json_string (by));
    return STATUS_OK;
}

//  *burst: how many go in one batch; 0: one goes for all.
static status_t
read_coalesce (const form_t *form, int64_t *burst)
{
    *burst = 0;
    if (!json_object_get (form->json, "coalesce"))
        return STATUS_OK;
    form_t coalesce = form_part (form, "coalesce");
    status_t status = form_members (&coalesce, "by window_ms max keep");
    if (status == STATUS_OK)
        status = read_by (&coalesce);
    if (status == STATUS_OK)
        status = form_integer (&coalesce, "window_ms", WINDOW_MS, 1, WINDOW_MOST_MS);
    if (status == STATUS_OK)
        status = form_word (&coalesce, "keep", "latest all", "latest");
    if (status != STATUS_OK)
        return status;
    bool keeps_all = strcmp (text_of (coalesce.made, "", "keep"), "all") == 0;
    if (keeps_all && strcmp (text_of (form->made, "", "order"), "key") == 0)
        return form_refuse (&coalesce, "keep",
                            "\"all\" does not go with order \"key\": of one key only one event is "
                            "under way at a time, so that no batch can hold two");
    int64_t most = keeps_all ? EVENTS_MOST : BURST_MOST;
    status = form_integer (&coalesce, "max", keeps_all ? EVENTS : BURST, 2, most);
    if (keeps_all)
        *burst = json_integer_value (json_object_get (coalesce.made, "max"));
    return status;
}

static status_t
check_together (const form_t *form, int64_t burst)
{
    const json_t *batch = json_object_get (form->made, "batch");
    int64_t most = json_integer_value (json_object_get (batch, "max_events"));
    if (burst <= most)
        return STATUS_OK;
    form_t coalesce = {.at = "coalesce", .status = form->status, .problem = form->problem};
    return form_refuse (
        &coalesce, "max",
        "it is %lld, and batch.max_events is %lld: a burst that is kept goes in one batch",
        (long long)burst, (long long)most);
}

status_t
burst_form_read (const form_t *form)
{
    int64_t burst;
    status_t status = read_coalesce (form, &burst);
    if (status == STATUS_OK)
        status = read_batch (form, burst);
    return status == STATUS_OK ? check_together (form, burst) : status;
}
