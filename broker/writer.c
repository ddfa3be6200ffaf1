#include "broker/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "broker/commit.h"
#include "broker/tidier.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

//  A growing list of tickets, kept from turn to turn so that it need not be allocated again.
typedef struct {
    ticket_t *list;
    size_t count, room;
} tickets_t;

typedef struct token_change {
    uint64_t call;
    token_t token;  //  its strings are ours
    struct token_change *prev, *next;
} token_change_t;

struct writer {
    metrics_t *metrics;  //  borrowed
    bell_t *bell;        //  borrowed
    tidier_t *tidier;
    pthread_t thread;
    tickets_t added;  //  this turn; the broker's thread alone

    pthread_mutex_t lock;
    pthread_cond_t work;
    tickets_t waiting;               //  under lock
    token_change_t *tokens_waiting;  //  under lock
    written_t *results;              //  under lock
    bool is_halted;                  //  under lock: until writer_resume
    bool is_closing;                 //  under lock

    commit_t *commit;  //  from here on the writer's thread alone
    tickets_t taken;
    token_change_t *tokens_taken;
    status_t said;  //  what the log was last told of the store's health
};

static void
tickets_add (tickets_t *self, const ticket_t *more, size_t count)
{
    if (self->count + count > self->room) {
        self->room = 2 * (self->count + count);
        self->list = allocate_again (self->list, self->room, sizeof *self->list);
    }
    memcpy (self->list + self->count, more, count * sizeof *more);
    self->count += count;
}

static void
token_change_destroy (token_change_t **self_p)
{
    token_clear (&(*self_p)->token);
    free (*self_p);
    *self_p = NULL;
}

void
written_destroy (written_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->verdicts);
    free (*self_p);
    *self_p = NULL;
}

//  Everything that waits. false: there is nothing, and nothing more will come.
static bool
writer_wait (writer_t *self)
{
    pthread_mutex_lock (&self->lock);
    bool has_tickets;
    while (!(has_tickets = self->waiting.count > 0 && !self->is_halted) && !self->tokens_waiting &&
           !self->is_closing)
        pthread_cond_wait (&self->work, &self->lock);
    if (has_tickets) {
        tickets_t empty = self->taken;
        empty.count = 0;
        self->taken = self->waiting;
        self->waiting = empty;
    }
    self->tokens_taken = self->tokens_waiting;
    self->tokens_waiting = NULL;
    pthread_mutex_unlock (&self->lock);
    return has_tickets || self->tokens_taken;
}

//  Where no event finds room, what became of deliveries still may: that is not full no more.
static void
writer_log_health (writer_t *self, const problem_t *problem, bool had_events)
{
    bool is_no_news = problem->status == STATUS_OK && self->said == STATUS_FULL && !had_events;
    if (problem->status == self->said || is_no_news)
        return;
    self->said = problem->status;
    switch (problem->status) {
        case STATUS_OK: log_notice ("broker", "the store can be written again"); break;
        case STATUS_FULL:
            log_error ("broker", "the store is full, new events are refused: %s", problem->text);
            break;
        case STATUS_STORE_FAILED:
            log_error ("broker",
                       "the store failed, nothing more is written; what it has can still be read: "
                       "%s. Check the disk, then restart the broker",
                       problem->text);
            break;
        default:
            log_error ("broker", "the store could not be written (%s): %s",
                       status_name (problem->status), problem->text);
    }
}

static written_t *
written_new (int kind, uint64_t ticket, const problem_t *problem)
{
    written_t *self = ALLOCATE (written_t);
    self->kind = (__typeof__ (self->kind))kind;
    self->ticket = ticket;
    if (problem)
        self->problem = *problem;
    return self;
}

static written_t *
writer_results (writer_t *self, const commit_outcome_t *outcome)
{
    written_t *results = NULL;
    if (outcome->up_to) {
        written_t *persisted = written_new (WRITTEN_PERSISTED, outcome->up_to, NULL);
        persisted->verdicts =
            allocate_bytes (outcome->verdicts, outcome->verdict_count * sizeof (verdict_t));
        persisted->verdict_count = outcome->verdict_count;
        DL_APPEND (results, persisted);
    }
    if (outcome->from) {
        written_t *failed = written_new (WRITTEN_NOT_PERSISTED, outcome->from, &outcome->problem);
        DL_APPEND (results, failed);
    }
    token_change_t *change, *next;
    DL_FOREACH_SAFE (self->tokens_taken, change, next)
    {
        written_t *token = written_new (WRITTEN_TOKEN, 0, &outcome->problem);
        token->problem.status = outcome->token_status;
        token->call = change->call;
        DL_APPEND (results, token);
        DL_DELETE (self->tokens_taken, change);
        token_change_destroy (&change);
    }
    return results;
}

