#include "worker/exchange/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "worker/actions/retry_after.h"
#include "worker/exchange/exchange_state.h"

enum {
    HTTP_UNAUTHORIZED = 401,
    HTTP_TOO_MANY = 429,
    HTTP_UNAVAILABLE = 503,
    RESULT_BYTES = 1024  //  of an answer that is no success
};

exchange_t *
exchange_open (const action_place_t *place, const script_t *script, service_t *services,
               size_t count)
{
    exchange_t *self = ALLOCATE (exchange_t);
    self->place = *place;
    self->script = script;
    self->services = services;
    self->service_count = count;
    self->wake = wake_new ();
    for (size_t i = 0; i < count; i++)
        if (services [i].token)
            token_listen (services [i].token, self->wake);
    return self;
}

int
exchange_descriptor (const void *context)
{
    const exchange_t *self = context;
    return wake_descriptor (self->wake);
}

//  It has its turn once more, soon, in which those that wait are served.
static void
exchange_arouse (exchange_t *self)
{
    if (!self->is_awake)
        wake_ring (self->wake);
    self->is_awake = true;
}

//  ---- an attempt

void
talk_end (exchange_t *self, talk_t *talk)
{
    run_t *run = talk->run;
    ending_took (&run->end, monotonic_us () - talk->began_us);
    DL_DELETE (self->talks, talk);
    self->script->drop (talk->play);
    request_clear (&talk->request);
    free (talk);
    run->state = NULL;
    self->place.ended (self->place.thread, run);
}

//  The start of what was answered, for somebody to read.
static void
talk_keep_answer (const talk_t *talk, const answer_t *answer)
{
    char *dumped =
        answer->bytes || !answer->body ? NULL : json_dumps (answer->body, JSON_ENCODE_ANY);
    const char *bytes = dumped ? dumped : answer->bytes;
    size_t size = dumped ? strlen (dumped) : answer->size;
    ending_keep_result (&talk->run->end, bytes, size, RESULT_BYTES);
    free (dumped);
}

void
talk_go_on (exchange_t *self, talk_t *talk, const answer_t *answer)
{
    request_clear (&talk->request);
    if (self->script->next (talk->play, answer, &talk->request, &talk->run->end) == SCRIPT_ASKS) {
        exchange_arouse (self);
        return;
    }
    if (answer && talk->run->end.settlement.outcome != OUTCOME_OK)
        talk_keep_answer (talk, answer);
    talk_end (self, talk);
}

void
exchange_begin (exchange_t *self, run_t *run, service_t *service, void *play)
{
    talk_t *talk = ALLOCATE (talk_t);
    talk->run = run;
    talk->service = service;
    talk->play = play;
    talk->began_us = monotonic_us ();
    talk->until_ms = monotonic_ms () + run->target->timeout_ms;
    run->state = talk;
    self->actor = run->actor;
    DL_APPEND (self->talks, talk);
    talk_go_on (self, talk, NULL);
}

void
exchange_refuse (exchange_t *self, run_t *run, const problem_t *problem)
{
    ending_fail (&run->end, "%s", problem->text);
    self->place.ended (self->place.thread, run);
}

void
exchange_cancel (void *context, run_t *run)
{
    exchange_t *self = context;
    talk_t *talk = run->state;
    haul_t *haul = talk->haul;
    for (size_t i = 0; haul && i < haul->count; i++)
        if (haul->talks [i] == talk)
            haul->talks [i] = NULL;
    if (haul && haul->kind == HAUL_REQUEST) {
        curl_multi_remove_handle (self->place.multi, haul->transfer.curl);
        haul_end (self, haul);
    }
    ending_retry (&run->end, "the worker stopped before %s had answered", talk->service->name);
    talk_end (self, talk);
}

//  ---- its turn

//  A batch may still be under way: what comes of it is nobody's.
static void
talk_is_late (exchange_t *self, talk_t *talk)
{
    for (size_t i = 0; talk->haul && i < talk->haul->count; i++)
        if (talk->haul->talks [i] == talk)
            talk->haul->talks [i] = NULL;
    ending_retry (&talk->run->end, "no answer from %s within %lld ms", talk->service->name,
                  (long long)talk->run->target->timeout_ms);
    talk_end (self, talk);
}

static void
talk_is_hushed (exchange_t *self, talk_t *talk, int64_t quiet_ms)
{
    ending_retry (&talk->run->end, "%s wants to be left alone for %lld s more", talk->service->name,
                  (long long)(quiet_ms + 999) / 1000);
    talk->run->end.settlement.retry_after_ms = quiet_ms;
    talk_end (self, talk);
}

//  Whether the batches of a service are as many as may be under way.
static bool
exchange_is_busy (const exchange_t *self, const talk_t *talk)
{
    int count = 0;
    const haul_t *haul;
    DL_FOREACH (self->hauls, haul)
    {
        count += haul->service == talk->service;
    }
    return talk->service->batch > 1 && !talk->goes_alone && count >= BATCHES_MOST;
}

//  One that waits, and may ask now. Its token, if it needs one.
static void
talk_ask (exchange_t *self, talk_t *talk, int64_t now_ms)
{
    char *line = NULL;
    if (!talk->service->token) {
        exchange_send (self, talk, NULL, now_ms);
        return;
    }
    switch (token_take (talk->service->token, &talk->token, now_ms, &line, &talk->run->end)) {
        case TOKEN_READY: exchange_send (self, talk, line, now_ms); break;
        case TOKEN_FETCH: exchange_fetch_token (self, talk->service); break;
        case TOKEN_WAIT: break;
        case TOKEN_FAILED: talk_end (self, talk); break;
    }
    free (line);
}

