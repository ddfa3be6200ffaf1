#include "worker/luggage.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/owned_json.h"
#include "proto/model/subscription.h"

struct luggage {
    const char *directory;  //  borrowed
    const limits_t *limits;
    struct dirent **files;  //  theirs and the list are ours
    size_t file_count;
    const char **documents;  //  JSON; ours, and each of them
    const char **ids;        //  likewise
    size_t count;
};

static int
luggage_is_document (const struct dirent *entry)
{
    size_t size = strlen (entry->d_name), end = strlen (".json");
    return size > end && entry->d_name [0] != '.' &&
           strcmp (entry->d_name + size - end, ".json") == 0;
}

static status_t
luggage_list (luggage_t *self, problem_t *problem)
{
    int count = scandir (self->directory, &self->files, luggage_is_document, alphasort);
    if (count < 0)
        return problem_at (problem, STATUS_BAD_SETTING, "worker/subscriptions",
                           "worker/subscriptions: %s cannot be read: %s", self->directory,
                           strerror (errno));
    self->file_count = (size_t)count;
    if (count > self->limits->brought)
        return problem_at (problem, STATUS_BAD_SETTING, "worker/subscriptions",
                           "worker/subscriptions: the %d files of %s are more than limits/brought "
                           "(%lld)",
                           count, self->directory, (long long)self->limits->brought);
    self->documents = (const char **)allocate (self->file_count + 1, sizeof *self->documents);
    self->ids = (const char **)allocate (self->file_count + 1, sizeof *self->ids);
    return STATUS_OK;
}

//  ---- one file

static json_t *
luggage_parse (const char *path, problem_t *problem)
{
    json_error_t error;
    json_t *json = json_load_file (path, JSON_REJECT_DUPLICATES, &error);
    if (!json && error.line > 0)
        problem_set (problem, STATUS_BAD_SETTING, "%s, line %d, column %d: %s", path, error.line,
                     error.column, error.text);
    else if (!json)
        problem_set (problem, STATUS_BAD_SETTING, "%s: %s", path, error.text);
    json_t *inner = json_object_size (json) == 1 ? json_object_get (json, "data") : NULL;
    if (!inner)
        return json;
    json_incref (inner);
    json_decref (json);
    return inner;
}

//  What the broker will look at, so that most of it is known here.
static status_t
luggage_check (const luggage_t *self, const char *path, const json_t *document, problem_t *problem)
{
    const char *id = json_string_value (json_object_get (document, "id"));
    const json_t *revision = json_object_get (document, "revision");
    const json_t *keep = json_object_get (document, "keep");
    if (!id)
        return problem_set (problem, STATUS_BAD_SETTING, "%s: id: it is missing", path);
    if (!json_is_integer (revision) || json_integer_value (revision) < 0)
        return problem_set (problem, STATUS_BAD_SETTING,
                            "%s: revision: it is a whole number, which rises with each change",
                            path);
    if (keep && !json_is_boolean (keep))
        return problem_set (problem, STATUS_BAD_SETTING, "%s: keep: it is true or false", path);
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->ids [i], id) == 0)
            return problem_set (problem, STATUS_BAD_SETTING, "%s: id: another file has \"%.60s\"",
                                path, id);
    OWNED (json) json_t *bare = json_copy ((json_t *)(uintptr_t)document);
    json_object_del (bare, "revision");
    json_object_del (bare, "keep");
    problem_t why = {0};
    OWNED (subscription)
    subscription_t *subscription = subscription_new (bare, 1, self->limits, &why);
    return subscription ? STATUS_OK
                        : problem_set (problem, STATUS_BAD_SETTING, "%s: %s", path, why.text);
}

static status_t
luggage_read (luggage_t *self, const char *name, problem_t *problem)
{
    char path [PATH_MAX];
    snprintf (path, sizeof path, "%s/%s", self->directory, name);
    OWNED (json) json_t *document = luggage_parse (path, problem);
    if (!document || luggage_check (self, path, document, problem))
        return problem->status;
    self->ids [self->count] = allocate_copy (json_string_value (json_object_get (document, "id")));
    self->documents [self->count] = json_dumps (document, JSON_COMPACT);
    self->count++;
    return STATUS_OK;
}

//  ---- all of them

luggage_t *
luggage_new (const settings_t *settings, problem_t *problem)
{
    OWNED (luggage) luggage_t *self = ALLOCATE (luggage_t);
    self->directory = settings_text (settings, "worker/subscriptions");
    self->limits = settings_limits (settings);
    status_t status = *self->directory ? luggage_list (self, problem) : STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < self->file_count; i++)
        status = luggage_read (self, self->files [i]->d_name, problem);
    return status == STATUS_OK ? TAKE (self) : NULL;
}

void
luggage_destroy (luggage_t **self_p)
{
    luggage_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++) {
        free ((void *)(uintptr_t)self->documents [i]);
        free ((void *)(uintptr_t)self->ids [i]);
    }
    for (size_t i = 0; i < self->file_count; i++)
        free (self->files [i]);
    free ((void *)self->files);
    free ((void *)self->documents);
    free ((void *)self->ids);
    free (self);
    *self_p = NULL;
}

const char *const *
luggage_documents (const luggage_t *self, size_t *count)
{
    *count = self->count;
    return self->documents;
}
