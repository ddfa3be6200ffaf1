/*  webhook_fill – what a request has of templates: its URL, headers and body. */
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"
#include "proto/model/owned_json.h"
#include "worker/actions/webhook_state.h"

enum { URL_MOST = 8192, HEADER_MOST = 8192, BODY_MOST = 4194304 };

static status_t
webhook_fill_url (webhook_t *self, template_facts_t *facts, problem_t *problem)
{
    const webhook_target_t *target = self->target;
    size_t size;
    if (!target->has_slots)
        return STATUS_OK;
    OWNED (text)
    char *url = template_fill (target->url, TEMPLATE_URL, facts, URL_MOST, &size, problem);
    if (!url)
        return STATUS_BAD_EVENT;
    TRANSFER_SET (self->transfer.curl, CURLOPT_URL, url);  //  copies it
    return STATUS_OK;
}

static status_t
webhook_fill_headers (webhook_t *self, template_facts_t *facts, problem_t *problem)
{
    const webhook_target_t *target = self->target;
    for (size_t i = 0; i < target->filled_count; i++) {
        const webhook_header_t *header = &target->filled [i];
        size_t size;
        OWNED (text)
        char *text =
            template_fill (header->text, TEMPLATE_HEADER, facts, HEADER_MOST, &size, problem);
        if (!text)
            return STATUS_BAD_EVENT;
        OWNED (text) char *line = webhook_header_line (header->name, text);
        struct curl_slist *filled = curl_slist_append (self->filled, line);
        ASSERT (filled, "out of memory: lower worker/capacity");
        self->filled = filled;
        self->filled_last = self->filled_last ? self->filled_last->next : filled;
    }
    if (self->filled)
        self->filled_last->next = target->headers;
    return STATUS_OK;
}

static status_t
webhook_fill_body (webhook_t *self, template_facts_t *facts, size_t *size, problem_t *problem)
{
    const webhook_target_t *target = self->target;
    if (!target->body)
        return STATUS_OK;
    if (json_is_string (target->body)) {
        self->made = template_fill (json_string_value (target->body), target->place, facts,
                                    BODY_MOST, size, problem);
        return self->made ? STATUS_OK : STATUS_BAD_EVENT;
    }
    OWNED (json) json_t *made = template_fill_json (target->body, facts, BODY_MOST, problem);
    if (!made)
        return STATUS_BAD_EVENT;
    self->made = json_dumps (made, JSON_COMPACT | JSON_ENCODE_ANY);
    ASSERT (self->made, "what was made of JSON is JSON");
    *size = strlen (self->made);
    return STATUS_OK;
}

void
webhook_forget_filled (webhook_t *self)
{
    if (self->filled)
        self->filled_last->next = NULL;
    curl_slist_free_all (self->filled);
    self->filled = self->filled_last = NULL;
    free (self->made);
    self->made = NULL;
}

static const char *const places [] = {"deliver.url", "deliver.headers", "deliver.body"};

status_t
webhook_fill (webhook_t *self, const event_t *event, const char *subscription, size_t *size,
              problem_t *problem)
{
    template_facts_t facts = {.data = {.event = event}, .subscription = subscription};
    problem_t why = {0};
    size_t part = 0;
    webhook_forget_filled (self);
    status_t status = webhook_fill_url (self, &facts, &why);
    if (!status && ++part)
        status = webhook_fill_headers (self, &facts, &why);
    if (!status && ++part)
        status = webhook_fill_body (self, &facts, size, &why);
    match_data_clear (&facts.data);
    return status ? problem_set (problem, status, "%s: %s", places [part], why.text) : STATUS_OK;
}
