/*  webhook_conclude – how an attempt ended, by what libcurl says of it. */
#include "worker/actions/batch_answer.h"
#include "worker/actions/webhook_state.h"

void
webhook_conclude (webhook_t *self, CURLcode code, run_t *run)
{
    ending_t *end = &run->end;
    const transfer_t *transfer = &self->transfer;
    int http_status = transfer_status (transfer);
    int64_t time_ms = end->settlement.time_ms;
    end->settlement = (settlement_t){.time_ms = time_ms, .http_status = http_status};
    transfer_measure (transfer, end);
    bool is_ok = http_status >= 200 && http_status < 300;
    if (transfer_is_answered (transfer, code))
        webhook_judge (http_status, is_ok ? NULL : transfer_header (transfer, "retry-after"),
                       is_ok ? NULL : transfer_header (transfer, "location"), self->target,
                       self->now_s, end);
    else
        transfer_explain (transfer, code, end);
    end->settlement.error = end->error;
    bool is_asked = run->delivery->event->phase == PHASE_PRE;
    ending_keep_result (end, transfer->reply.bytes, transfer->reply.used,
                        is_asked ? transfer->settings->result_bytes
                                 : transfer->settings->reply_bytes);
    if (self->is_batch && end->settlement.outcome == OUTCOME_OK)
        batch_answer_read (transfer, run);
}
