#include "broker/store/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define uthash_fatal(message) abort ()
#include <uthash.h>

#include "broker/store/answers.h"
#include "broker/store/memory_subscribers.h"
#include "broker/store/memory_tokens.h"
#include "broker/store/weight.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"

//  The one event that has an id in a partition.
typedef struct {
    event_t *event;
    UT_hash_handle hh;  //  by its id
} name_t;

typedef struct {
    event_t **events;   //  of seq 1, 2, 3 …; NULL: it has left the log
    size_t count;       //  the last seq
    int64_t first_seq;  //  below: only what an exception holds
    size_t bytes;       //  of the events
    name_t *names;
    int64_t level_seq;
} partition_t;

typedef struct {
    store_t store;          //  first: a store_t * is one of these
    pthread_mutex_t mutex;  //  of all that follows
    int32_t partition_count;
    partition_t *partitions;
    subscribers_t subscribers;
    memory_tokens_t tokens;
    int fail_in;  //  commits until the one that fails; 0: none
    status_t fail_status;
    bool fail_is_applied;
} memory_store_t;

static memory_store_t *
self_of (store_t *store)
{
    return (memory_store_t *)store;
}

static memory_store_t *
enter (store_t *store)
{
    memory_store_t *self = self_of (store);
    pthread_mutex_lock (&self->mutex);
    return self;
}

static status_t
leave (memory_store_t *self, status_t status)
{
    pthread_mutex_unlock (&self->mutex);
    return status;
}

static partition_t *
partition_of (memory_store_t *self, int32_t partition)
{
    ASSERT (partition >= 0 && partition < self->partition_count, "there is no such partition");
    return &self->partitions [partition];
}

static event_t *
find_event (const partition_t *partition, const char *id)
{
    name_t *name;
    HASH_FIND_STR (partition->names, id, name);
    return name ? name->event : NULL;
}

static stored_t
judge (const event_t *first, const event_t *event)
{
    return (stored_t){.kind = event_says_same (first, event) ? STORED_DUPLICATE : STORED_ID_TAKEN,
                      .seq = first->seq};
}

static stored_t
add_event (memory_store_t *self, const event_t *event)
{
    partition_t *partition = partition_of (self, event->partition);
    const event_t *first = find_event (partition, event->id);
    if (first)
        return judge (first, event);

    event_t fields = *event;
    fields.seq = (int64_t)partition->count + 1;
    event_t *kept = event_new (&fields);
    partition->events = array_room (partition->events, partition->count, sizeof (event_t *));
    partition->events [partition->count++] = kept;
    partition->bytes += event_size_bytes (kept);
    name_t *name = ALLOCATE (name_t);
    name->event = kept;
    HASH_ADD_KEYPTR (hh, partition->names, kept->id, strlen (kept->id), name);
    return (stored_t){.kind = STORED_NEW, .seq = kept->seq};
}

static void
put_level (memory_store_t *self, const change_t *change)
{
    partition_t *partition = partition_of (self, change->partition);
    ASSERT (change->seq <= (int64_t)partition->count,
            "what is not in the log cannot have ended: it would be passed over when it comes");
    partition->level_seq = change->seq;
}

//  Unless the log has it, or some exception holds it.
static void
let_go (memory_store_t *self, partition_t *partition, int32_t number, int64_t seq)
{
    event_t **event = &partition->events [seq - 1];
    if (seq >= partition->first_seq || !*event ||
        subscribers_hold (&self->subscribers, number, seq))
        return;
    name_t *name;
    HASH_FIND_STR (partition->names, (*event)->id, name);
    HASH_DEL (partition->names, name);
    free (name);
    partition->bytes -= event_size_bytes (*event);
    event_destroy (event);
    subscribers_forget_attempts (&self->subscribers, number, seq);
}

static void
trim (memory_store_t *self, const change_t *change)
{
    partition_t *partition = partition_of (self, change->partition);
    ASSERT (change->seq <= (int64_t)partition->count, "what is not in the log cannot leave it");
    int64_t from = partition->first_seq;
    if (change->seq < from)
        return;
    partition->first_seq = change->seq + 1;
    for (int64_t seq = from; seq <= change->seq; seq++)
        let_go (self, partition, change->partition, seq);
}

