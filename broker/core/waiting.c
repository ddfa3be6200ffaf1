#include "broker/core/waiting.h"

#include "broker/core/batching.h"
#include "broker/core/ready_queue.h"
#include "proto/model/assert.h"

static delivery_t **
queue_of (const delivery_t *delivery)
{
    track_t *track = delivery->track;
    return delivery->is_again ? &track->again : &track->fresh;
}

void
waiting_put (core_t *core, delivery_t *delivery, bool at_front)
{
    ASSERT (delivery->event && !delivery->is_queued, "what is queued can be sent at once");
    ASSERT (delivery->is_again || !delivery->is_exception, "a bound on rows must not stop a row");
    delivery_t **queue = queue_of (delivery);
    if (at_front)
        DL_PREPEND2 (*queue, delivery, queue_prev, queue_next);
    else
        DL_APPEND2 (*queue, delivery, queue_prev, queue_next);
    delivery->is_queued = true;
    delivery->track->again_count += delivery->is_again;
    delivery->track->fresh_count += !delivery->is_again;
    batching_begin_wait (core, delivery);
    core->waiting++;
    ready_queue_consider (core, delivery->track);
}

void
waiting_remove (core_t *core, delivery_t *delivery)
{
    if (!delivery->is_queued)
        return;
    delivery_t **queue = queue_of (delivery);
    DL_DELETE2 (*queue, delivery, queue_prev, queue_next);
    delivery->is_queued = false;
    delivery->track->again_count -= delivery->is_again;
    delivery->track->fresh_count -= !delivery->is_again;
    core->waiting--;
}

void
waiting_hold_event (core_t *core, delivery_t *delivery, event_t *event)
{
    delivery->event = event_ref (event);
    core->waiting_bytes += event_size_bytes (event);
}

void
waiting_drop_event (core_t *core, delivery_t *delivery)
{
    if (!delivery->event)
        return;
    core->waiting_bytes -= event_size_bytes (delivery->event);
    event_destroy (&delivery->event);
}