//  When it has to be looked at again, unless something happens before.
static int64_t
talk_serve (exchange_t *self, talk_t *talk, int64_t now_ms)
{
    bool is_carried_alone = talk->haul && talk->haul->kind == HAUL_REQUEST;
    int64_t until_ms = talk->until_ms;
    if (is_carried_alone)
        return INT64_MAX;  //  libcurl has its deadline
    if (now_ms >= until_ms) {
        talk_is_late (self, talk);
        return INT64_MAX;
    }
    int64_t quiet_until_ms = service_quiet_until_ms (talk->service);
    if (talk->haul || (quiet_until_ms <= now_ms && exchange_is_busy (self, talk)))
        return until_ms;
    if (quiet_until_ms >= until_ms) {
        talk_is_hushed (self, talk, quiet_until_ms - now_ms);
        return INT64_MAX;
    }
    if (quiet_until_ms > now_ms)
        return quiet_until_ms;
    talk_ask (self, talk, now_ms);
    return until_ms;
}

void
exchange_ready (void *context)
{
    exchange_t *self = context;
    wake_silence (self->wake);
    self->is_awake = false;
    int64_t now_ms = monotonic_ms ();
    int64_t next_ms = INT64_MAX;
    talk_t *talk, *next;
    DL_FOREACH_SAFE (self->talks, talk, next)
    {
        int64_t again_ms = talk_serve (self, talk, now_ms);
        if (again_ms < next_ms)
            next_ms = again_ms;
    }
    wake_at (self->wake, next_ms);
}

//  ---- what comes back

//  What a server asks for in seconds, or in a date.
static void
exchange_hear_pause (service_t *service, const char *value, int64_t now_s)
{
    int64_t wait_ms;
    if (value && retry_after_read (value, now_s, &wait_ms))
        service_hush (service, monotonic_ms (), wait_ms);
}

static void
exchange_hear (const haul_t *haul, const answer_t *answer)
{
    exchange_hear_pause (haul->service, transfer_header (&haul->transfer, "backoff"),
                         answer->now_s);
    if (answer->status == HTTP_TOO_MANY || answer->status == HTTP_UNAVAILABLE)
        exchange_hear_pause (haul->service, answer->retry_after, answer->now_s);
}

static void
exchange_deliver (exchange_t *self, const haul_t *haul, talk_t *talk, const answer_t *answer)
{
    ending_t *end = &talk->run->end;
    end->settlement.http_status = answer->status;
    if (transfer_is_cut (&haul->transfer)) {
        ending_fail (end, "the answer is longer than %zu bytes: raise answer_bytes of this server",
                     haul->transfer.settings->reply_bytes);
        talk_end (self, talk);
    }
    else if (answer->status == HTTP_UNAUTHORIZED && talk->service->token &&
             !talk->had_other_token) {
        talk->had_other_token = true;
        token_refused (talk->service->token, &talk->token);
        exchange_arouse (self);
    }
    else
        talk_go_on (self, talk, answer);
}

static void
exchange_receive (exchange_t *self, haul_t *haul, CURLcode code)
{
    talk_t *talk = haul->talks [0];
    ending_t *end = &talk->run->end;
    talk->haul = NULL;
    transfer_measure (&haul->transfer, end);
    if (!transfer_is_answered (&haul->transfer, code)) {
        transfer_explain (&haul->transfer, code, end);
        end->settlement.http_status = transfer_status (&haul->transfer);
        talk_end (self, talk);
        return;
    }
    answer_t answer;
    haul_answer (haul, &answer);
    exchange_hear (haul, &answer);
    exchange_deliver (self, haul, talk, &answer);
    json_decref ((json_t *)(uintptr_t)answer.body);
}

static void
exchange_receive_token (const haul_t *haul, CURLcode code)
{
    ending_t end = {0};
    ending_start (&end, 0);
    if (!transfer_is_answered (&haul->transfer, code)) {
        transfer_explain (&haul->transfer, code, &end);
        token_fetched (haul->service->token, NULL, monotonic_ms (), &end);
        return;
    }
    answer_t answer;
    haul_answer (haul, &answer);
    token_fetched (haul->service->token, &answer, monotonic_ms (), NULL);
    json_decref ((json_t *)(uintptr_t)answer.body);
}

static void
exchange_receive_batch (exchange_t *self, const haul_t *haul, CURLcode code)
{
    for (size_t i = 0; i < haul->count; i++)
        if (haul->talks [i]) {
            haul->talks [i]->haul = NULL;
            transfer_measure (&haul->transfer, &haul->talks [i]->run->end);
        }
    answer_t answer = {0};
    if (transfer_is_answered (&haul->transfer, code)) {
        haul_answer (haul, &answer);
        exchange_hear (haul, &answer);
    }
    exchange_unpack (self, haul, code, &answer);
    json_decref ((json_t *)(uintptr_t)answer.body);
}

void
exchange_transferred (void *context, run_t *carrier, CURLcode code)
{
    exchange_t *self = context;
    haul_t *haul = (haul_t *)carrier;
    switch (haul->kind) {
        case HAUL_REQUEST: exchange_receive (self, haul, code); break;
        case HAUL_BATCH: exchange_receive_batch (self, haul, code); break;
        case HAUL_TOKEN: exchange_receive_token (haul, code); break;
    }
    haul_end (self, haul);
    exchange_arouse (self);
}