//  What a subscription that is gone held below first_seq.
static void
let_all_go (memory_store_t *self)
{
    for (int32_t i = 0; i < self->partition_count; i++)
        for (int64_t seq = 1; seq < self->partitions [i].first_seq; seq++)
            let_go (self, &self->partitions [i], i, seq);
}

//  An exception or an attempt, of an event.
static void
keep (memory_store_t *self, const change_t *change)
{
    partition_t *partition = partition_of (self, change->partition);
    ASSERT (change->seq > 0 && change->seq <= (int64_t)partition->count,
            "deliveries are of events in the log");
    if (!partition->events [change->seq - 1])
        return;
    subscribers_apply (&self->subscribers, change, (int64_t)partition->count);
    let_go (self, partition, change->partition, change->seq);
}

static void
apply (memory_store_t *self, const change_t *change)
{
    subscribers_t *subscribers = &self->subscribers;
    switch (change->kind) {
        case CHANGE_LEVEL: put_level (self, change); break;
        case CHANGE_TRIM: trim (self, change); break;
        case CHANGE_SUBSCRIPTION:
        case CHANGE_COUNT:
        case CHANGE_HEALTH: subscribers_apply (subscribers, change, 0); break;
        case CHANGE_PROGRESS:
            subscribers_apply (subscribers, change,
                               (int64_t)partition_of (self, change->partition)->count);
            break;
        case CHANGE_EXCEPTION:
        case CHANGE_EXCEPTION_ENDED:
        case CHANGE_ATTEMPT: keep (self, change); break;
        case CHANGE_SUBSCRIPTION_GONE:
            subscribers_apply (subscribers, change, 0);
            let_all_go (self);
    }
}

//  stored NULL: nobody is to hear of it.
static void
play (memory_store_t *self, const batch_t *batch, stored_t *stored)
{
    for (size_t i = 0; i < batch->event_count; i++) {
        stored_t verdict = add_event (self, batch->events [i]);
        if (stored)
            stored [i] = verdict;
    }
    for (size_t i = 0; i < batch->change_count; i++)
        apply (self, &batch->changes [i]);
    for (size_t i = 0; i < batch->token_count; i++)
        memory_tokens_put (&self->tokens, &batch->tokens [i]);
}

static status_t
commit (store_t *store, const batch_t *batch, stored_t *stored, problem_t *problem)
{
    memory_store_t *self = enter (store);
    bool fails = self->fail_in > 0 && --self->fail_in == 0;
    if (!fails || self->fail_is_applied)
        play (self, batch, fails ? NULL : stored);
    if (!fails)
        return leave (self, STATUS_OK);
    return leave (self, problem_set (problem, self->fail_status, "store: memory: told to fail"));
}

static status_t
find (store_t *store, const batch_t *batch, stored_t *stored, problem_t *problem)
{
    (void)problem;
    memory_store_t *self = enter (store);
    for (size_t i = 0; i < batch->event_count; i++) {
        const event_t *event = batch->events [i];
        const event_t *first = find_event (partition_of (self, event->partition), event->id);
        stored [i] = first ? judge (first, event) : (stored_t){.kind = STORED_NEW, .seq = 0};
    }
    return leave (self, STATUS_OK);
}

static status_t
read_page (store_t *store, int32_t partition, int64_t above_seq, size_t limit_bytes,
           size_t limit_events, page_t **page, problem_t *problem)
{
    (void)problem;
    ASSERT (above_seq >= 0, "seqs are 1, 2, 3 …");
    page_t *filled = page_new ();
    memory_store_t *self = enter (store);
    const partition_t *log = partition_of (self, partition);
    size_t bytes = 0;
    for (size_t i = (size_t)above_seq; i < log->count; i++) {
        if (!log->events [i])
            continue;
        bytes += event_size_bytes (log->events [i]);
        if (filled->count && (bytes > limit_bytes || filled->count >= limit_events))
            break;
        page_add (filled, event_ref (log->events [i]));
    }
    *page = filled;
    return leave (self, STATUS_OK);
}

