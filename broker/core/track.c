#include "broker/core/track.h"

#include "broker/core/alone.h"
#include "broker/core/belated.h"
#include "broker/core/breaker.h"
#include "broker/core/coalescing.h"
#include "broker/core/feeding.h"
#include "broker/core/key_line.h"
#include "broker/core/lease.h"
#include "broker/core/parking.h"
#include "broker/core/pending.h"
#include "broker/core/reading.h"
#include "broker/core/ready_queue.h"
#include "broker/core/replaying.h"
#include "broker/core/road.h"
#include "broker/core/track_room.h"
#include "broker/core/waiting.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

static partition_t *
partition_of (const core_t *core, const track_t *track)
{
    return &core->partitions [track->partition];
}

//  Keeps partition->active: the tracks whose floor CHANGE_LEVEL has to write.
static void
note_activity (core_t *core, track_t *track)
{
    bool is_active = track->is_owned && !track_is_quiet (track);
    if (is_active == track->is_active)
        return;
    track->is_active = is_active;
    partition_t *partition = partition_of (core, track);
    if (is_active)
        DL_APPEND2 (partition->active, track, active_prev, active_next);
    else
        DL_DELETE2 (partition->active, track, active_prev, active_next);
}

void
track_begin (core_t *core, track_t *track, const progress_t *progress)
{
    partition_t *partition = partition_of (core, track);
    track->is_owned = true;
    track->progress = *progress;
    track->cursor = progress->floor;
    track->is_level = true;
    if (track->subscriber->subscription->is_broadcast)
        feeding_begin (core, track);
    else if (replaying_is_replay (track->subscriber))
        replaying_begin (core, track);
    else if (track->cursor < partition->last_seq)
        track_lag (core, track, track->cursor);
    note_activity (core, track);
}

track_t *
track_of (subscriber_t *subscriber, int32_t partition)
{
    return &subscriber->tracks [partition];
}

int64_t
track_cursor (const core_t *core, const track_t *track)
{
    return track->is_level ? partition_of (core, track)->last_seq : track->cursor;
}

int64_t
track_floor (const core_t *core, const track_t *track)
{
    return track->pins ? track->pins->seq - 1 : track_cursor (core, track);
}

bool
track_is_quiet (const track_t *track)
{
    return track->is_level && !track->pins;
}

bool
track_is_recovering (const core_t *core, const track_t *track)
{
    return track->unknown_keys > 0 || track_cursor (core, track) < track->recover_until;
}

static bool
is_held_row (const delivery_t *delivery)
{
    return delivery->is_exception && delivery->state == DELIVERY_HELD;
}

void
track_move (delivery_t *delivery, through_t through, reason_t reason)
{
    delivery->track->held_rows -= is_held_row (delivery);
    delivery_move (delivery, through, reason);
    delivery->track->held_rows += is_held_row (delivery);
}

static delivery_t *
delivery_new (track_t *track, int64_t seq)
{
    if (!track->pins && !track->exceptions)
        track->is_ordered = track->subscriber->subscription->order == ORDER_KEY;
    delivery_t *delivery = ALLOCATE (delivery_t);
    delivery->track = track;
    delivery->seq = seq;
    delivery->due.kind = DUE_DELIVERY;
    delivery->due.owner = delivery;
    return delivery;
}

//  The exceptions of one key may not fill the memory of the others: past half of the window they
//  get rows, and their events are read again later.
static void
thin_out (core_t *core, delivery_t *held)
{
    track_t *track = held->track;
    if (track->pinned <= track_window (core, track) / 2 || !track_has_held_room (core, track) ||
        !progress_has_room (&track->progress, held->seq))
        return;
    track_except (core, held, EXCEPTION_HELD);
    waiting_drop_event (core, held);
}

//  Whether it is the first of its key. After a restart one that is later may have been found before
//  it, and waits: it is held now.
static bool
join_line (core_t *core, delivery_t *delivery)
{
    bool is_first = key_line_join (delivery->track, delivery);
    delivery_t *second = is_first ? delivery->line_next : NULL;
    if (second && second->state == DELIVERY_WAITING) {
        waiting_remove (core, second);
        track_move (second, THROUGH_KEY_TAKEN, REASON_KEY_TAKEN);
    }
    return is_first;
}

void
track_add (core_t *core, track_t *track, event_t *event, match_data_t *data)
{
    if (!track->pins)
        progress_raise (&track->progress, event->seq - 1);
    delivery_t *delivery = delivery_new (track, event->seq);
    waiting_hold_event (core, delivery, event);
    DL_APPEND (track->pins, delivery);
    track->pinned++;
    note_activity (core, track);

    bool is_first = !track->is_ordered || join_line (core, delivery);
    if (coalescing_gather (core, delivery, data))
        return;
    if (!is_first) {
        track_move (delivery, THROUGH_KEY_TAKEN, REASON_KEY_TAKEN);
        thin_out (core, delivery);
        return;
    }
    track_move (delivery, THROUGH_NEW, REASON_NEW);
    waiting_put (core, delivery, false);
}