//  One commit of tickets from `from` on; where it stopped. Tokens ride in the first.
static size_t
writer_commit (writer_t *self, size_t from, bool *is_halted)
{
    commit_clear (self->commit);
    token_change_t *token;
    DL_FOREACH (self->tokens_taken, token)
    commit_add_token (self->commit, &token->token);
    size_t next = from;
    while (next < self->taken.count && commit_has_room (self->commit))
        commit_add (self->commit, &self->taken.list [next++]);

    commit_outcome_t outcome;
    int64_t began_us = monotonic_us ();
    commit_run (self->commit, &outcome);
    metrics_observe (self->metrics, METRIC_commit_seconds, monotonic_us () - began_us);
    metrics_add (self->metrics, METRIC_commits, 1);
    writer_log_health (self, &outcome.problem, commit_bytes (self->commit) > 0);

    written_t *results = writer_results (self, &outcome);
    *is_halted = outcome.from != 0;
    pthread_mutex_lock (&self->lock);
    if (*is_halted)
        self->is_halted = true;
    DL_CONCAT (self->results, results);
    pthread_mutex_unlock (&self->lock);
    bell_ring (self->bell);
    tidier_nudge (self->tidier, commit_bytes (self->commit));
    return next;
}

static void *
writer_run (void *context)
{
    writer_t *self = context;
    pthread_setname_np (pthread_self (), "broker-writer");  //  for top -H
    while (writer_wait (self)) {
        bool is_halted = false;
        size_t next = 0;
        do
            next = writer_commit (self, next, &is_halted);
        while (next < self->taken.count && !is_halted);
        self->taken.count = 0;
    }
    return NULL;
}

writer_t *
writer_new (const writer_settings_t *settings)
{
    writer_t *self = ALLOCATE (writer_t);
    self->metrics = settings->metrics;
    self->bell = settings->bell;
    self->commit = commit_new (settings->store, settings->last_seqs, settings->partitions);
    self->tidier = tidier_new (settings->store);
    pthread_mutex_init (&self->lock, NULL);
    pthread_cond_init (&self->work, NULL);
    int failed = pthread_create (&self->thread, NULL, writer_run, self);
    ASSERT (!failed, "no thread can be made: raise the limit of processes");
    return self;
}

void
writer_destroy (writer_t **self_p)
{
    writer_t *self = *self_p;
    if (!self)
        return;
    writer_hand_over (self);
    pthread_mutex_lock (&self->lock);
    self->is_closing = true;
    pthread_cond_signal (&self->work);
    pthread_mutex_unlock (&self->lock);
    pthread_join (self->thread, NULL);

    written_t *result;
    while ((result = writer_take (self)))
        written_destroy (&result);
    tidier_destroy (&self->tidier);
    commit_destroy (&self->commit);
    pthread_cond_destroy (&self->work);
    pthread_mutex_destroy (&self->lock);
    free (self->added.list);
    free (self->waiting.list);
    free (self->taken.list);
    free (self);
    *self_p = NULL;
}

void
writer_add (writer_t *self, const ticket_t *ticket)
{
    tickets_add (&self->added, ticket, 1);
}

void
writer_add_token (writer_t *self, uint64_t call, const token_t *token)
{
    token_change_t *change = ALLOCATE (token_change_t);
    change->call = call;
    change->token = (token_t){
        .id = allocate_copy (token->id),
        .hash = allocate_copy (token->hash ? token->hash : ""),
        .name = allocate_copy (token->name ? token->name : ""),
        .scopes = token->scopes ? allocate_copy (token->scopes) : NULL,
        .created_ms = token->created_ms,
    };
    pthread_mutex_lock (&self->lock);
    DL_APPEND (self->tokens_waiting, change);
    pthread_cond_signal (&self->work);
    pthread_mutex_unlock (&self->lock);
}

void
writer_hand_over (writer_t *self)
{
    if (self->added.count == 0)
        return;
    pthread_mutex_lock (&self->lock);
    tickets_add (&self->waiting, self->added.list, self->added.count);
    pthread_cond_signal (&self->work);
    pthread_mutex_unlock (&self->lock);
    self->added.count = 0;
}

written_t *
writer_take (writer_t *self)
{
    pthread_mutex_lock (&self->lock);
    written_t *first = self->results;
    if (first)
        DL_DELETE (self->results, first);
    pthread_mutex_unlock (&self->lock);
    return first;
}

void
writer_resume (writer_t *self)
{
    self->added.count = 0;
    pthread_mutex_lock (&self->lock);
    ASSERT (self->is_halted, "only who was told NOT_PERSISTED resumes");
    self->waiting.count = 0;
    self->is_halted = false;
    pthread_mutex_unlock (&self->lock);
}