static status_t
look_up (store_t *store, const char *id, history_t **history, problem_t *problem)
{
    memory_store_t *self = enter (store);
    for (int32_t i = 0; i < self->partition_count; i++) {
        const event_t *event = find_event (&self->partitions [i], id);
        if (!event)
            continue;
        *history = history_new (event_ref (event));
        subscribers_tell (&self->subscribers, *history);
        return leave (self, STATUS_OK);
    }
    return leave (self, problem_set (problem, STATUS_NOT_FOUND, "there is no event %.64s", id));
}

//  Of one partition. false: the page is full.
static bool
add_tree (const partition_t *log, const char *root, size_t limit, size_t *bytes_left, page_t *page)
{
    for (size_t i = 0; i < log->count; i++) {
        const event_t *event = log->events [i];
        if (!event || !*event->root || strcmp (event->root, root) != 0)
            continue;
        size_t bytes = event_size_bytes (event);
        if (page->count == limit || (page->count > 0 && bytes > *bytes_left))
            return false;
        *bytes_left -= bytes < *bytes_left ? bytes : *bytes_left;
        page_add (page, event_ref (event));
    }
    return true;
}

static status_t
list_tree (store_t *store, const char *root, size_t limit, size_t limit_bytes, page_t **page,
           problem_t *problem)
{
    (void)problem;
    page_t *filled = page_new ();
    memory_store_t *self = enter (store);
    for (int32_t i = 0; i < self->partition_count; i++)
        if (!add_tree (&self->partitions [i], root, limit, &limit_bytes, filled))
            break;
    *page = filled;
    return leave (self, STATUS_OK);
}

static status_t
load (store_t *store, inventory_t **inventory, problem_t *problem)
{
    (void)problem;
    memory_store_t *self = enter (store);
    inventory_t *loaded = inventory_new (self->partition_count);
    for (int32_t i = 0; i < self->partition_count; i++)
        loaded->partitions [i] = (struct partition_row){
            .first_seq = self->partitions [i].first_seq,
            .last_seq = (int64_t)self->partitions [i].count,
            .level_seq = self->partitions [i].level_seq,
        };
    subscribers_list (&self->subscribers, loaded);
    *inventory = loaded;
    return leave (self, STATUS_OK);
}

static status_t
find_token (store_t *store, const char *hash, token_t *token, bool *found, problem_t *problem)
{
    (void)problem;
    memory_store_t *self = enter (store);
    *found = memory_tokens_find (&self->tokens, hash, token);
    return leave (self, STATUS_OK);
}

static status_t
list_tokens (store_t *store, token_t **tokens, size_t *count, problem_t *problem)
{
    (void)problem;
    memory_store_t *self = enter (store);
    memory_tokens_list (&self->tokens, tokens, count);
    return leave (self, STATUS_OK);
}

static status_t
list_exceptions (store_t *store, const char *subscription, exception_state_t state,
                 list_place_t after, size_t limit, size_t limit_bytes, listing_t **listing,
                 problem_t *problem)
{
    (void)problem;
    memory_store_t *self = enter (store);
    OWNED (listing) listing_t *listed = listing_new ();
    size_t bytes = 0;
    subscribers_walk_t walk = subscribers_walk (&self->subscribers, subscription, after);
    while (listed->count < limit && subscribers_next (&walk, state)) {
        event_t *event = partition_of (self, walk.partition)->events [walk.at.seq - 1];
        bytes += event_size_bytes (event);
        if (listed->count > 0 && bytes > limit_bytes)
            break;
        listing_add (listed, subscription, walk.partition, &walk.at, event_ref (event),
                     walk.attempt);
    }
    *listing = TAKE (listed);
    return leave (self, STATUS_OK);
}

static status_t
list_dead (store_t *store, int64_t before_ms, size_t limit, listing_t **listing, problem_t *problem)
{
    (void)problem;
    memory_store_t *self = enter (store);
    listing_t *listed = listing_new ();
    subscribers_list_dead (&self->subscribers, before_ms, limit, listed);
    *listing = listed;
    return leave (self, STATUS_OK);
}

