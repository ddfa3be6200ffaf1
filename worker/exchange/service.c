#include "worker/exchange/service.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "worker/actions/body.h"

enum { QUIET_MOST_MS = 3600000 };

bool
service_url_is_good (const char *url)
{
    static const char *const schemes [] = {"http://", "https://"};
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen (schemes [i]);
        if (strncmp (url, schemes [i], length) != 0)
            continue;
        return url [length] && url [length] != '/' && !strpbrk (url, " \t\r\n?#{}@\\");
    }
    return false;
}

status_t
service_read_url (service_t *self, const char *section, const char *url, problem_t *problem)
{
    if (!*url)
        return problem_at (problem, STATUS_BAD_SETTING, section, "%s/%s/url is missing", section,
                           self->name);
    if (!service_url_is_good (url))
        return problem_at (problem, STATUS_BAD_SETTING, section,
                           "%s/%s/url: \"%.120s\" is no URL of a server, as in http://host:8888/v1",
                           section, self->name, url);
    self->url = allocate_copy (url);
    size_t length = strlen (self->url);
    while (length > 0 && self->url [length - 1] == '/')
        self->url [--length] = '\0';
    return STATUS_OK;
}

static bool
is_printable (const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

status_t
service_read_basic (service_t *self, const char *section, const char *user, const char *password,
                    problem_t *problem)
{
    if (strchr (user, ':') || !is_printable (user) || !is_printable (password))
        return problem_at (problem, STATUS_BAD_SETTING, section,
                           "%s/%s: user and password are printable, and there is no : in a user",
                           section, self->name);
    body_t pair = {0}, line = {0};
    body_add_text (&pair, user);
    body_add (&pair, ":", 1);
    body_add_text (&pair, password);
    body_add_text (&line, "Authorization: Basic ");
    body_add_base64 (&line, pair.bytes, pair.used);
    body_add (&line, "", 1);
    body_free (&pair);
    self->authorization = line.bytes;
    return STATUS_OK;
}

status_t
service_read_bearer (service_t *self, const char *section, const char *token, problem_t *problem)
{
    if (!is_printable (token))
        return problem_at (problem, STATUS_BAD_SETTING, section, "%s/%s/token is not printable",
                           section, self->name);
    static const char start [] = "Authorization: Bearer ";
    self->authorization = allocate (sizeof start + strlen (token), 1);
    stpcpy (stpcpy (self->authorization, start), token);
    return STATUS_OK;
}

void
service_clear (service_t *self)
{
    free (self->url);
    free (self->authorization);
    token_destroy (&self->token);
    *self = (service_t){0};
}

char *
service_fill_path (const service_t *self, const char *url_template, template_facts_t *facts,
                   size_t most, problem_t *problem)
{
    size_t size;
    char *url = template_fill (url_template, TEMPLATE_URL, facts, most, &size, problem);
    if (!url)
        return NULL;
    char *path = allocate_copy (url + strlen (self->url));
    free (url);
    return path;
}

void
service_hush (service_t *self, int64_t now_ms, int64_t quiet_ms)
{
    int64_t until_ms = now_ms + (quiet_ms < QUIET_MOST_MS ? quiet_ms : QUIET_MOST_MS);
    int_fast64_t before = atomic_load (&self->quiet_until_ms);
    while (before < until_ms &&
           !atomic_compare_exchange_weak (&self->quiet_until_ms, &before, until_ms))
        ;
}

int64_t
service_quiet_until_ms (const service_t *self)
{
    return atomic_load (&self->quiet_until_ms);
}
