#include "worker/balrog/balrog_server.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

static const char section [] = "worker/balrog";

#define ROW(name) "worker/balrog/*/" name

static status_t
read_token (service_t *self, const settings_t *settings, problem_t *problem)
{
    const token_settings_t token = {
        .url = settings_named_text (settings, ROW ("token_url"), self->name),
        .client_id = settings_named_text (settings, ROW ("client_id"), self->name),
        .client_secret = settings_named_text (settings, ROW ("client_secret"), self->name),
        .audience = settings_named_text (settings, ROW ("audience"), self->name)};
    if (!service_url_is_good (token.url))
        return problem_at (problem, STATUS_BAD_SETTING, section,
                           "%s/%s/token_url: \"%.120s\" is no URL that gives tokens, as in "
                           "https://auth.example/oauth/token",
                           section, self->name, token.url);
    if (!*token.client_id || !*token.client_secret)
        return problem_at (problem, STATUS_BAD_SETTING, section,
                           "%s/%s: client_id and client_secret are needed for a token", section,
                           self->name);
    self->token = token_new (&token);
    return STATUS_OK;
}

static status_t
read_server (service_t *self, const settings_t *settings, problem_t *problem)
{
    self->batch = 1;
    self->transfer = (transfer_settings_t){
        .allows_private = true,  //  whoever configures the worker may name any address
        .connect_timeout_ms = settings_number (settings, "worker/connect_timeout_ms"),
        .reply_bytes = (size_t)settings_named_number (settings, ROW ("answer_bytes"), self->name)};
    status_t status = service_read_url (
        self, section, settings_named_text (settings, ROW ("url"), self->name), problem);
    return status ? status : read_token (self, settings, problem);
}

status_t
balrog_servers_read (balrog_servers_t *self, const settings_t *settings, problem_t *problem)
{
    char name [SETTINGS_NAME_SIZE];
    size_t count = 0;
    while (settings_name (settings, section, count, name))
        count++;
    self->list = allocate (count + 1, sizeof *self->list);
    while (self->count < count) {
        service_t *server = &self->list [self->count];
        settings_name (settings, section, self->count++, server->name);
        status_t status = read_server (server, settings, problem);
        if (status)
            return status;
    }
    return STATUS_OK;
}

void
balrog_servers_clear (balrog_servers_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        service_clear (&self->list [i]);
    free (self->list);
    *self = (balrog_servers_t){0};
}

service_t *
balrog_servers_find (const balrog_servers_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->list [i].name, name) == 0)
            return &self->list [i];
    return NULL;
}
