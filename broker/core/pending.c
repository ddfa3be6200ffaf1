#include "broker/core/pending.h"

#include "broker/core/track.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

static void
destroy (pending_t *self)
{
    for (size_t i = 0; i < self->event_count; i++)
        event_destroy (&self->events [i]);
    for (size_t i = 0; i < self->change_count; i++)
        if (self->changes [i].kind == CHANGE_SUBSCRIPTION) {
            subscription_t *document = (subscription_t *)self->changes [i].document;
            subscription_destroy (&document);
        }
    subscription_destroy (&self->answer);
    arena_clear (&self->arena);
    free (self->events);
    free (self->emissions);
    free (self->changes);
    free (self->merged);
    free (self->merged_events);
    free (self->kept);
    free (self);
}

void
pending_append (core_t *core, const input_t *publish, effects_t *effects)
{
    pending_t *self = ALLOCATE (pending_t);
    self->is_append = true;
    self->ticket = ++core->last_ticket;
    self->peer = publish->peer;
    self->request = publish->request;
    self->events = allocate (publish->publish.count, sizeof *self->events);
    self->event_count = publish->publish.count;
    for (size_t i = 0; i < self->event_count; i++) {
        self->events [i] = event_ref (publish->publish.events [i]);
        self->bytes += event_size_bytes (self->events [i]);
    }
    DL_APPEND (core->pending, self);
    core->pending_events += self->event_count;
    core->pending_bytes += self->bytes;

    effect_t *append = effects_add (effects, EFFECT_APPEND, REASON_NEW);
    append->append.ticket = self->ticket;
    append->append.events = self->events;
    append->append.count = self->event_count;
}

static pending_t *
save_of_step (core_t *core)
{
    if (!core->save)
        core->save = ALLOCATE (pending_t);
    return core->save;
}

static change_t *
add_change (pending_t *self, int kind, const char *subscription, int32_t partition, int64_t seq)
{
    if (self->change_count == self->change_room) {
        self->change_room = self->change_room ? 2 * self->change_room : 8;
        self->changes = allocate_again (self->changes, self->change_room, sizeof *self->changes);
    }
    change_t *change = &self->changes [self->change_count++];
    *change = (change_t){.partition = partition, .seq = seq};
    change->kind = (__typeof__ (change->kind))kind;
    if (subscription)
        change->subscription = arena_copy (&self->arena, subscription);
    return change;
}

change_t *
pending_change (core_t *core, int kind, const track_t *track, int64_t seq)
{
    return add_change (save_of_step (core), kind,
                       track ? track->subscriber->subscription->id : NULL,
                       track ? track->partition : 0, seq);
}

void
pending_emit (core_t *core, event_t *event, const delivery_t *delivery)
{
    pending_t *self = save_of_step (core);
    if (self->event_count == self->event_room) {
        self->event_room = self->event_room ? 2 * self->event_room : 4;
        self->events = allocate_again (self->events, self->event_room, sizeof *self->events);
        self->emissions =
            allocate_again (self->emissions, self->event_room, sizeof *self->emissions);
    }
    self->emissions [self->event_count] = (emission_t){
        .subscription = arena_copy (&self->arena, delivery->track->subscriber->subscription->id),
        .partition = delivery->track->partition,
        .seq = delivery->seq,
        .attempts = delivery->attempts,
    };
    self->events [self->event_count++] = event;
    self->bytes += event_size_bytes (event);
}

static bool
is_of (const change_t *change, const emission_t *emission)
{
    return change->seq == emission->seq && change->partition == emission->partition &&
           strcmp (change->subscription, emission->subscription) == 0;
}

//  It will end again, and be counted then.
static void
uncount (pending_t *self, const emission_t *emission)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->change_count; i++)
        if (self->changes [i].kind != CHANGE_COUNT || !is_of (&self->changes [i], emission))
            self->changes [kept++] = self->changes [i];
    self->change_count = kept;
}

