/*  exchange_haul – the transfers of an exchange: how they are made, sent and read. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "version.h"
#include "worker/exchange/exchange_state.h"

static haul_t *
haul_take_idle (exchange_t *self, const service_t *service)
{
    haul_t *haul;
    DL_FOREACH (self->idle, haul)
    {
        if (haul->service == service) {
            DL_DELETE (self->idle, haul);
            return haul;
        }
    }
    return NULL;
}

haul_t *
haul_new (exchange_t *self, service_t *service, haul_kind_t kind)
{
    haul_t *haul = haul_take_idle (self, service);
    if (!haul) {
        haul = ALLOCATE (haul_t);
        haul->service = service;
        transfer_open (&haul->transfer, &service->transfer);
        curl_easy_setopt (haul->transfer.curl, CURLOPT_PRIVATE, (void *)&haul->carrier);
    }
    haul->kind = kind;
    haul->carrier.actor = self->actor;
    haul_add_header (haul, "Expect:");  //  that curl does not ask before it sends a large body
    haul_add_header (haul, "User-Agent: Tocsin/" TOCSIN_VERSION);
    haul_add_header (haul, "Accept: application/json");
    return haul;
}

void
haul_add_header (haul_t *self, const char *line)
{
    struct curl_slist *headers = curl_slist_append (self->headers, line);
    ASSERT (headers, "out of memory: lower worker/capacity");
    self->headers = headers;
}

void
haul_set (haul_t *self, const char *url, const char *path, const json_t *body)
{
    self->url = allocate (strlen (url) + strlen (path) + 1, 1);
    stpcpy (stpcpy (self->url, url), path);
    if (!body)
        return;
    self->body = json_dumps (body, JSON_COMPACT);
    ASSERT (self->body, "what was parsed can be written");
    haul_add_header (self, "Content-Type: application/json");
}

void
haul_start (exchange_t *self, haul_t *haul, const char *method, int64_t timeout_ms)
{
    CURL *curl = haul->transfer.curl;
    transfer_prepare (&haul->transfer, timeout_ms > 0 ? timeout_ms : 1);
    TRANSFER_SET (curl, CURLOPT_URL, haul->url);
    TRANSFER_SET (curl, CURLOPT_HTTPHEADER, haul->headers);
    if (haul->body) {
        TRANSFER_SET (curl, CURLOPT_POST, 1L);
        TRANSFER_SET (curl, CURLOPT_POSTFIELDS, haul->body);
        TRANSFER_SET (curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen (haul->body));
    }
    else
        TRANSFER_SET (curl, CURLOPT_HTTPGET, 1L);
    TRANSFER_SET (curl, CURLOPT_CUSTOMREQUEST, method);
    DL_APPEND (self->hauls, haul);
    CURLMcode code = curl_multi_add_handle (self->place.multi, curl);
    ASSERT (code == CURLM_OK, "a haul carries one transfer at a time");
}

void
haul_end (exchange_t *self, haul_t *haul)
{
    DL_DELETE (self->hauls, haul);
    curl_slist_free_all (haul->headers);
    haul->headers = NULL;
    free (haul->url);
    free (haul->body);
    haul->url = haul->body = NULL;
    haul->count = 0;
    DL_APPEND (self->idle, haul);
}

static int64_t
wall_s (void)
{
    struct timespec now;
    clock_gettime (CLOCK_REALTIME, &now);
    return now.tv_sec;
}

void
haul_answer (const haul_t *self, answer_t *answer)
{
    const body_t *reply = &self->transfer.reply;
    *answer = (answer_t){.status = transfer_status (&self->transfer),
                         .retry_after = transfer_header (&self->transfer, "retry-after"),
                         .bytes = reply->used > 0 ? reply->bytes : "",
                         .size = reply->used,
                         .now_s = wall_s ()};
    if (reply->used > 0 && !transfer_is_cut (&self->transfer))
        answer->body = json_loadb (reply->bytes, reply->used, JSON_REJECT_DUPLICATES, NULL);
}

//  ---- what they carry

void
exchange_send_alone (exchange_t *self, talk_t *talk, const char *token_line, int64_t now_ms)
{
    const request_t *request = &talk->request;
    haul_t *haul = haul_new (self, talk->service, HAUL_REQUEST);
    haul->talks [haul->count++] = talk;
    talk->haul = haul;
    const char *who = token_line ? token_line : talk->service->authorization;
    if (who)
        haul_add_header (haul, who);
    const char *name;
    const json_t *value;
    json_object_foreach (request->headers, name, value)
    {
        const char *text = json_string_value (value);
        char *line = allocate (strlen (name) + strlen (text) + 3, 1);
        stpcpy (stpcpy (stpcpy (line, name), ": "), text);
        haul_add_header (haul, line);
        free (line);
    }
    haul_set (haul, talk->service->url, request->path, request->body);
    haul_start (self, haul, request->method, talk->until_ms - now_ms);
}

void
exchange_fetch_token (exchange_t *self, service_t *service)
{
    haul_t *haul = haul_new (self, service, HAUL_TOKEN);
    json_t *body = token_request (service->token);
    haul_set (haul, token_url (service->token), "", body);
    json_decref (body);
    haul_start (self, haul, "POST", TOKEN_TIMEOUT_MS);
}

//  ---- the end of an exchange

static void
haul_destroy (haul_t *self)
{
    transfer_close (&self->transfer);
    curl_slist_free_all (self->headers);
    free (self->url);
    free (self->body);
    free (self);
}

//  No attempt is left, but perhaps a token that nobody waits for here, or a batch.
static void
haul_abandon (exchange_t *self, haul_t *haul)
{
    curl_multi_remove_handle (self->place.multi, haul->transfer.curl);
    if (haul->kind == HAUL_TOKEN) {
        ending_t end = {0};
        ending_start (&end, 0);
        ending_retry (&end, "the worker stopped before it was answered");
        token_fetched (haul->service->token, NULL, monotonic_ms (), &end);
    }
    haul_end (self, haul);
}

void
exchange_close (void *context)
{
    exchange_t *self = context;
    haul_t *haul, *next;
    DL_FOREACH_SAFE (self->hauls, haul, next)
    {
        haul_abandon (self, haul);
    }
    DL_FOREACH_SAFE (self->idle, haul, next)
    {
        haul_destroy (haul);
    }
    for (size_t i = 0; i < self->service_count; i++)
        if (self->services [i].token)
            token_unlisten (self->services [i].token, self->wake);
    wake_destroy (&self->wake);
    free (self);
}