void
track_release (core_t *core, delivery_t *delivery)
{
    if (delivery->line && delivery->line->deliveries != delivery) {
        delivery->reason = REASON_KEY_TAKEN;
        thin_out (core, delivery);
        return;
    }
    track_move (delivery, THROUGH_WINDOW_OVER, REASON_WINDOW_OVER);
    waiting_put (core, delivery, false);
}

//  It has a row, this one.
static void
remember (core_t *core, delivery_t *delivery, const exception_at_t *stored)
{
    delivery->is_exception = true;
    delivery->is_again = true;
    delivery->attempts = stored->exception.attempts;
    delivery->forgiven = stored->exception.forgiven;
    delivery->crashes = stored->exception.crashes;
    DL_APPEND (delivery->track->exceptions, delivery);
    delivery->track->excepted++;
    core->retries++;
}

void
track_bring_back (core_t *core, track_t *track, const exception_at_t *row, int64_t due_ms,
                  through_t through, reason_t reason)
{
    delivery_t *delivery = delivery_new (track, row->seq);
    remember (core, delivery, row);
    delivery->forgiven = delivery->attempts;
    delivery->crashes = 0;
    delivery->is_redriven = track->is_ordered;
    //  Cancelled before it was read: earlier ones of its key may lie between.
    if (track->is_ordered && row->seq > track_cursor (core, track) &&
        row->seq > track->recover_until)
        track->recover_until = row->seq;
    track_move (delivery, through, reason);
    due_queue_put (&core->due, &delivery->due, due_ms);
    track_save_exception (core, delivery, EXCEPTION_RETRY);
}

void
track_add_stored (core_t *core, track_t *track, const exception_at_t *stored)
{
    delivery_t *delivery = delivery_new (track, stored->seq);
    remember (core, delivery, stored);
    if (stored->exception.state == EXCEPTION_RETRY) {
        track_move (delivery, THROUGH_STORE, REASON_STORE);
        due_queue_put (&core->due, &delivery->due, stored->exception.due_ms);
    }
    else
        track_move (delivery, THROUGH_SLOW, REASON_SLOW);

    if (track->is_ordered) {
        delivery->is_unknown = true;
        track->unknown_keys++;
        if (stored->seq > track->recover_until)
            track->recover_until = stored->seq;
        reading_fetch (core, delivery);
    }
    else if (delivery->state == DELIVERY_WAITING)
        parking_put (core, delivery);
}

static void
know (track_t *track, delivery_t *delivery)
{
    track->unknown_keys -= delivery->is_unknown;
    delivery->is_unknown = false;
}

void
track_got_event (core_t *core, delivery_t *delivery, event_t *event)
{
    track_t *track = delivery->track;
    waiting_hold_event (core, delivery, event);
    if (delivery->is_unknown || delivery->is_redriven) {
        know (track, delivery);
        delivery->is_redriven = false;
        join_line (core, delivery);
    }
    //  Two of a key may wait for their next try at once: letters that were redriven.
    bool is_first = !delivery->line || delivery->line->deliveries == delivery;
    if (!is_first && delivery->state == DELIVERY_WAITING)
        track_move (delivery, THROUGH_KEY_TAKEN, REASON_KEY_TAKEN);
    if (delivery->state == DELIVERY_WAITING)
        waiting_put (core, delivery, false);
    else
        waiting_drop_event (core, delivery);
    track_consider (core, track);
}

void
track_requeue (core_t *core, delivery_t *delivery)
{
    ASSERT (delivery->state == DELIVERY_WAITING, "a move comes before a place in the queue");
    delivery->is_again = true;
    if (delivery->event)
        waiting_put (core, delivery, true);
    else
        parking_put (core, delivery);
}

static exception_t
exception_of (const delivery_t *delivery, exception_state_t state)
{
    return (exception_t){
        .state = state,
        .attempts = delivery->attempts,
        .forgiven = delivery->forgiven,
        .crashes = delivery->crashes,
        .due_ms = due_node_is_in (&delivery->due) ? delivery->due.due_ms : 0,
    };
}

void
track_save_exception (core_t *core, delivery_t *delivery, exception_state_t state)
{
    change_t *change = pending_change (core, CHANGE_EXCEPTION, delivery->track, delivery->seq);
    change->exception = exception_of (delivery, state);
    pending_mark (core, delivery->track);
}

//  Its seq counts as ended for the floor: it has, or it has a row.
static void
unpin (core_t *core, delivery_t *delivery)
{
    track_t *track = delivery->track;
    bool held_the_floor = track->pins == delivery;
    DL_DELETE (track->pins, delivery);
    track->pinned--;
    if (!held_the_floor)
        progress_end (&track->progress, delivery->seq);
    progress_raise (&track->progress, track_floor (core, track));
    note_activity (core, track);
    pending_mark (core, track);
}

void
track_except (core_t *core, delivery_t *delivery, exception_state_t state)
{
    if (!delivery->is_exception) {
        unpin (core, delivery);
        delivery->is_exception = true;
        delivery->is_again = true;  //  only what has no row stands among the first tries
        DL_APPEND (delivery->track->exceptions, delivery);
        delivery->track->excepted++;
        delivery->track->held_rows += is_held_row (delivery);
        core->retries++;
    }
    track_save_exception (core, delivery, state);
}

