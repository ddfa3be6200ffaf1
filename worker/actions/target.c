#include "worker/actions/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/deliver_form.h"
#include "proto/model/owned.h"
#include "proto/model/owned_json.h"
#include "version.h"

webhook_target_t *
webhook_target_ref (webhook_target_t *self)
{
    self->references++;
    return self;
}

void
webhook_target_destroy (webhook_target_t **self_p)
{
    webhook_target_t *self = *self_p;
    *self_p = NULL;
    if (!self || --self->references > 0)
        return;
    curl_slist_free_all (self->headers);
    for (size_t i = 0; i < self->filled_count; i++) {
        free (self->filled [i].name);
        free (self->filled [i].text);
    }
    free (self->filled);
    json_decref (self->body);
    free (self->content_type);
    signer_destroy (&self->signer);
    free (self->url);
    free (self);
}

static void
target_add_header (webhook_target_t *self, const char *line)
{
    struct curl_slist *headers = curl_slist_append (self->headers, line);
    ASSERT (headers, "out of memory: lower limits/subscription_bytes");
    self->headers = headers;
}

char *
webhook_header_line (const char *name, const char *text)
{
    //  curl takes "Name:" as a wish not to send it, and "Name;" as an empty one
    text += strspn (text, " \t");
    size_t size = strlen (name) + strlen (text) + 3;
    char *line = allocate (size, 1);
    snprintf (line, size, *text ? "%s: %s" : "%s;%s", name, text);
    return line;
}

static void
target_keep_header (webhook_target_t *self, const char *name, const char *text)
{
    self->filled = allocate_again (self->filled, self->filled_count + 1, sizeof *self->filled);
    self->filled [self->filled_count++] =
        (webhook_header_t){allocate_copy (name), allocate_copy (text)};
}

//  Which names may be given is checked when the subscription is written; that none of them makes a
//  second header, here too.
static status_t
target_read_header (webhook_target_t *self, const char *name, const json_t *value,
                    problem_t *problem)
{
    const char *text = json_string_value (value);
    if (!text || strpbrk (name, ":\r\n") || strpbrk (text, "\r\n"))
        return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "deliver.headers",
                           "deliver.headers: \"%.60s\" cannot be sent", name);
    if (strcasecmp (name, "content-type") == 0)
        return STATUS_OK;  //  of the body, which has it
    if (template_has_slots (text)) {
        target_keep_header (self, name, text);
        return STATUS_OK;
    }
    char *line = webhook_header_line (name, text);
    target_add_header (self, line);
    free (line);
    return STATUS_OK;
}

static status_t
target_read_headers (webhook_target_t *self, const json_t *document, problem_t *problem)
{
    target_add_header (self, "Expect:");  //  that curl does not ask before it sends a large body
    target_add_header (self, "User-Agent: Tocsin/" TOCSIN_VERSION);
    if (json_object_get (document, "replay")) {
        status_t status = target_read_header (self, "Tocsin-Replay",
                                              json_object_get (document, "replay"), problem);
        if (status)
            return status;
    }
    const char *name;
    json_t *value;
    json_object_foreach (json_object_get (json_object_get (document, "deliver"), "headers"), name,
                         value)
    {
        status_t status = target_read_header (self, name, value, problem);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static status_t
target_read_format (webhook_target_t *self, const json_t *deliver, problem_t *problem)
{
    static const char *const names [] = {"cloudevents", "kinto", "raw"};
    const char *format = json_string_value (json_object_get (deliver, "format"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!format || strcmp (format, names [i]) == 0) {
            self->format = (format_t)i;
            return STATUS_OK;
        }
    return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "deliver.format",
                       "deliver.format: \"%.60s\" is none; there are cloudevents, kinto and raw",
                       format);
}

//  One secret, or a list of them while they rotate.
static status_t
target_read_secret (webhook_target_t *self, const json_t *deliver, problem_t *problem)
{
    const json_t *secret = json_object_get (deliver, "secret");
    const char *secrets [SIGNER_SECRETS + 1];
    size_t count = 0;
    if (json_is_string (secret))
        secrets [count++] = json_string_value (secret);
    for (size_t i = 0; i < json_array_size (secret) && count <= SIGNER_SECRETS; i++) {
        const char *text = json_string_value (json_array_get (secret, i));
        secrets [count++] = text ? text : "";
    }
    if (count == 0)
        return STATUS_OK;
    self->signer = signer_new (secrets, count, problem);
    return self->signer ? STATUS_OK : STATUS_BAD_SUBSCRIPTION;
}

static void
target_read_body (webhook_target_t *self, const json_t *deliver)
{
    const json_t *body = json_object_get (deliver, "body");
    const char *given = deliver_content_type (deliver);
    if (!body)
        return;
    self->body = json_deep_copy (body);
    self->place = template_place_of (given);
    const char *standard = json_is_string (body) ? "text/plain; charset=utf-8" : "application/json";
    self->content_type = allocate_copy (given ? given : standard);
}

static void
target_read_final (webhook_target_t *self, const json_t *final)
{
    for (size_t i = 0; i < json_array_size (final); i++) {
        json_int_t code = json_integer_value (json_array_get (final, i));
        if (code >= 400 && code < 600)
            self->is_final [code - 400] = true;
    }
}

static status_t
target_read (webhook_target_t *self, const json_t *document, problem_t *problem)
{
    const json_t *deliver = json_object_get (document, "deliver");
    const char *url = json_string_value (json_object_get (deliver, "url"));
    if (!url)
        return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "deliver.url",
                           "deliver.url is missing: a webhook needs one");
    self->url = allocate_copy (url);
    self->has_slots = template_has_slots (url);
    target_read_body (self, deliver);
    self->is_batched = json_is_object (json_object_get (document, "batch"));
    target_read_final (self, json_object_get (document, "final"));
    status_t status = target_read_format (self, deliver, problem);
    if (!status)
        status = target_read_headers (self, document, problem);
    return status ? status : target_read_secret (self, deliver, problem);
}

webhook_target_t *
webhook_target_new (const json_t *document, problem_t *problem)
{
    OWNED (webhook_target) webhook_target_t *self = ALLOCATE (webhook_target_t);
    self->references = 1;
    if (target_read (self, document, problem))
        return NULL;
    return TAKE (self);
}
