#include "broker/commit.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { SLOTS = 2048, PROBES = 8, TRIES = 3 };

//  Where the last progress of a subscription in a partition stands among the changes.
typedef struct {
    uint64_t batch;  //  of this batch, or free
    size_t index;
} slot_t;

struct commit {
    store_t *store;      //  borrowed
    int64_t *last_seqs;  //  of each partition, of what is known to be stored; ours
    status_t failed;     //  OK, or STORE_FAILED for ever
    uint64_t batch;      //  counts batches, so that slots need no clearing

    event_t **events;
    stored_t *stored;  //  as many
    verdict_t *verdicts;
    size_t event_count, event_room, bytes;

    change_t *changes;  //  in order, all of them
    bool *is_outdated;  //  for each: a later one of the same row comes
    change_t *current;  //  those that are not; filled when the batch is committed
    size_t change_count, change_room, outdated_count;

    token_t *tokens;
    size_t token_count, token_room;

    uint64_t first_ticket, last_ticket;  //  0: none yet
    uint64_t first_event;                //  the first that brings events; 0: none yet
    uint64_t last_leading;               //  the last SAVE before it; 0: none
    size_t leading_changes;              //  of the SAVEs before it
    slot_t slots [SLOTS];
};

commit_t *
commit_new (store_t *store, const int64_t *last_seqs, int32_t partitions)
{
    commit_t *self = ALLOCATE (commit_t);
    self->store = store;
    self->last_seqs = allocate_bytes (last_seqs, (size_t)partitions * sizeof *last_seqs);
    self->batch = 1;
    return self;
}

void
commit_destroy (commit_t **self_p)
{
    commit_t *self = *self_p;
    if (!self)
        return;
    free (self->last_seqs);
    free (self->events);
    free (self->stored);
    free (self->verdicts);
    free (self->changes);
    free (self->is_outdated);
    free (self->current);
    free (self->tokens);
    free (self);
    *self_p = NULL;
}

void
commit_clear (commit_t *self)
{
    self->batch++;
    self->event_count = self->bytes = 0;
    self->change_count = self->outdated_count = self->leading_changes = 0;
    self->token_count = 0;
    self->first_ticket = self->last_ticket = self->first_event = self->last_leading = 0;
}

bool
commit_has_room (const commit_t *self)
{
    return self->event_count < COMMIT_EVENTS && self->change_count < COMMIT_CHANGES &&
           self->bytes < COMMIT_BYTES;
}

size_t
commit_bytes (const commit_t *self)
{
    return self->bytes;
}

static size_t
commit_grown (size_t room, size_t needed)
{
    if (room == 0)
        room = 64;
    while (room < needed)
        room *= 2;
    return room;
}

static void
commit_add_events (commit_t *self, const ticket_t *ticket)
{
    size_t needed = self->event_count + ticket->event_count;
    if (needed > self->event_room) {
        self->event_room = commit_grown (self->event_room, needed);
        self->events = allocate_again (self->events, self->event_room, sizeof *self->events);
        self->stored = allocate_again (self->stored, self->event_room, sizeof *self->stored);
        self->verdicts = allocate_again (self->verdicts, self->event_room, sizeof *self->verdicts);
    }
    for (size_t i = 0; i < ticket->event_count; i++) {
        self->events [self->event_count++] = ticket->events [i];
        self->bytes += event_size_bytes (ticket->events [i]);
    }
}

