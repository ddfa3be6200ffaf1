#include "broker/store/answers.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { ROOM_AT_FIRST = 8 };  //  elements; a power of two

//  A string that we own, though its type says that nobody may change it.
static void
drop (const char *text)
{
    free ((void *)(uintptr_t)text);
}

//  Grows when count is a power of two, so that no capacity has to be kept.
void *
array_room (void *array, size_t count, size_t element_bytes)
{
    if (count == 0)
        return allocate (ROOM_AT_FIRST, element_bytes);
    bool is_full = count >= ROOM_AT_FIRST && (count & (count - 1)) == 0;
    return is_full ? allocate_again (array, count * 2, element_bytes) : array;
}

page_t *
page_new (void)
{
    return ALLOCATE (page_t);
}

void
page_add (page_t *self, event_t *event)
{
    self->events = array_room (self->events, self->count, sizeof *self->events);
    self->events [self->count++] = event;
}

int64_t
page_first_seq (const page_t *self, int64_t above_seq, int64_t up_to_seq)
{
    int64_t first_seq = above_seq + 1, expected_seq = first_seq;
    for (size_t i = 0; i < self->count; i++) {
        if (self->events [i]->seq != expected_seq)
            first_seq = self->events [i]->seq;
        expected_seq = self->events [i]->seq + 1;
    }
    bool has_none = self->count == 0 && above_seq < up_to_seq;
    return has_none ? up_to_seq + 1 : first_seq;
}

void
page_destroy (page_t **self_p)
{
    page_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        event_destroy (&self->events [i]);
    free (self->events);
    free (self);
    *self_p = NULL;
}

history_t *
history_new (event_t *event)
{
    history_t *self = ALLOCATE (history_t);
    self->event = event;
    return self;
}

void
history_add_exception (history_t *self, const char *subscription, const exception_t *exception)
{
    self->exceptions =
        array_room (self->exceptions, self->exception_count, sizeof *self->exceptions);
    self->exceptions [self->exception_count++] =
        (exception_row_t){.subscription = allocate_copy (subscription), .exception = *exception};
}

static attempt_t
attempt_copy (const attempt_t *attempt)
{
    attempt_t copy = *attempt;
    copy.error = allocate_copy (attempt->error);
    copy.worker = allocate_copy (attempt->worker);
    copy.result = allocate_copy (attempt->result);
    return copy;
}

static void
attempt_clear (attempt_t *attempt)
{
    drop (attempt->error);
    drop (attempt->worker);
    drop (attempt->result);
}

void
history_add_attempt (history_t *self, const char *subscription, const attempt_t *attempt)
{
    self->attempts = array_room (self->attempts, self->attempt_count, sizeof *self->attempts);
    attempt_row_t *row = &self->attempts [self->attempt_count++];
    row->subscription = allocate_copy (subscription);
    row->attempt = attempt_copy (attempt);
}

static int
exceptions_by_subscription (const void *a, const void *b)
{
    const exception_row_t *left = a, *right = b;
    return strcmp (left->subscription, right->subscription);
}

static int
attempts_by_subscription (const void *a, const void *b)
{
    const attempt_row_t *left = a, *right = b;
    int order = strcmp (left->subscription, right->subscription);
    if (order != 0)
        return order;
    return (left->attempt.number > right->attempt.number) -
           (left->attempt.number < right->attempt.number);
}

void
history_sort (history_t *self)
{
    if (self->exception_count)
        qsort (self->exceptions, self->exception_count, sizeof *self->exceptions,
               exceptions_by_subscription);
    if (self->attempt_count)
        qsort (self->attempts, self->attempt_count, sizeof *self->attempts,
               attempts_by_subscription);
}

void
history_destroy (history_t **self_p)
{
    history_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->exception_count; i++)
        drop (self->exceptions [i].subscription);
    for (size_t i = 0; i < self->attempt_count; i++) {
        drop (self->attempts [i].subscription);
        attempt_clear (&self->attempts [i].attempt);
    }
    free (self->exceptions);
    free (self->attempts);
    event_destroy (&self->event);
    free (self);
    *self_p = NULL;
}

inventory_t *
inventory_new (int32_t partitions)
{
    inventory_t *self = ALLOCATE (inventory_t);
    self->partitions = allocate ((size_t)partitions, sizeof *self->partitions);
    self->partition_count = partitions;
    return self;
}

