#include "broker/traces.h"

#include <stdlib.h>

#include "proto/model/allocate.h"

const trace_t *
traces_find (const traces_t *self, const char *subscription)
{
    trace_t *trace;
    HASH_FIND_STR (self->by_subscription, subscription, trace);
    return trace;
}

const char *
trace_coalesced (const trace_t *self)
{
    bool is_coalesced =
        self && self->attempt_count > 0 && self->attempts [0].attempt.number == ATTEMPT_COALESCED;
    return is_coalesced ? self->attempts [0].attempt.result : NULL;
}

static trace_t *
traces_of (traces_t *self, const char *subscription)
{
    trace_t *trace;
    HASH_FIND_STR (self->by_subscription, subscription, trace);
    if (!trace) {
        trace = &self->list [self->count++];
        trace->subscription = subscription;
        HASH_ADD_KEYPTR (hh, self->by_subscription, subscription, strlen (subscription), trace);
    }
    return trace;
}

void
traces_fill (traces_t *self, const history_t *history)
{
    *self = (traces_t){0};
    self->list = allocate (history->exception_count + history->attempt_count, sizeof *self->list);
    for (size_t i = 0; i < history->exception_count; i++)
        traces_of (self, history->exceptions [i].subscription)->exception =
            &history->exceptions [i].exception;
    for (size_t i = 0; i < history->attempt_count; i++) {
        trace_t *trace = traces_of (self, history->attempts [i].subscription);
        if (trace->attempt_count++ == 0)
            trace->attempts = &history->attempts [i];
    }
}

void
traces_clear (traces_t *self)
{
    HASH_CLEAR (hh, self->by_subscription);
    free (self->list);
    *self = (traces_t){0};
}