static size_t
commit_hash (const change_t *change)
{
    uint64_t hash = 14695981039346656037U + (uint64_t)change->partition;  //  FNV-1a
    for (const char *c = change->subscription; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 1099511628211U;
    return (size_t)(hash ^ hash >> 32);
}

static bool
commit_is_same_row (const change_t *a, const change_t *b)
{
    return a->partition == b->partition && strcmp (a->subscription, b->subscription) == 0;
}

//  The progress at this index is the last of its row until a later one comes.
static void
commit_note_progress (commit_t *self, size_t index)
{
    const change_t *change = &self->changes [index];
    size_t hash = commit_hash (change);
    for (size_t i = 0; i < PROBES; i++) {
        slot_t *slot = &self->slots [(hash + i) % SLOTS];
        bool is_free = slot->batch != self->batch;
        if (!is_free && !commit_is_same_row (&self->changes [slot->index], change))
            continue;
        if (!is_free) {
            self->is_outdated [slot->index] = true;
            self->outdated_count++;
        }
        *slot = (slot_t){.batch = self->batch, .index = index};
        return;
    }
    //  A crowded neighbourhood: it is written once too often, in the right order.
}

static void
commit_add_changes (commit_t *self, const ticket_t *ticket)
{
    size_t needed = self->change_count + ticket->change_count;
    if (needed > self->change_room) {
        self->change_room = commit_grown (self->change_room, needed);
        self->changes = allocate_again (self->changes, self->change_room, sizeof *self->changes);
        self->current = allocate_again (self->current, self->change_room, sizeof *self->current);
        self->is_outdated =
            allocate_again (self->is_outdated, self->change_room, sizeof *self->is_outdated);
    }
    for (size_t i = 0; i < ticket->change_count; i++) {
        size_t index = self->change_count++;
        self->changes [index] = ticket->changes [i];
        self->is_outdated [index] = false;
        if (ticket->changes [i].kind == CHANGE_PROGRESS)
            commit_note_progress (self, index);
    }
}

void
commit_add (commit_t *self, const ticket_t *ticket)
{
    ASSERT (ticket->number > self->last_ticket, "tickets are written in the order they were given");
    self->last_ticket = ticket->number;
    if (!self->first_ticket)
        self->first_ticket = ticket->number;
    if (ticket->event_count > 0 && !self->first_event)
        self->first_event = ticket->number;

    commit_add_events (self, ticket);
    commit_add_changes (self, ticket);
    if (!self->first_event) {
        self->last_leading = ticket->number;
        self->leading_changes = self->change_count;
    }
}

void
commit_add_token (commit_t *self, const token_t *token)
{
    if (self->token_count == self->token_room) {
        self->token_room = commit_grown (self->token_room, self->token_count + 1);
        self->tokens = allocate_again (self->tokens, self->token_room, sizeof *self->tokens);
    }
    self->tokens [self->token_count++] = *token;
}

static batch_t
commit_whole (commit_t *self)
{
    const change_t *changes = self->changes;
    size_t count = self->change_count;
    if (self->outdated_count > 0) {
        count = 0;
        for (size_t i = 0; i < self->change_count; i++)
            if (!self->is_outdated [i])
                self->current [count++] = self->changes [i];
        changes = self->current;
    }
    return (batch_t){
        .events = self->events,
        .event_count = self->event_count,
        .changes = changes,
        .change_count = count,
        .tokens = self->tokens,
        .token_count = self->token_count,
    };
}

//  Whether the batch is there: of all or nothing nothing is missing, and something is new. Events that
//  were there before tell nothing of it.
static bool
commit_is_there (const commit_t *self, const batch_t *batch)
{
    bool has_new = false;
    for (size_t i = 0; i < batch->event_count; i++) {
        if (self->stored [i].seq == 0)
            return false;
        has_new |= self->stored [i].seq > self->last_seqs [batch->events [i]->partition];
    }
    return has_new;
}

//  Turns what `find` knows into what `commit` would have answered. false: the batch is not there.
static bool
commit_recognise (commit_t *self, const batch_t *batch)
{
    if (!commit_is_there (self, batch))
        return false;
    for (size_t i = 0; i < batch->event_count; i++) {
        stored_t *stored = &self->stored [i];
        int64_t last_seq = self->last_seqs [batch->events [i]->partition];
        if (stored->kind == STORED_NEW && stored->seq <= last_seq)
            stored->kind = STORED_DUPLICATE;
        else if (stored->kind == STORED_DUPLICATE && stored->seq > last_seq)
            stored->kind = STORED_NEW;
        if (stored->kind == STORED_NEW)
            self->last_seqs [batch->events [i]->partition] = stored->seq;
    }
    return true;
}

//  Commits; if nobody knows whether it happened, looks, and repeats it if it did not.
static status_t
commit_try (commit_t *self, const batch_t *batch, problem_t *problem)
{
    const store_ops_t *ops = self->store->ops;
    status_t status = STATUS_OUTCOME_UNKNOWN;
    for (int i = 0; i < TRIES && status == STATUS_OUTCOME_UNKNOWN; i++) {
        status = ops->commit (self->store, batch, self->stored, problem);
        if (status != STATUS_OUTCOME_UNKNOWN || batch->event_count == 0)
            continue;  //  changes and tokens may be written twice: they are simply repeated
        problem_t unfound;
        if (ops->find (self->store, batch, self->stored, &unfound) != STATUS_OK)
            return STATUS_OUTCOME_UNKNOWN;
        if (commit_recognise (self, batch))
            return STATUS_OK;
    }
    if (status == STATUS_OK)
        for (size_t i = 0; i < batch->event_count; i++)
            if (self->stored [i].kind == STORED_NEW)
                self->last_seqs [batch->events [i]->partition] = self->stored [i].seq;
    return status;
}

static void
commit_give_verdicts (commit_t *self, commit_outcome_t *outcome)
{
    static const int kinds [] = {
        [STORED_NEW] = VERDICT_STORED,
        [STORED_DUPLICATE] = VERDICT_DUPLICATE,
        [STORED_ID_TAKEN] = VERDICT_ID_TAKEN,
    };
    for (size_t i = 0; i < self->event_count; i++) {
        self->verdicts [i] = (verdict_t){.seq = self->stored [i].seq};
        self->verdicts [i].kind =
            (__typeof__ (self->verdicts [i].kind))kinds [self->stored [i].kind];
    }
    outcome->verdicts = self->verdicts;
    outcome->verdict_count = self->event_count;
}

//  No room for events. What has become of deliveries may fit all the same.
static void
commit_leading (commit_t *self, commit_outcome_t *outcome)
{
    if (!self->last_leading || !self->first_event)
        return;
    batch_t leading = {.changes = self->changes, .change_count = self->leading_changes};
    problem_t ignored;
    if (commit_try (self, &leading, &ignored) != STATUS_OK)
        return;
    outcome->up_to = self->last_leading;
    outcome->from = self->first_event;
}

void
commit_run (commit_t *self, commit_outcome_t *outcome)
{
    *outcome = (commit_outcome_t){0};
    status_t status;
    if (self->failed != STATUS_OK)
        status = problem_set (&outcome->problem, self->failed,
                              "the store failed before: nothing is written until a restart");
    else {
        batch_t whole = commit_whole (self);
        status = commit_try (self, &whole, &outcome->problem);
    }
    outcome->token_status = status;
    if (status == STATUS_OK) {
        outcome->problem = (problem_t){0};
        outcome->up_to = self->last_ticket;
        commit_give_verdicts (self, outcome);
        return;
    }
    outcome->problem.status = status;
    outcome->from = self->first_ticket;
    if (status == STATUS_STORE_FAILED)
        self->failed = status;
    if (status == STATUS_FULL)
        commit_leading (self, outcome);
}
