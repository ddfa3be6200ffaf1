#include "broker/store/weight.h"

status_t
weight_find_time (int64_t first_seq, int64_t last_seq, int64_t time_ms, weight_clock_t *clock,
                  void *context, int64_t *seq, problem_t *problem)
{
    int64_t before = first_seq - 1, after = last_seq + 1;  //  the answer is in [before, after)
    while (before + 1 < after) {
        int64_t middle = before + (after - before) / 2, accepted_ms = 0;
        status_t status = clock (context, middle, &accepted_ms, problem);
        if (status != STATUS_OK)
            return status;
        if (accepted_ms < time_ms)
            before = middle;
        else
            after = middle;
    }
    *seq = before;
    return STATUS_OK;
}

//  In floating point: a product of two of these counts may be larger than an int64.
void
weight_share (weight_t *self, int64_t bytes_most)
{
    int64_t own = self->last_seq - self->first_seq + 1;
    self->bytes_seq = 0;
    if (bytes_most <= 0 || self->bytes <= bytes_most || own <= 0)
        return;
    double part = (double)(self->bytes - bytes_most) / (double)self->bytes;
    int64_t share = (int64_t)(part * (double)own) + 1;
    if (share > own)
        share = own;
    self->bytes_seq = self->first_seq - 1 + share;
}