//  Where its delivery ended with a row the row stays, and with it the event in the log.
static change_t *
row_of (pending_t *self, const emission_t *emission)
{
    for (size_t i = 0; i < self->change_count; i++) {
        change_t *change = &self->changes [i];
        if (change->kind == CHANGE_EXCEPTION_ENDED && is_of (change, emission))
            return change;
    }
    return add_change (self, CHANGE_EXCEPTION, emission->subscription, emission->partition,
                       emission->seq);
}

void
pending_leave_events (core_t *core, pending_t *save)
{
    for (size_t i = 0; i < save->event_count; i++) {
        uncount (save, &save->emissions [i]);
        change_t *row = row_of (save, &save->emissions [i]);
        row->kind = CHANGE_EXCEPTION;
        row->exception =
            (exception_t){.state = EXCEPTION_SLOW, .attempts = save->emissions [i].attempts};
        event_destroy (&save->events [i]);
    }
    core->pending_events -= save->event_count;
    core->pending_bytes -= save->bytes;
    save->event_count = save->bytes = 0;
}

const char *
pending_copy (core_t *core, const char *text)
{
    return arena_copy (&save_of_step (core)->arena, text);
}

void
pending_keep (core_t *core, const session_t *session, lease_id_t lease)
{
    pending_t *self = save_of_step (core);
    if (self->kept_count == self->kept_room) {
        self->kept_room = self->kept_room ? 2 * self->kept_room : 8;
        self->kept = allocate_again (self->kept, self->kept_room, sizeof *self->kept);
    }
    self->kept [self->kept_count++] =
        (kept_t){.peer = session->peer, .session = session->id, .lease = lease};
}

void
pending_answer (core_t *core, const input_t *input, status_t status, subscription_t *subscription)
{
    pending_t *self = save_of_step (core);
    ASSERT (!self->peer, "a step has one input, and so one who asks");
    self->peer = input->peer;
    self->request = input->request;
    self->answer_status = status;
    self->answer = subscription ? subscription_ref (subscription) : NULL;
}

void
pending_mark (core_t *core, track_t *track)
{
    if (track->is_dirty)
        return;
    track->is_dirty = true;
    DL_APPEND2 (core->dirty, track, dirty_prev, dirty_next);
}

static void
save_progress (core_t *core, track_t *track)
{
    bool is_quiet = track_is_quiet (track);
    int64_t floor = track_floor (core, track);
    progress_raise (&track->progress, floor);
    change_t *change = pending_change (core, CHANGE_PROGRESS, track, 0);
    progress_t *progress = arena_take (&core->save->arena, sizeof *progress);
    *progress = track->progress;
    change->progress = progress;
    change->is_quiet = is_quiet;
    track->stored_floor = floor;
    track->stored_quiet = is_quiet;
}

static bool
has_grown (const core_t *core)
{
    for (int32_t i = 0; i < core->settings.partitions; i++)
        if (core->partitions [i].is_owned &&
            core->partitions [i].last_seq > core->partitions [i].level_seq)
            return true;
    return false;
}

int64_t
pending_level_due (const core_t *core)
{
    return has_grown (core) ? core->level_due_ms : INT64_MAX;
}

void
pending_level (core_t *core, bool is_forced)
{
    if (!has_grown (core) || (!is_forced && core->now_ms < core->level_due_ms))
        return;
    core->level_due_ms = core->now_ms + core->settings.level_ms;

    for (int32_t i = 0; i < core->settings.partitions; i++) {
        partition_t *partition = &core->partitions [i];
        if (!partition->is_owned || partition->last_seq == partition->level_seq)
            continue;
        track_t *track;
        DL_FOREACH2 (partition->active, track, active_next)
        {
            if (track->stored_quiet || track->stored_floor != track_floor (core, track))
                pending_mark (core, track);
        }
        change_t *change = pending_change (core, CHANGE_LEVEL, NULL, partition->last_seq);
        change->partition = i;
        partition->level_seq = partition->last_seq;
    }
}

//  The oldest of the last SAVEs that have no ticket; NULL when there is none.
static pending_t *
first_waiting (const core_t *core)
{
    pending_t *first = NULL;
    pending_t *tail = core->pending ? core->pending->prev : NULL;
    for (pending_t *self = tail; self && self->ticket == 0; self = self->prev) {
        first = self;
        if (self == core->pending)
            break;
    }
    return first;
}

