#include "worker/actions/webhook_action.h"

#include <stdlib.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

typedef struct {
    action_place_t place;
    webhook_t **idle;  //  slots that carry nothing; the one used last is the last
    size_t idle_count;
} hooks_t;

const char webhook_schema [] =
    "{\"type\":\"object\",\"properties\":{\"name\":{\"enum\":[\"webhook\"]}},"
    "\"required\":[\"name\"],\"additionalProperties\":false}";

static void *
hooks_read (const void *settings, const target_t *target, const json_t *document,
            problem_t *problem)
{
    (void)settings;
    (void)target;
    return webhook_target_new (document, problem);
}

static void
hooks_drop (void *ready)
{
    webhook_target_t *target = ready;
    webhook_target_destroy (&target);
}

static void *
hooks_open (const action_place_t *place)
{
    hooks_t *self = ALLOCATE (hooks_t);
    self->place = *place;
    self->idle = allocate (place->attempts, sizeof *self->idle);
    return self;
}

static void
hooks_close (void *context)
{
    hooks_t *self = context;
    for (size_t i = 0; i < self->idle_count; i++)
        webhook_destroy (&self->idle [i]);
    free (self->idle);
    free (self);
}

//  One that carried this target last has its connection and its settings ready.
static webhook_t *
hooks_take_slot (hooks_t *self, const webhook_target_t *target)
{
    if (self->idle_count == 0)
        return webhook_new (self->place.settings);
    size_t last = self->idle_count - 1;
    size_t chosen = last;
    for (size_t i = 0; i <= last && webhook_last_target (self->idle [chosen]) != target; i++)
        chosen = last - i;
    webhook_t *webhook = self->idle [chosen];
    self->idle [chosen] = self->idle [last];
    self->idle_count--;
    return webhook;
}

static void
hooks_end (hooks_t *self, run_t *run)
{
    webhook_t *webhook = run->state;
    run->state = NULL;
    if (self->idle_count < self->place.attempts)
        self->idle [self->idle_count++] = webhook;
    else
        webhook_destroy (&webhook);  //  a broker wants more than is usual here
    self->place.ended (self->place.thread, run);
}

static void
hooks_begin (void *context, run_t *run, void *ready)
{
    hooks_t *self = context;
    webhook_target_t *target = ready;
    webhook_t *webhook = hooks_take_slot (self, target);
    problem_t problem;
    run->state = webhook;
    if (webhook_prepare (webhook, target, run, &problem)) {
        ending_fail (&run->end, "%s", problem.text);
        hooks_end (self, run);
        return;
    }
    CURL *handle = webhook_handle (webhook);
    curl_easy_setopt (handle, CURLOPT_PRIVATE, (void *)run);
    CURLMcode code = curl_multi_add_handle (self->place.multi, handle);
    ASSERT (code == CURLM_OK, "a slot carries one transfer at a time");
}

static void
hooks_transferred (void *context, run_t *run, CURLcode code)
{
    webhook_conclude (run->state, code, run);
    hooks_end (context, run);
}

static void
hooks_cancel (void *context, run_t *run)
{
    hooks_t *self = context;
    curl_multi_remove_handle (self->place.multi, webhook_handle (run->state));
    hooks_transferred (self, run, CURLE_ABORTED_BY_CALLBACK);
}

const action_t webhook_action = {.name = "webhook",
                                 .read = hooks_read,
                                 .drop = hooks_drop,
                                 .open = hooks_open,
                                 .close = hooks_close,
                                 .begin = hooks_begin,
                                 .cancel = hooks_cancel,
                                 .transferred = hooks_transferred,
                                 .takes_batches = true};
