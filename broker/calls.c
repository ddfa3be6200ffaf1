#include "broker/calls.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "broker/call.h"
#include "broker/front.h"
#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { FRAME_SPARE_BYTES = 4096 };

struct calls {
    edge_t *edge;   //  borrowed
    call_t *calls;  //  that have not ended, by number
    call_t *line;   //  those that wait for the disk
    uint64_t last_number;
};

typedef struct {
    const char *name;
    void (*run) (call_t *call);
} method_t;

static const method_t methods [] = {
#define METHOD(name, function, text) {name, call_##function},
#include "broker/calls.tbl"
};

calls_t *
calls_new (edge_t *edge)
{
    calls_t *self = ALLOCATE (calls_t);
    self->edge = edge;
    return self;
}

static void
call_end (call_t *self)
{
    if (self->after_ticket)
        DL_DELETE (self->calls->line, self);
    HASH_DEL (self->calls->calls, self);
    json_decref (self->args);
    json_decref (self->prepared);
    if (self->more)
        self->more_free (self->more);
    free (self);
}

void
calls_destroy (calls_t **self_p)
{
    calls_t *self = *self_p;
    if (!self)
        return;
    call_t *call, *next;
    HASH_ITER (hh, self->calls, call, next)
    call_end (call);
    free (self);
    *self_p = NULL;
}

static call_t *
calls_find (const calls_t *self, uint64_t number)
{
    call_t *call;
    HASH_FIND (hh, self->calls, &number, sizeof number, call);
    return call;
}

//  ---- ends

size_t
call_reply_most (const call_t *self)
{
    return (size_t)self->edge->limits->frame_bytes - FRAME_SPARE_BYTES;
}

static void
call_say (call_t *self, status_t status, const char *json, size_t size)
{
    if (!self->is_answered)
        front_reply (self->edge->front, self->peer, self->request, status, json, size);
    else if (status != STATUS_OK)
        log_warning ("broker", "what a call had begun ends early: %.*s", (int)size, json);
    call_end (self);
}

void
call_fail (call_t *self, const problem_t *problem)
{
    OWNED (json) json_t *json = json_pack ("{s:s}", "message", problem->text);
    if (*problem->name)
        json_object_set_new (json, "name", json_string (problem->name));
    char *text = json_dumps (json, JSON_COMPACT);
    ASSERT (text, "problem_set cuts its text at a character, so it is UTF-8");
    call_say (self, problem->status, text, strlen (text));
    free (text);
}

void
call_reply_text (call_t *self, const char *json, size_t size)
{
    if (size <= call_reply_most (self)) {
        call_say (self, STATUS_OK, json, size);
        return;
    }
    problem_t problem = {0};
    problem_set (&problem, STATUS_TOO_LARGE, "the answer has %zu bytes; a message has at most %zu",
                 size, call_reply_most (self));
    call_fail (self, &problem);
}

void
call_reply (call_t *self, json_t *json)
{
    char *text = json_dumps (json, JSON_COMPACT);
    ASSERT (text, "what is stored was checked to be UTF-8 when it came");
    json_decref (json);
    call_reply_text (self, text, strlen (text));
    free (text);
}

void
call_reply_early (call_t *self, json_t *json)
{
    char *text = json_dumps (json, JSON_COMPACT);
    ASSERT (text && strlen (text) <= call_reply_most (self), "an early word is a short one");
    json_decref (json);
    front_reply (self->edge->front, self->peer, self->request, STATUS_OK, text, strlen (text));
    self->is_answered = true;
    free (text);
}

//  ---- arguments

status_t
call_text (const call_t *self, const char *name, const char **text, problem_t *problem)
{
    const json_t *value = json_object_get (self->args, name);
    if (!json_is_string (value))
        return problem_at (problem, STATUS_BAD_REQUEST, name, "%s: a text is needed here", name);
    *text = json_string_value (value);
    return STATUS_OK;
}

status_t
call_number (const call_t *self, const char *name, int64_t *number, problem_t *problem)
{
    const json_t *value = json_object_get (self->args, name);
    if (!json_is_integer (value))
        return problem_at (problem, STATUS_BAD_REQUEST, name, "%s: an integer is needed here",
                           name);
    *number = json_integer_value (value);
    return STATUS_OK;
}

status_t
call_optional_text (const call_t *self, const char *name, const char **text, problem_t *problem)
{
    return json_object_get (self->args, name) ? call_text (self, name, text, problem) : STATUS_OK;
}

status_t
call_optional_number (const call_t *self, const char *name, int64_t least, int64_t most,
                      int64_t *number, problem_t *problem)
{
    if (!json_object_get (self->args, name))
        return STATUS_OK;
    int64_t given = 0;
    status_t status = call_number (self, name, &given, problem);
    if (status != STATUS_OK)
        return status;
    if (given < least || given > most)
        return problem_at (problem, STATUS_BAD_PARAMETER, name, "%s: it is in %lld … %lld", name,
                           (long long)least, (long long)most);
    *number = given;
    return STATUS_OK;
}

//  ---- questions