static status_t
list_counts (store_t *store, const char *subscription, const char *from, size_t limit,
             counts_t **counts, problem_t *problem)
{
    (void)problem;
    memory_store_t *self = enter (store);
    *counts = counts_new ();
    subscribers_list_counts (&self->subscribers, subscription, from, limit, *counts);
    return leave (self, STATUS_OK);
}

static status_t
accepted_ms_of (void *context, int64_t seq, int64_t *accepted_ms, problem_t *problem)
{
    (void)problem;
    const partition_t *partition = context;
    *accepted_ms = partition->events [seq - 1]->accepted_ms;
    return STATUS_OK;
}

static status_t
find_seq (store_t *store, int32_t partition, int64_t time_ms, int64_t *seq, problem_t *problem)
{
    memory_store_t *self = enter (store);
    partition_t *log = partition_of (self, partition);
    return leave (self, weight_find_time (log->first_seq, (int64_t)log->count, time_ms,
                                          accepted_ms_of, log, seq, problem));
}

static status_t
weigh (store_t *store, int32_t partition, int64_t before_ms, int64_t bytes_most, weight_t *weight,
       problem_t *problem)
{
    memory_store_t *self = enter (store);
    partition_t *log = partition_of (self, partition);
    weight_t weighed = {.first_seq = log->first_seq, .last_seq = (int64_t)log->count};
    if (before_ms)
        weight_find_time (log->first_seq, (int64_t)log->count, before_ms, accepted_ms_of, log,
                          &weighed.age_seq, problem);
    if (weighed.age_seq < log->first_seq)
        weighed.age_seq = 0;
    for (int32_t i = 0; i < self->partition_count; i++)
        weighed.bytes += (int64_t)self->partitions [i].bytes;
    weight_share (&weighed, bytes_most);
    *weight = weighed;
    return leave (self, STATUS_OK);
}

static void
keep_free (store_t *store, int64_t bytes)
{
    (void)store, (void)bytes;
}

static void
tidy (store_t *store)
{
    (void)store;
}

static void
clear_log (partition_t *partition)
{
    name_t *name, *next;
    HASH_ITER (hh, partition->names, name, next)
    {
        HASH_DEL (partition->names, name);
        free (name);
    }
    for (size_t i = 0; i < partition->count; i++)
        event_destroy (&partition->events [i]);
    free (partition->events);
}

static void
close_store (store_t **store_p)
{
    if (!*store_p)
        return;
    memory_store_t *self = self_of (*store_p);
    *store_p = NULL;
    for (int32_t i = 0; i < self->partition_count; i++)
        clear_log (&self->partitions [i]);
    subscribers_clear (&self->subscribers);
    memory_tokens_clear (&self->tokens);
    pthread_mutex_destroy (&self->mutex);
    free (self->partitions);
    free (self);
}

static const store_ops_t ops = {.commit = commit,
                                .find = find,
                                .read = read_page,
                                .look_up = look_up,
                                .list_tree = list_tree,
                                .load = load,
                                .find_token = find_token,
                                .list_tokens = list_tokens,
                                .list_exceptions = list_exceptions,
                                .list_dead = list_dead,
                                .list_counts = list_counts,
                                .find_seq = find_seq,
                                .weigh = weigh,
                                .keep_free = keep_free,
                                .tidy = tidy,
                                .close = close_store};

store_t *
memory_store_new (int32_t partitions)
{
    memory_store_t *self = ALLOCATE (memory_store_t);
    *self = (memory_store_t){.store = {&ops},
                             .partition_count = partitions,
                             .partitions = allocate ((size_t)partitions, sizeof (partition_t)),
                             .subscribers = {.partitions = partitions}};
    for (int32_t i = 0; i < partitions; i++)
        self->partitions [i].first_seq = 1;
    pthread_mutex_init (&self->mutex, NULL);
    return &self->store;
}

void
memory_store_fail (store_t *store, int nth, status_t status, bool is_applied)
{
    ASSERT (store->ops == &ops, "only a memory store can be told to fail");
    ASSERT (nth > 0 && status != STATUS_OK, "nth counts from the next commit, and it fails");
    memory_store_t *self = enter (store);
    self->fail_in = nth;
    self->fail_status = status;
    self->fail_is_applied = is_applied;
    leave (self, STATUS_OK);
}