/*  Where the SAVEs from `first` on part: those before it bring no results along, and so find room where
 *  these, and the new ones of each new try, do not. NULL: they go as one. None parts before one that
 *  may have been written (the outcome of its commit was unknown): what is before that one, alone, would
 *  take the store back to the time it was of.
 */
static pending_t *
first_apart (pending_t *first)
{
    pending_t *apart = NULL;
    for (pending_t *self = first; self; self = self->next) {
        if (self->may_be_written)
            apart = NULL;
        else if (!apart && self->event_count > 0)
            apart = self;
    }
    return apart;
}

//  Room in `first` for what it and those behind it hold, as far as `end`.
static void
make_room (pending_t *first, const pending_t *end)
{
    size_t changes = 0, events = 0;
    for (const pending_t *self = first; self != end; self = self->next) {
        changes += self->change_count;
        events += self->event_count;
    }
    free (first->merged);
    free (first->merged_events);
    first->merged = allocate (changes, sizeof *first->merged);
    first->merged_events = allocate (events, sizeof *first->merged_events);
}

//  All of them as one, as far as `end`; NULL: all there are.
static void
emit (core_t *core, pending_t *first, const pending_t *end, effects_t *effects)
{
    effect_t *save = effects_add (effects, EFFECT_SAVE, REASON_NONE);
    save->save.ticket = ++core->last_ticket;
    save->save.changes = first->changes;
    save->save.count = first->change_count;
    save->save.events = first->events;
    save->save.event_count = first->event_count;
    first->ticket = core->last_ticket;
    if (first->next == end)
        return;
    make_room (first, end);
    save->save.changes = first->merged;
    save->save.events = first->merged_events;
    save->save.count = save->save.event_count = 0;
    for (pending_t *self = first; self != end; self = self->next) {
        self->ticket = core->last_ticket;
        for (size_t i = 0; i < self->change_count; i++)
            first->merged [save->save.count++] = self->changes [i];
        for (size_t i = 0; i < self->event_count; i++)
            first->merged_events [save->save.event_count++] = self->events [i];
    }
}

static void
emit_waiting (core_t *core, effects_t *effects)
{
    if (core->store_status != STATUS_OK) {
        if (core->now_ms < core->store_retry_ms)
            return;
        core->store_status = STATUS_OK;
    }
    pending_t *first = first_waiting (core);
    pending_t *apart = first_apart (first);
    if (first && first != apart)
        emit (core, first, apart, effects);
    if (apart)
        emit (core, apart, NULL, effects);
}

void
pending_flush (core_t *core, effects_t *effects)
{
    track_t *track, *next;
    DL_FOREACH_SAFE2 (core->dirty, track, next, dirty_next)
    {
        DL_DELETE2 (core->dirty, track, dirty_prev, dirty_next);
        track->is_dirty = false;
        save_progress (core, track);
    }
    if (core->save) {
        DL_APPEND (core->pending, core->save);
        core->pending_saves++;
        core->pending_events += core->save->event_count;
        core->pending_bytes += core->save->bytes;
        core->save = NULL;
    }
    emit_waiting (core, effects);
}

pending_t *
pending_first (core_t *core, uint64_t up_to_ticket)
{
    pending_t *first = core->pending;
    return first && first->ticket > 0 && first->ticket <= up_to_ticket ? first : NULL;
}

void
pending_spend (core_t *core, pending_t *pending)
{
    DL_DELETE (core->pending, pending);
    core->pending_events -= pending->event_count;
    core->pending_bytes -= pending->bytes;
    if (!pending->is_append)
        core->pending_saves--;
    DL_APPEND (core->spent, pending);
}

static void
destroy_all (pending_t **list)
{
    pending_t *pending, *next;
    DL_FOREACH_SAFE (*list, pending, next)
    destroy (pending);
    *list = NULL;
}

void
pending_sweep (core_t *core)
{
    destroy_all (&core->spent);
}

void
pending_clear (core_t *core)
{
    destroy_all (&core->spent);
    destroy_all (&core->pending);
    if (core->save)
        destroy (core->save);
    core->save = NULL;
}
