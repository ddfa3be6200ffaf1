#include "broker/reader.h"

#include <pthread.h>
#include <stdlib.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

struct reader {
    store_t *store;  //  borrowed
    bell_t *bell;    //  borrowed
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked;
    query_t *questions, *answers;  //  under lock
    size_t question_count;         //  under lock
    bool is_closing;               //  under lock
};

void
query_destroy (query_t **self_p)
{
    query_t *self = *self_p;
    if (!self)
        return;
    page_destroy (&self->page);
    history_destroy (&self->history);
    tree_destroy (&self->tree);
    listing_destroy (&self->listing);
    counts_destroy (&self->counts);
    free (self->seqs);
    if (self->has_token)
        token_clear (&self->token);
    if (self->tokens)
        token_array_free (self->tokens, self->token_count);
    free (self);
    *self_p = NULL;
}

//  Of a page that was read: what is wanted stays, in its order.
static void
reader_match (query_t *query)
{
    page_t *page = query->page;
    size_t kept = 0;
    query->reached = query->up_to_seq;
    query->first = page_first_seq (page, query->above_seq, query->up_to_seq);
    for (size_t i = 0; i < page->count; i++) {
        match_data_t data = {.event = page->events [i]};
        bool is_within = data.event->seq <= query->up_to_seq;
        query->looked_at += is_within;
        if (is_within && i + 1 == page->count)
            query->reached = data.event->seq;
        if (is_within && query->wants (query->wanted, &data))
            page->events [kept++] = page->events [i];
        else
            event_destroy (&page->events [i]);
        match_data_clear (&data);
    }
    page->count = kept;
}

static status_t
reader_weigh_twice (store_t *store, query_t *query)
{
    status_t status =
        store->ops->weigh (store, query->partition, query->before_ms, query->bytes_most [0],
                           &query->weights [0], &query->problem);
    if (status != STATUS_OK)
        return status;
    return store->ops->weigh (store, query->partition, 0, query->bytes_most [1],
                              &query->weights [1], &query->problem);
}

static status_t
reader_find_seqs (store_t *store, query_t *query)
{
    size_t count = (size_t)query->partition;
    query->seqs = allocate (2 * count, sizeof *query->seqs);
    for (size_t i = 0; i < 2 * count; i++) {
        status_t status =
            store->ops->find_seq (store, (int32_t)(i % count), query->times_ms [i / count],
                                  &query->seqs [i], &query->problem);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void
reader_answer (store_t *store, query_t *query)
{
    const store_ops_t *ops = store->ops;
    problem_t *problem = &query->problem;
    status_t status = STATUS_OK;
    switch (query->kind) {
        case QUERY_PAGE:
            status = ops->read (store, query->partition, query->above_seq, query->limit_bytes,
                                query->limit_events, &query->page, problem);
            break;
        case QUERY_MATCH:
        case QUERY_FEED:
            status = ops->read (store, query->partition, query->above_seq, query->limit_bytes,
                                query->limit_events, &query->page, problem);
            if (status == STATUS_OK)
                reader_match (query);
            break;
        case QUERY_HISTORY:
            status = ops->look_up (store, query->text, &query->history, problem);
            break;
        case QUERY_TREE: status = tree_read (store, query->text, &query->tree, problem); break;
        case QUERY_EXCEPTIONS:
            status = ops->list_exceptions (store, query->text, query->state, query->after,
                                           query->limit_events, query->limit_bytes, &query->listing,
                                           problem);
            break;
        case QUERY_COUNTS:
            status = ops->list_counts (store, query->text, query->from, query->limit_events,
                                       &query->counts, problem);
            break;
        case QUERY_SEQS: status = reader_find_seqs (store, query); break;
        case QUERY_TOKEN:
            status =
                ops->find_token (store, query->text, &query->token, &query->has_token, problem);
            break;
        case QUERY_TOKENS:
            status = ops->list_tokens (store, &query->tokens, &query->token_count, problem);
            break;
        case QUERY_WEIGH: status = reader_weigh_twice (store, query); break;
        case QUERY_DEAD:
            status = ops->list_dead (store, query->before_ms, query->limit_events, &query->listing,
                                     problem);
            break;
    }
    problem->status = status;
}

static query_t *
reader_wait (reader_t *self)
{
    pthread_mutex_lock (&self->lock);
    while (!self->questions && !self->is_closing)
        pthread_cond_wait (&self->asked, &self->lock);
    query_t *query = self->is_closing ? NULL : self->questions;
    if (query) {
        DL_DELETE (self->questions, query);
        self->question_count--;
    }
    pthread_mutex_unlock (&self->lock);
    return query;
}

static void *
reader_run (void *context)
{
    reader_t *self = context;
    pthread_setname_np (pthread_self (), "broker-reader");  //  for top -H
    query_t *query;
    while ((query = reader_wait (self))) {
        reader_answer (self->store, query);
        pthread_mutex_lock (&self->lock);
        DL_APPEND (self->answers, query);
        pthread_mutex_unlock (&self->lock);
        bell_ring (self->bell);
    }
    return NULL;
}

reader_t *
reader_new (store_t *store, bell_t *bell)
{
    reader_t *self = ALLOCATE (reader_t);
    self->store = store;
    self->bell = bell;
    pthread_mutex_init (&self->lock, NULL);
    pthread_cond_init (&self->asked, NULL);
    int failed = pthread_create (&self->thread, NULL, reader_run, self);
    ASSERT (!failed, "no thread can be made: raise the limit of processes");
    return self;
}

static void
query_destroy_all (query_t **list)
{
    query_t *query, *next;
    DL_FOREACH_SAFE (*list, query, next)
    query_destroy (&query);
    *list = NULL;
}

void
reader_destroy (reader_t **self_p)
{
    reader_t *self = *self_p;
    if (!self)
        return;
    pthread_mutex_lock (&self->lock);
    self->is_closing = true;
    pthread_cond_signal (&self->asked);
    pthread_mutex_unlock (&self->lock);
    pthread_join (self->thread, NULL);
    query_destroy_all (&self->questions);
    query_destroy_all (&self->answers);
    pthread_cond_destroy (&self->asked);
    pthread_mutex_destroy (&self->lock);
    free (self);
    *self_p = NULL;
}

void
reader_ask (reader_t *self, const query_t *question)
{
    query_t *query = allocate_bytes (question, sizeof *question);
    pthread_mutex_lock (&self->lock);
    DL_APPEND (self->questions, query);
    self->question_count++;
    pthread_cond_signal (&self->asked);
    pthread_mutex_unlock (&self->lock);
}

size_t
reader_waiting (reader_t *self)
{
    pthread_mutex_lock (&self->lock);
    size_t count = self->question_count;
    pthread_mutex_unlock (&self->lock);
    return count;
}

query_t *
reader_take (reader_t *self)
{
    pthread_mutex_lock (&self->lock);
    query_t *first = self->answers;
    if (first)
        DL_DELETE (self->answers, first);
    pthread_mutex_unlock (&self->lock);
    return first;
}
