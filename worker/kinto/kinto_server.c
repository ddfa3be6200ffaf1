#include "worker/kinto/kinto_server.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

static const char section [] = "worker/kinto";

#define ROW(name) "worker/kinto/*/" name

//  Exactly one way to say who we are, or none.
static status_t
read_who (service_t *self, const settings_t *settings, problem_t *problem)
{
    const char *user = settings_named_text (settings, ROW ("user"), self->name);
    const char *password = settings_named_text (settings, ROW ("password"), self->name);
    const char *token = settings_named_text (settings, ROW ("token"), self->name);
    if (*token && (*user || *password))
        return problem_at (problem, STATUS_BAD_SETTING, section,
                           "%s/%s has both a token and a user: which is it?", section, self->name);
    if (*token)
        return service_read_bearer (self, section, token, problem);
    if (!*user && *password)
        return problem_at (problem, STATUS_BAD_SETTING, section, "%s/%s/user is missing", section,
                           self->name);
    return *user ? service_read_basic (self, section, user, password, problem) : STATUS_OK;
}

static status_t
read_paths (kinto_server_t *self, const settings_t *settings, problem_t *problem)
{
    char *copy = allocate_copy (settings_named_text (settings, ROW ("paths"), self->service.name));
    char *rest = NULL;
    status_t status = STATUS_OK;
    for (char *word = strtok_r (copy, " \t", &rest); word && !status;
         word = strtok_r (NULL, " \t", &rest)) {
        pattern_t *path = NULL;
        if (self->path_count < KINTO_PATHS)
            path = pattern_new (word, '/', section, problem);
        else
            problem_set (problem, STATUS_BAD_SETTING, "there are at most %d", KINTO_PATHS);
        if (path)
            self->paths [self->path_count++] = path;
        else
            status = STATUS_BAD_SETTING;
    }
    free (copy);
    if (!status)
        return STATUS_OK;
    problem_t inner = *problem;
    return problem_at (problem, STATUS_BAD_SETTING, section, "%s/%s/paths: %.160s", section,
                       self->service.name, inner.text);
}

static status_t
read_server (kinto_server_t *self, const settings_t *settings, problem_t *problem)
{
    service_t *service = &self->service;
    const char *name = service->name;
    service->batch = settings_named_number (settings, ROW ("batch"), name);
    service->transfer = (transfer_settings_t){
        .allows_private = true,  //  whoever configures the worker may name any address
        .connect_timeout_ms = settings_number (settings, "worker/connect_timeout_ms"),
        .reply_bytes = (size_t)settings_named_number (settings, ROW ("answer_bytes"), name)};
    status_t status = service_read_url (service, section,
                                        settings_named_text (settings, ROW ("url"), name), problem);
    if (!status)
        status = read_who (service, settings, problem);
    return status ? status : read_paths (self, settings, problem);
}

status_t
kinto_servers_read (kinto_servers_t *self, const settings_t *settings, problem_t *problem)
{
    char name [SETTINGS_NAME_SIZE];
    size_t count = 0;
    while (settings_name (settings, section, count, name))
        count++;
    self->list = allocate (count + 1, sizeof *self->list);
    while (self->count < count) {
        kinto_server_t *server = &self->list [self->count];
        settings_name (settings, section, self->count++, server->service.name);
        status_t status = read_server (server, settings, problem);
        if (status)
            return status;
    }
    return STATUS_OK;
}

void
kinto_servers_clear (kinto_servers_t *self)
{
    for (size_t i = 0; i < self->count; i++) {
        kinto_server_t *server = &self->list [i];
        service_clear (&server->service);
        for (size_t j = 0; j < server->path_count; j++)
            pattern_destroy (&server->paths [j]);
    }
    free (self->list);
    *self = (kinto_servers_t){0};
}

kinto_server_t *
kinto_servers_find (const kinto_servers_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->list [i].service.name, name) == 0)
            return &self->list [i];
    return NULL;
}

bool
kinto_server_lets_write (const kinto_server_t *self, const char *uri)
{
    for (size_t i = 0; i < self->path_count; i++)
        if (pattern_matches (self->paths [i], uri))
            return true;
    return false;
}
