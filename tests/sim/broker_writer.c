#include "tests/sim/broker_writer.h"

#include <stdlib.h>

#include "broker/store/memory.h"
#include "proto/model/allocate.h"
#include "tests/sim/state.h"

enum { COMMIT_MS = 4, COMMIT_SLOW_MS = 400, TICKETS = 4096 };

typedef struct {
    effect_t *list;
    size_t count, room;
} tickets_t;

struct broker_writer {
    world_t *world;
    store_t *store;
    commit_ended_t *ended;
    void *owner;
    tickets_t waiting, under_way;
    bool is_committing;
    int64_t frozen_until_ms;
    struct lifeline *lifeline;  //  void once we are gone
};

//  A planned commit may outlive its writer: it holds this, not the writer.
typedef struct lifeline {
    broker_writer_t *writer;  //  NULL: it is gone
} lifeline_t;

broker_writer_t *
broker_writer_new (world_t *world, store_t *store, commit_ended_t *ended, void *owner)
{
    broker_writer_t *self = ALLOCATE (broker_writer_t);
    *self = (broker_writer_t){.world = world, .store = store, .ended = ended, .owner = owner};
    return self;
}

void
broker_writer_destroy (broker_writer_t **self_p)
{
    broker_writer_t *self = *self_p;
    if (!self)
        return;
    if (self->lifeline)
        self->lifeline->writer = NULL;
    free (self->waiting.list);
    free (self->under_way.list);
    free (self);
    *self_p = NULL;
}

//  What a ticket brings: events, changes, or both.
static batch_t
brought (const effect_t *ticket)
{
    if (ticket->kind == EFFECT_APPEND)
        return (batch_t){.events = ticket->append.events, .event_count = ticket->append.count};
    return (batch_t){.events = ticket->save.events,
                     .event_count = ticket->save.event_count,
                     .changes = ticket->save.changes,
                     .change_count = ticket->save.count};
}

static status_t
commit (broker_writer_t *self, stored_t **stored_p, size_t *count, bool is_find)
{
    batch_t batch = {0};
    for (size_t i = 0; i < self->under_way.count; i++) {
        batch_t ticket = brought (&self->under_way.list [i]);
        batch.event_count += ticket.event_count;
        batch.change_count += ticket.change_count;
    }
    event_t **events = allocate (batch.event_count, sizeof *events);
    change_t *changes = allocate (batch.change_count, sizeof *changes);
    size_t e = 0, c = 0;
    for (size_t i = 0; i < self->under_way.count; i++) {
        batch_t ticket = brought (&self->under_way.list [i]);
        for (size_t n = 0; n < ticket.event_count; n++)
            events [e++] = ticket.events [n];
        for (size_t n = 0; n < ticket.change_count; n++)
            changes [c++] = ticket.changes [n];
    }
    batch.events = events;
    batch.changes = changes;
    *stored_p = allocate (batch.event_count, sizeof **stored_p);
    *count = batch.event_count;
    status_t status = is_find ? self->store->ops->find (self->store, &batch, *stored_p, NULL)
                              : self->store->ops->commit (self->store, &batch, *stored_p, NULL);
    free (events);
    free (changes);
    return status;
}

static void
tell_persisted (broker_writer_t *self, const stored_t *stored, size_t count)
{
    verdict_t *verdicts = allocate (count, sizeof *verdicts);
    for (size_t i = 0; i < count; i++) {
        verdicts [i].kind = (__typeof__ (verdicts [i].kind))stored [i].kind;
        verdicts [i].seq = stored [i].seq;
    }
    const effect_t *last = &self->under_way.list [self->under_way.count - 1];
    uint64_t ticket = last->kind == EFFECT_APPEND ? last->append.ticket : last->save.ticket;
    self->under_way.count = 0;
    self->is_committing = false;
    self->ended (
        self->owner,
        &(input_t){.kind = INPUT_PERSISTED,
                   .persisted = {.up_to_ticket = ticket, .verdicts = verdicts, .count = count}});
    free (verdicts);
}

static void
tell_not_persisted (broker_writer_t *self, status_t status)
{
    const effect_t *first = &self->under_way.list [0];
    uint64_t ticket = first->kind == EFFECT_APPEND ? first->append.ticket : first->save.ticket;
    self->under_way.count = 0;
    self->waiting.count = 0;  //  withdrawn with it
    self->is_committing = false;
    world_note (self->world, "commit fails: %s", status_name (status));
    if (status == STATUS_FULL)
        self->world->refused_ms = world_now (self->world);
    self->ended (self->owner,
                 &(input_t){.kind = INPUT_NOT_PERSISTED,
                            .not_persisted = {.from_ticket = ticket, .status = status}});
}

static void begin (broker_writer_t *self);

static void
finish (void *actor, uint64_t token, void *load)
{
    (void)actor;
    lifeline_t *lifeline = load;
    broker_writer_t *self = lifeline->writer;
    if (!self) {
        free (lifeline);
        return;
    }
    if (world_now (self->world) < self->frozen_until_ms) {
        schedule_at (self->world->schedule, self->frozen_until_ms, finish, NULL, token, load, free);
        return;
    }
    self->lifeline = NULL;
    free (lifeline);
    stored_t *stored = NULL;
    size_t count = 0;
    bool is_full = world_now (self->world) < self->world->disk_full_until_ms;
    if (is_full)
        memory_store_fail (self->store, 1, STATUS_FULL, false);
    else if (world_chance (self->world, 150))
        broker_writer_spoil_next (self, world_number (self->world, 2));
    status_t status = commit (self, &stored, &count, false);
    if (status == STATUS_OK)
        tell_persisted (self, stored, count);
    else
        tell_not_persisted (self, status);
    free (stored);
    begin (self);
}

static void
begin (broker_writer_t *self)
{
    if (self->is_committing || self->waiting.count == 0)
        return;
    self->is_committing = true;
    tickets_t empty = self->under_way;
    self->under_way = self->waiting;
    self->waiting = empty;
    self->lifeline = ALLOCATE (lifeline_t);
    self->lifeline->writer = self;
    bool is_slow = world_chance (self->world, 60);
    int64_t duration_ms = world_number (self->world, is_slow ? COMMIT_SLOW_MS : COMMIT_MS);
    schedule_at (self->world->schedule, world_now (self->world) + duration_ms, finish, NULL, 0,
                 self->lifeline, free);
}

bool
broker_writer_is_idle (const broker_writer_t *self)
{
    return !self->is_committing && self->waiting.count == 0;
}

void
broker_writer_give (broker_writer_t *self, const effect_t *effect)
{
    tickets_t *waiting = &self->waiting;
    if (waiting->count == waiting->room) {
        waiting->room = waiting->room ? 2 * waiting->room : 64;
        waiting->list = allocate_again (waiting->list, waiting->room, sizeof *waiting->list);
    }
    waiting->list [waiting->count++] = *effect;
    begin (self);
}

void
broker_writer_freeze (broker_writer_t *self, int64_t until_ms)
{
    self->frozen_until_ms = until_ms;
}

void
broker_writer_spoil_next (broker_writer_t *self, bool is_applied)
{
    memory_store_fail (self->store, 1, STATUS_OUTCOME_UNKNOWN, is_applied);
    self->world->unknown_commits++;
}

void
broker_writer_crash (broker_writer_t *self)
{
    if (!self->is_committing || world_number (self->world, 2) == 0)
        return;
    world_note (self->world, "the commit that was under way is on disk");
    stored_t *stored = NULL;
    size_t count = 0;
    commit (self, &stored, &count, false);
    free (stored);
}
