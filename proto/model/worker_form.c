#include "proto/model/worker_form.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/labels.h"

enum { NAME_SHOWN = 40, LABEL_SIZE = 2 * LABEL_PART_BYTES + 2 };

static status_t
read_labels (const form_t *worker)
{
    const json_t *labels = json_object_get (worker->json, "labels");
    if (!labels)
        return STATUS_OK;
    if (!json_is_object (labels))
        return form_refuse (worker, "labels", "it is an object, as in {\"region\": \"eu\"}");
    if ((int64_t)json_object_size (labels) > worker->limits->labels)
        return form_refuse (worker, "labels", "%zu labels are more than limits/labels (%lld)",
                            json_object_size (labels), (long long)worker->limits->labels);
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)labels, name, value)
    {
        const char *text = json_string_value (value);
        const char *fault = label_fault (name, text ? text : "");
        if (fault)
            return form_refuse (worker, "labels", "\"%.*s\": %s", NAME_SHOWN, name, fault);
    }
    json_object_set_new (worker->made, "labels", json_deep_copy (labels));
    return STATUS_OK;
}

status_t
worker_form_read (const form_t *form)
{
    if (!json_object_get (form->json, "worker"))
        return STATUS_OK;
    form_t worker = form_part (form, "worker");
    status_t status = form_members (&worker, "labels");
    return status == STATUS_OK ? read_labels (&worker) : status;
}

//  Ours: whoever takes what a worker brings has put it there.
status_t
worker_form_brought (const form_t *form)
{
    if (!json_object_get (form->json, "brought"))
        return STATUS_OK;
    form_t brought = form_part (form, "brought");
    status_t status = form_members (&brought, "by revision keep");
    const char *by =
        status == STATUS_OK ? form_text (&brought, "by", (size_t)form->limits->name_bytes) : NULL;
    if (!by)
        return form->status;
    json_object_set_new (brought.made, "by", json_string (by));
    status = form_integer (&brought, "revision", 0, 0, INT64_MAX);
    return status == STATUS_OK ? form_flag (&brought, "keep", false) : status;
}

char *
worker_form_labels (const json_t *document)
{
    json_t *labels = json_object_get (json_object_get (document, "worker"), "labels");
    size_t count = 0, most = json_object_size (labels);
    const char **list = (const char **)allocate (most + 1, sizeof *list);
    char *texts = allocate (most + 1, LABEL_SIZE);
    const char *name;
    json_t *value;
    json_object_foreach (labels, name, value)
    {
        char *text = texts + count * LABEL_SIZE;
        stpcpy (stpcpy (stpcpy (text, name), "="), json_string_value (value));
        list [count++] = text;
    }
    limits_t limits = {.labels = (int64_t)count};  //  how many there may be was asked before
    char *set = labels_new (list, count, &limits, NULL);
    ASSERT (set, "worker_form_read has looked at each of them");
    free ((void *)list);
    free (texts);
    return set;
}