void
inventory_add_subscription (inventory_t *self, subscription_t *subscription)
{
    self->subscriptions =
        array_room (self->subscriptions, self->subscription_count, sizeof (subscription_t *));
    self->subscriptions [self->subscription_count++] = subscription;
}

void
inventory_add_progress (inventory_t *self, size_t subscription, int32_t partition,
                        const progress_t *progress, bool is_quiet)
{
    ASSERT (subscription < self->subscription_count, "the id of the row is the subscription's own");
    self->progresses =
        array_room (self->progresses, self->progress_count, sizeof *self->progresses);
    struct progress_row *row = &self->progresses [self->progress_count++];
    *row = (struct progress_row){.subscription = self->subscriptions [subscription]->id,
                                 .partition = partition,
                                 .progress = *progress,
                                 .is_quiet = is_quiet};
    int64_t level_seq = self->partitions [partition].level_seq;
    if (is_quiet && level_seq > progress->floor)
        progress_raise (&row->progress, level_seq);
}

void
inventory_add_exception (inventory_t *self, const exception_at_t *exception)
{
    ASSERT (self->progress_count > 0, "an exception stands above a floor");
    struct progress_row *row = &self->progresses [self->progress_count - 1];
    if (exception->exception.state == EXCEPTION_DEAD) {
        row->dead_count++;
        return;
    }
    row->exceptions = array_room (row->exceptions, row->exception_count, sizeof *row->exceptions);
    row->exceptions [row->exception_count++] = *exception;
}

void
inventory_add_health (inventory_t *self, size_t subscription, const health_t *health)
{
    ASSERT (subscription < self->subscription_count, "the id of the row is the subscription's own");
    self->healths = array_room (self->healths, self->health_count, sizeof *self->healths);
    self->healths [self->health_count++] = (struct health_row){
        .subscription = self->subscriptions [subscription]->id, .health = *health};
}

void
inventory_destroy (inventory_t **self_p)
{
    inventory_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->progress_count; i++)
        free (self->progresses [i].exceptions);
    for (size_t i = 0; i < self->subscription_count; i++)
        subscription_destroy (&self->subscriptions [i]);
    free (self->progresses);
    free (self->healths);
    free (self->subscriptions);
    free (self->partitions);
    free (self);
    *self_p = NULL;
}

counts_t *
counts_new (void)
{
    return ALLOCATE (counts_t);
}

void
counts_add (counts_t *self, const char *key, int64_t count)
{
    self->rows = array_room (self->rows, self->count, sizeof *self->rows);
    self->rows [self->count++] = (struct count_row){.key = allocate_copy (key), .count = count};
}

void
counts_destroy (counts_t **self_p)
{
    counts_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        free (self->rows [i].key);
    free (self->rows);
    free (self);
    *self_p = NULL;
}

listing_t *
listing_new (void)
{
    return ALLOCATE (listing_t);
}

void
listing_add (listing_t *self, const char *subscription, int32_t partition, const exception_at_t *at,
             event_t *event, const attempt_t *attempt)
{
    self->rows = array_room (self->rows, self->count, sizeof *self->rows);
    struct listed_row *row = &self->rows [self->count++];
    *row = (struct listed_row){.subscription = allocate_copy (subscription),
                               .partition = partition,
                               .at = *at,
                               .event = event};
    if (attempt)
        row->attempt = attempt_copy (attempt);
}

void
listing_destroy (listing_t **self_p)
{
    listing_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++) {
        drop (self->rows [i].subscription);
        event_destroy (&self->rows [i].event);
        attempt_clear (&self->rows [i].attempt);
    }
    free (self->rows);
    free (self);
    *self_p = NULL;
}

void
token_copy (token_t *copy, const token_t *token)
{
    *copy = (token_t){.id = allocate_copy (token->id),
                      .hash = allocate_copy (token->hash),
                      .name = allocate_copy (token->name),
                      .scopes = allocate_copy (token->scopes),
                      .created_ms = token->created_ms};
}

void
token_array_add (token_t **tokens, size_t *count, const token_t *token)
{
    *tokens = array_room (*tokens, *count, sizeof **tokens);
    token_copy (&(*tokens) [(*count)++], token);
}

void
token_clear (token_t *token)
{
    drop (token->id);
    drop (token->hash);
    drop (token->name);
    drop (token->scopes);
    *token = (token_t){0};
}

void
token_array_free (token_t *tokens, size_t count)
{
    for (size_t i = 0; i < count; i++)
        token_clear (&tokens [i]);
    free (tokens);
}
