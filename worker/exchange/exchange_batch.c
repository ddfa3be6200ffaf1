/*  exchange_batch – requests that are due at the same time, in one POST to url/batch, as Kinto has it.
 *
 *  Kinto answers each for itself, but carries them out in one transaction: a 5xx or a 409 among the
 *  answers means that what was answered well was rolled back. So such a batch is taken apart, and each
 *  of its requests goes once more, alone.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "worker/exchange/exchange_state.h"

enum { HTTP_OK = 200, HTTP_UNAUTHORIZED = 401, HTTP_CONFLICT = 409, HTTP_TOO_MANY = 429 };

//  ---- packing

static bool
talk_may_join (const talk_t *self, const talk_t *first)
{
    return !self->haul && self->request.path && self->service == first->service &&
           !self->goes_alone && !self->service->token;
}

static json_t *
request_json (const request_t *request)
{
    return json_pack ("{s:s, s:s, s:O*, s:O*}", "method", request->method, "path", request->path,
                      "headers", request->headers, "body", request->body);
}

static void
haul_add_talk (haul_t *self, talk_t *talk, json_t *requests)
{
    self->talks [self->count++] = talk;
    talk->haul = self;
    json_array_append_new (requests, request_json (&talk->request));
}

//  The longest time that any of them has: who has less leaves it when that is over.
static int64_t
haul_until_ms (const haul_t *self)
{
    int64_t until_ms = 0;
    for (size_t i = 0; i < self->count; i++)
        if (self->talks [i]->until_ms > until_ms)
            until_ms = self->talks [i]->until_ms;
    return until_ms;
}

static void
exchange_send_batch (exchange_t *self, talk_t *first, int64_t now_ms)
{
    service_t *service = first->service;
    haul_t *haul = haul_new (self, service, HAUL_BATCH);
    json_t *requests = json_array ();
    size_t bytes = 0;
    talk_t *talk;
    for (talk = first; talk && haul->count < BATCH_MOST; talk = talk->next) {
        if (!talk_may_join (talk, first) || talk->until_ms <= now_ms)
            continue;
        bytes += json_dumpb (talk->request.body, NULL, 0, JSON_COMPACT);
        if (haul->count > 0 && (bytes > BATCH_BYTES || (int64_t)haul->count >= service->batch))
            break;
        haul_add_talk (haul, talk, requests);
    }
    if (service->authorization)
        haul_add_header (haul, service->authorization);
    json_t *body = json_pack ("{s:o}", "requests", requests);
    haul_set (haul, service->url, "/batch", body);
    json_decref (body);
    haul_start (self, haul, "POST", haul_until_ms (haul) - now_ms);
}

void
exchange_send (exchange_t *self, talk_t *talk, const char *token_line, int64_t now_ms)
{
    bool has_company = false;
    if (talk->service->batch > 1 && talk_may_join (talk, talk))
        for (const talk_t *other = talk->next; other && !has_company; other = other->next)
            has_company = talk_may_join (other, talk) && other->until_ms > now_ms;
    if (has_company)
        exchange_send_batch (self, talk, now_ms);
    else
        exchange_send_alone (self, talk, token_line, now_ms);
}

//  ---- unpacking

//  Nobody of them got what was asked for, for a reason that is the same for each.
static void
unpack_failure (exchange_t *self, const haul_t *haul, CURLcode code, const answer_t *answer)
{
    for (size_t i = 0; i < haul->count; i++) {
        talk_t *talk = haul->talks [i];
        if (!talk)
            continue;
        ending_t *end = &talk->run->end;
        end->settlement.http_status = answer->status;
        if (answer->status > 0)
            answer_judge (answer, end);
        else
            transfer_explain (&haul->transfer, code, end);
        talk_end (self, talk);
    }
}

static void
unpack_apart (const haul_t *haul)
{
    for (size_t i = 0; i < haul->count; i++)
        if (haul->talks [i])
            haul->talks [i]->goes_alone = true;
}

//  NULL: it is no answer to this batch, or one that cannot be believed.
static const json_t *
responses_of (const haul_t *haul, const answer_t *answer)
{
    const json_t *responses = json_object_get (answer->body, "responses");
    if (answer->status != HTTP_OK || json_array_size (responses) != haul->count)
        return NULL;
    size_t i;
    const json_t *response;
    json_array_foreach (responses, i, response)
    {
        json_int_t status = json_integer_value (json_object_get (response, "status"));
        if (status < 200 || status >= 500 || status == HTTP_CONFLICT)
            return NULL;
    }
    return responses;
}

static void
unpack_each (exchange_t *self, const haul_t *haul, const json_t *responses, int64_t now_s)
{
    size_t i;
    const json_t *response;
    json_array_foreach (responses, i, response)
    {
        talk_t *talk = haul->talks [i];
        if (!talk)
            continue;
        const json_t *headers = json_object_get (response, "headers");
        answer_t answer = {.status = (int)json_integer_value (json_object_get (response, "status")),
                           .retry_after =
                               json_string_value (json_object_get (headers, "Retry-After")),
                           .body = json_object_get (response, "body"),
                           .now_s = now_s};
        talk->run->end.settlement.http_status = answer.status;
        talk_go_on (self, talk, &answer);
    }
}

void
exchange_unpack (exchange_t *self, const haul_t *haul, CURLcode code, const answer_t *answer)
{
    int status = answer->status;
    const json_t *responses = responses_of (haul, answer);
    bool is_of_all =
        status == 0 || status >= 500 || status == HTTP_TOO_MANY || status == HTTP_UNAUTHORIZED;
    if (responses)
        unpack_each (self, haul, responses, answer->now_s);
    else if (is_of_all)
        unpack_failure (self, haul, code, answer);
    else
        unpack_apart (haul);
}