void
track_retry (core_t *core, delivery_t *delivery, int64_t due_ms)
{
    ASSERT (delivery->state == DELIVERY_RETRY, "a move comes before a time");
    due_queue_put (&core->due, &delivery->due, due_ms);
    track_except (core, delivery, EXCEPTION_RETRY);
    waiting_drop_event (core, delivery);
    track_consider (core, delivery->track);
}

static void
leave_line (core_t *core, delivery_t *delivery)
{
    delivery_t *next = key_line_leave (delivery->track, delivery);
    if (!next || next->state != DELIVERY_HELD || next->group)
        return;
    track_move (next, THROUGH_KEY_FREE, REASON_KEY_FREE);
    if (next->event)
        waiting_put (core, next, false);
    else
        parking_put (core, next);
}

void
track_forget (core_t *core, delivery_t *delivery)
{
    alone_forget (core, delivery);
    belated_forget (core, delivery);
    coalescing_forget (core, delivery);
    parking_remove (delivery);
    waiting_remove (core, delivery);
    waiting_drop_event (core, delivery);
    reading_cancel (core, delivery);
    due_queue_remove (&core->due, &delivery->due);
    free (delivery);
}

void
track_end (core_t *core, delivery_t *delivery, bool is_dead)
{
    track_t *track = delivery->track;
    if (delivery->is_exception) {
        DL_DELETE (track->exceptions, delivery);
        track->excepted--;
        core->retries--;
        if (!is_dead)
            pending_change (core, CHANGE_EXCEPTION_ENDED, track, delivery->seq);
    }
    else
        unpin (core, delivery);
    if (is_dead) {
        change_t *change = pending_change (core, CHANGE_EXCEPTION, track, delivery->seq);
        change->exception = exception_of (delivery, EXCEPTION_DEAD);
        change->exception.due_ms = core->now_ms;
        change->exception.reason = delivery->reason;
        track->dead++;
        core->dead++;
    }
    pending_mark (core, track);
    know (track, delivery);
    if (delivery->line)
        leave_line (core, delivery);
    track_forget (core, delivery);
    replaying_consider (core, track->subscriber);
    if (breaker_is_open (track->subscriber))
        subscribing_consider (core, track->subscriber);  //  perhaps it was the last to probe with
    else
        track_consider (core, track);
}

delivery_t *
track_find (const track_t *track, int64_t seq)
{
    delivery_t *delivery;
    DL_SEARCH_SCALAR (track->pins, delivery, seq, seq);
    if (!delivery)
        DL_SEARCH_SCALAR (track->exceptions, delivery, seq, seq);
    return delivery;
}

void
track_bury (core_t *core, delivery_t *delivery)
{
    track_move (delivery, THROUGH_STORE, REASON_STORE);
    track_end (core, delivery, true);
}

void
track_lag (core_t *core, track_t *track, int64_t cursor)
{
    track->cursor = cursor;
    if (!track->is_level || track->is_done)
        return;
    track->is_level = false;
    DL_APPEND2 (partition_of (core, track)->lagging, track, lagging_prev, lagging_next);
    note_activity (core, track);
}

void
track_reach_level (core_t *core, track_t *track)
{
    if (track->is_level)
        return;
    track->is_level = true;
    DL_DELETE2 (partition_of (core, track)->lagging, track, lagging_prev, lagging_next);
    note_activity (core, track);
}

void
track_consider (core_t *core, track_t *track)
{
    if (!track->is_hungry && track_wants_page (core, track)) {
        track->is_hungry = true;
        DL_APPEND2 (core->hungry, track, hungry_prev, hungry_next);
    }
    parking_go (core, track);
    ready_queue_consider (core, track);
}

static void
forget_all (core_t *core, delivery_t **list)
{
    delivery_t *delivery, *next;
    DL_FOREACH_SAFE (*list, delivery, next)
    {
        if (delivery->lease)
            lease_orphan (core, delivery->lease);
        if (delivery->line)
            key_line_leave (delivery->track, delivery);
        track_forget (core, delivery);
    }
    *list = NULL;
}

void
track_clear (core_t *core, track_t *track)
{
    core->retries -= track->excepted;
    core->dead -= track->dead;
    forget_all (core, &track->pins);
    forget_all (core, &track->exceptions);
    reading_forget (core, track);
    due_queue_remove (&core->due, &track->ripe);
    if (track->is_hungry)
        DL_DELETE2 (core->hungry, track, hungry_prev, hungry_next);
    if (track->is_dirty)
        DL_DELETE2 (core->dirty, track, dirty_prev, dirty_next);
    partition_t *partition = partition_of (core, track);
    if (track->is_owned && !track->is_level && !track->is_done)
        DL_DELETE2 (partition->lagging, track, lagging_prev, lagging_next);
    if (track->is_active)
        DL_DELETE2 (partition->active, track, active_prev, active_next);
}
