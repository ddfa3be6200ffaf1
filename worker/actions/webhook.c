#include "worker/actions/webhook.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "worker/actions/batch_answer.h"
#include "worker/actions/cloud_event.h"
#include "worker/actions/event_batch.h"
#include "worker/actions/webhook_state.h"

//  ---- a slot

static void
webhook_set_once (webhook_t *self)
{
    CURL *curl = self->transfer.curl;
    TRANSFER_SET (curl, CURLOPT_POST, 1L);
    TRANSFER_SET (curl, CURLOPT_HTTPHEADER, self->lines);
}

webhook_t *
webhook_new (const transfer_settings_t *settings)
{
    webhook_t *self = ALLOCATE (webhook_t);
    transfer_open (&self->transfer, settings);
    self->lines [0].data = self->id_line;
    self->lines [1].data = self->timestamp_line;
    self->lines [2].data = self->signature_line;
    webhook_set_once (self);
    return self;
}

void
webhook_destroy (webhook_t **self_p)
{
    webhook_t *self = *self_p;
    if (!self)
        return;
    transfer_close (&self->transfer);
    webhook_forget_filled (self);
    webhook_target_destroy (&self->target);
    body_free (&self->type_line);
    body_free (&self->body);
    free (self);
    *self_p = NULL;
}

CURL *
webhook_handle (webhook_t *self)
{
    return self->transfer.curl;
}

const webhook_target_t *
webhook_last_target (const webhook_t *self)
{
    return self->target;
}

//  ---- a request

static void
webhook_set_target (webhook_t *self, webhook_target_t *target)
{
    if (self->target == target)
        return;
    webhook_target_destroy (&self->target);
    self->target = webhook_target_ref (target);
    TRANSFER_SET (self->transfer.curl, CURLOPT_URL, target->url);
}

//  The request's body: the event, as its format has it, or a batch of events.
static void
webhook_write_body (webhook_t *self, const run_t *run)
{
    body_clear (&self->body);
    if (self->is_batch)
        event_batch_write (run, &self->body);
    else
        cloud_event_write (run->delivery->event, &self->body);
}

//  made_size: of a body that was a template.
static void
webhook_set_body (webhook_t *self, const run_t *run, size_t made_size)
{
    const void *bytes = run->delivery->event->data;
    size_t size = run->delivery->event->data_size;
    if (self->made) {
        bytes = self->made;
        size = made_size;
    }
    else if (self->target->format == FORMAT_CLOUDEVENTS || self->is_batch) {
        webhook_write_body (self, run);
        bytes = self->body.bytes;
        size = self->body.used;
    }
    //  NULL would have libcurl ask for a body by a callback
    TRANSFER_SET (self->transfer.curl, CURLOPT_POSTFIELDS, size > 0 ? bytes : "");
    TRANSFER_SET (self->transfer.curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);

    self->signature_line [0] = '\0';
    if (self->target->signer) {
        char *value = stpcpy (self->signature_line, "webhook-signature: ");
        signer_sign (self->target->signer, self->id, self->now_s, bytes, size, value);
    }
}

static const char *
webhook_content_type (const webhook_t *self, const event_t *event)
{
    if (self->made)
        return self->target->content_type;
    if (self->is_batch)
        return "application/cloudevents-batch+json; charset=utf-8";
    switch (self->target->format) {
        case FORMAT_CLOUDEVENTS: return "application/cloudevents+json; charset=utf-8";
        case FORMAT_KINTO:
        case FORMAT_RAW: break;
    }
    return event->content_type;
}

//  What a consumer knows a repeat by.
static void
webhook_set_id (webhook_t *self, const run_t *run)
{
    if (self->is_batch)
        event_batch_id (run, self->id);
    else
        snprintf (self->id, sizeof self->id, "%s", run->delivery->event->id);
}

//  The lines of this delivery, and behind them those of the target.
static void
webhook_set_headers (webhook_t *self, const event_t *event)
{
    snprintf (self->id_line, sizeof self->id_line, "webhook-id: %s", self->id);
    snprintf (self->timestamp_line, sizeof self->timestamp_line, "webhook-timestamp: %" PRId64,
              self->now_s);
    struct curl_slist *last = &self->lines [1];
    if (*self->signature_line)
        last = last->next = &self->lines [2];
    body_clear (&self->type_line);
    body_add_text (&self->type_line, "content-type: ");
    body_add_text (&self->type_line, webhook_content_type (self, event));
    body_add (&self->type_line, "", 1);
    self->lines [3].data = self->type_line.bytes;
    last = last->next = &self->lines [3];
    last->next = self->filled ? self->filled : self->target->headers;
    self->lines [0].next = &self->lines [1];
}

status_t
webhook_prepare (webhook_t *self, webhook_target_t *target, const run_t *run, problem_t *problem)
{
    const event_t *event = run->delivery->event;
    size_t made_size = 0;
    self->now_s = run->end.settlement.time_ms / 1000;
    transfer_prepare (&self->transfer, run->target->timeout_ms);
    webhook_set_target (self, target);
    self->is_batch = target->is_batched || run->delivery_count > 1;
    status_t status = webhook_fill (self, event, run->target->subscription, &made_size, problem);
    if (status)
        return status;
    if (event->phase == PHASE_PRE)
        self->transfer.reply_bytes = self->transfer.settings->result_bytes;
    if (self->is_batch)
        self->transfer.reply_bytes = batch_answer_most (run, self->transfer.reply_bytes);
    webhook_set_id (self, run);
    webhook_set_body (self, run, made_size);
    webhook_set_headers (self, event);
    return STATUS_OK;
}