static void
call_go_and_ask (call_t *self)
{
    if (reader_waiting (self->edge->reader) < QUERIES_MOST) {
        reader_ask (self->edge->reader, &self->question);
        return;
    }
    problem_t problem = {0};
    problem_set (&problem, STATUS_FULL, "%d questions to the store wait already", QUERIES_MOST);
    call_fail (self, &problem);
}

static void
call_put (call_t *self, const query_t *question, call_found_t *found)
{
    self->question = *question;
    self->question.number = self->number;
    self->found = found;
}

void
call_ask_query (call_t *self, const query_t *question, call_found_t *found)
{
    call_put (self, question, found);
    call_go_and_ask (self);
}

void
call_ask (call_t *self, int kind, const char *text, call_found_t *found)
{
    query_t question = {.kind = (__typeof__ (question.kind))kind};
    snprintf (question.text, sizeof question.text, "%s", text);
    call_ask_query (self, &question, found);
}

void
call_when_on_disk (call_t *self, uint64_t ticket, void (*then) (call_t *self))
{
    if (ticket <= self->edge->last_persisted) {
        then (self);
        return;
    }
    self->after_ticket = ticket;
    self->then = then;
    DL_APPEND (self->calls->line, self);
}

void
call_ask_again (call_t *self)
{
    call_when_on_disk (self, self->edge->last_ticket, call_go_and_ask);
}

bool
call_is_behind (call_t *self, uint64_t behind)
{
    bool is_news = behind > 0 && behind != self->behind;
    self->behind = behind;
    return is_news;
}

void
call_ask_on_disk (call_t *self, uint64_t ticket, const query_t *question, call_found_t *found)
{
    call_put (self, question, found);
    call_when_on_disk (self, ticket, call_go_and_ask);
}

//  ---- what comes in

static call_t *
calls_begin (calls_t *self, peer_t peer, uint64_t request)
{
    call_t *call = ALLOCATE (call_t);
    call->edge = self->edge;
    call->calls = self;
    call->number = ++self->last_number;
    call->peer = peer;
    call->request = request;
    HASH_ADD (hh, self->calls, number, sizeof call->number, call);
    return call;
}

static json_t *
calls_read_args (const message_t *message, problem_t *problem)
{
    if (message->json_size == 0)
        return json_object ();
    json_error_t error;
    json_t *args = json_loadb (message->json, message->json_size, JSON_REJECT_DUPLICATES, &error);
    if (!args)
        problem_set (problem, STATUS_BAD_JSON, "line %d, column %d: %s", error.line, error.column,
                     error.text);
    else if (!json_is_object (args)) {
        problem_set (problem, STATUS_BAD_REQUEST, "the arguments of a call are a JSON object");
        json_destroy (&args);
    }
    return args;
}

void
calls_hear (calls_t *self, peer_t peer, const message_t *message)
{
    call_t *call = calls_begin (self, peer, message->request);
    problem_t problem = {0};
    call->args = calls_read_args (message, &problem);
    if (!call->args) {
        call_fail (call, &problem);
        return;
    }
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp (methods [i].name, message->method) == 0) {
            methods [i].run (call);
            return;
        }
    problem_at (&problem, STATUS_NOT_FOUND, "method", "there is no method \"%.60s\"",
                message->method);
    call_fail (call, &problem);
}

//  What was prepared is true now, or will not be.
static void
call_conclude (call_t *self, const problem_t *problem)
{
    if (problem->status == STATUS_OK)
        call_reply (self, TAKE (self->prepared));
    else
        call_fail (self, problem);
}

void
calls_answer (calls_t *self, const effect_t *effect)
{
    call_t *call = calls_find (self, effect->request);
    if (!call)
        return;
    problem_t problem = {.status = effect->answer.status};
    const char *id = json_string_value (json_object_get (call->args, "id"));
    if (problem.status == STATUS_NOT_FOUND && id)
        problem_set (&problem, problem.status, "there is no subscription \"%.60s\"", id);
    else if (problem.status != STATUS_OK)
        problem_set (&problem, problem.status, "%s", status_text (problem.status));
    call_conclude (call, &problem);
}

void
calls_decide (calls_t *self, const effect_t *effect)
{
    call_t *call = calls_find (self, effect->request);
    if (call)
        call_decided (call, effect);
}

void
calls_written (calls_t *self, uint64_t number, const problem_t *problem)
{
    call_t *call = calls_find (self, number);
    if (call)
        call_conclude (call, problem);
}

void
calls_found (calls_t *self, query_t *query)
{
    call_t *call = calls_find (self, query->number);
    if (!call)
        return;
    status_t status = query->problem.status;
    if (status == STATUS_OK || (status == STATUS_NOT_FOUND && call->may_find_nothing))
        call->found (call, query);
    else
        call_fail (call, &query->problem);
}

void
calls_persisted (calls_t *self)
{
    call_t *call, *next;
    DL_FOREACH_SAFE (self->line, call, next)
    {
        if (call->after_ticket > self->edge->last_persisted)
            continue;
        DL_DELETE (self->line, call);
        call->after_ticket = 0;
        call->then (call);
    }
}
