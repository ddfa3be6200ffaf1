#include "tests/sim/operator_actor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/owned.h"
#include "tests/sim/broadcasts.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/chronicle.h"
#include "tests/sim/model.h"
#include "tests/sim/state.h"
#include "tests/sim/words.h"

enum { AGAIN_MS = 300, PATIENCE_MS = 3000, WRITING_MS = 3 };
enum { ROWS = 512 };  //  dead letters of one subscription in one partition

typedef struct wish {
    ask_t ask;
    struct wish *prev, *next;
} wish_t;

struct operator_actor {
    world_t *world;
    wish_t *wishes;    //  the first is being asked for
    uint64_t request;  //  of the last time it was
    bool is_asked;     //  and not answered
};

operator_actor_t *
operator_actor_new (world_t *world)
{
    operator_actor_t *self = ALLOCATE (operator_actor_t);
    self->world = world;
    return self;
}

void
operator_actor_destroy (operator_actor_t **self_p)
{
    operator_actor_t *self = *self_p;
    if (!self)
        return;
    wish_t *wish, *next;
    DL_FOREACH_SAFE (self->wishes, wish, next)
    free (wish);
    free (self);
    *self_p = NULL;
}

bool
operator_actor_is_idle (const operator_actor_t *self)
{
    return !self->wishes;
}

static void try_first (operator_actor_t *self);

static void
again (void *actor, uint64_t request, void *load)
{
    (void)load;
    operator_actor_t *self = actor;
    if (self->wishes && request == self->request)
        try_first (self);
}

static void
try_again_in (operator_actor_t *self, int64_t wait_ms)
{
    schedule_at (self->world->schedule, world_now (self->world) + wait_ms, again, self,
                 self->request, NULL, NULL);
}

static void
forget_first (operator_actor_t *self)
{
    wish_t *wish = self->wishes;
    DL_DELETE (self->wishes, wish);
    free (wish);
    self->is_asked = false;
    self->request++;  //  what is planned for it is void
    if (self->wishes)
        try_again_in (self, 0);
}

//  ---- What is answered

static void
ask_of_broker (operator_actor_t *self, input_t *input)
{
    input->request = self->request;
    self->is_asked = true;
    try_again_in (self, PATIENCE_MS);
    broker_actor_ask (self->world->broker, input);
}

//  Whatever comes of it, the consumer may now see that it was asked for.
static void
subscribe_to (operator_actor_t *self, subscription_t *subscription)
{
    ledger_ask (self->world->ledger, subscription);
    ask_of_broker (
        self, &(input_t){.kind = INPUT_SUBSCRIBE, .subscribe = {.subscription = subscription}});
}

static void
try_make (operator_actor_t *self, const ask_t *ask)
{
    OWNED (subscription)
    subscription_t *made =
        words_subscription (ask->subscription, ask->words, broker_actor_now (self->world->broker),
                            &self->world->limits);
    subscribe_to (self, made);
}

//  It delivers nothing: the ledger does not hear of it.
static void
try_broadcast (operator_actor_t *self, const ask_t *ask)
{
    OWNED (subscription)
    subscription_t *made = broadcasts_subscription (
        ask->subscription, broker_actor_now (self->world->broker), &self->world->limits);
    ask_of_broker (self, &(input_t){.kind = INPUT_SUBSCRIBE, .subscribe = {.subscription = made}});
}

static int64_t
next_version (const operator_actor_t *self, const subscription_t *old)
{
    int64_t now_ms = broker_actor_now (self->world->broker);
    return now_ms > old->version ? now_ms : old->version + 1;
}

//  Resuming enables as well.
static void
try_pause (operator_actor_t *self, const ask_t *ask, const subscription_t *old)
{
    bool is_paused = ask->kind == ASK_PAUSE;
    OWNED (subscription)
    subscription_t *made =
        subscription_with_state (old, next_version (self, old), is_paused,
                                 is_paused && old->is_disabled ? old->disabled_because : NULL);
    subscribe_to (self, made);
}

static void
replay_id (char id [48], const ask_t *ask)
{
    snprintf (id, 48, "%s~%s", ask->subscription, ask->replay);
}

//  What was asked for once, though it was not answered, is not asked for otherwise.
static void
try_replay (operator_actor_t *self, const ask_t *ask, const subscription_t *of)
{
    char id [48];
    replay_id (id, ask);
    const asked_t *before = ledger_find (self->world->ledger, id);
    if (before) {
        subscribe_to (self, before->subscription);
        return;
    }
    int64_t from [LEDGER_PARTITIONS] = {0}, until [LEDGER_PARTITIONS] = {0};
    size_t partitions = (size_t)broker_actor_partitions (self->world->broker);
    for (size_t i = 0; i < partitions; i++)
        until [i] = broker_actor_last_seq (self->world->broker, (int32_t)i);
    problem_t problem = {0};
    replay_t replay = {
        .id = ask->replay, .of = of->id, .from = from, .until = until, .partitions = partitions};
    OWNED (subscription)
    subscription_t *made = subscription_replay (of, next_version (self, of), &replay, NULL, 0,
                                                &self->world->limits, &problem);
    if (made)
        subscribe_to (self, made);
    else
        world_fail (self->world, "%s cannot be replayed: %s", of->id, problem.text);
}

static void
try_end (operator_actor_t *self, const ask_t *ask)
{
    ledger_end (self->world->ledger, ask->subscription);
    ask_of_broker (self,
                   &(input_t){.kind = INPUT_UNSUBSCRIBE, .unsubscribe = {.id = ask->subscription}});
}

//  ---- What is not answered

static size_t
dead_rows (operator_actor_t *self, const char *subscription, int32_t partition,
           exception_at_t rows [ROWS])
{
    const ledger_t *ledger = self->world->ledger;
    store_t *store = broker_actor_store (self->world->broker);
    size_t count = 0;
    for (size_t i = 0; i < ledger->promise_count && count < ROWS; i++) {
        const promise_t *promise = ledger->promises [i];
        if (promise->seq == 0 || promise->partition != partition ||
            !model_find_dead (store, promise->event->id, subscription, &rows [count].exception))
            continue;
        rows [count++].seq = promise->seq;
    }
    return count;
}

static int
compare_rows (const void *a, const void *b)
{
    const exception_at_t *one = a, *other = b;
    return (one->seq > other->seq) - (one->seq < other->seq);
}

static void
redrive (operator_actor_t *self, const ask_t *ask, int32_t partition)
{
    exception_at_t rows [ROWS];
    size_t count = dead_rows (self, ask->subscription, partition, rows);
    size_t room = broker_actor_redrive_room (self->world->broker, ask->subscription, partition);
    qsort (rows, count, sizeof *rows, compare_rows);
    if (count > room)
        count = room;
    for (size_t i = 0; i < count; i++)
        ledger_redriven (self->world->ledger, ask->subscription, partition, rows [i].seq);
    broker_actor_ask (self->world->broker,
                      &(input_t){.kind = INPUT_REDRIVE,
                                 .redrive = {.subscription = ask->subscription,
                                             .partition = partition,
                                             .rows = rows,
                                             .count = count,
                                             .interval_us = ask->interval_us}});
}

static void
discard (operator_actor_t *self, const ask_t *ask, int32_t partition)
{
    exception_at_t rows [ROWS];
    int64_t seqs [ROWS];
    size_t count = dead_rows (self, ask->subscription, partition, rows);
    for (size_t i = 0; i < count; i++) {
        seqs [i] = rows [i].seq;
        ledger_discarded (self->world->ledger, ask->subscription, partition, seqs [i]);
    }
    broker_actor_ask (self->world->broker, &(input_t){.kind = INPUT_DISCARD,
                                                      .discard = {.subscription = ask->subscription,
                                                                  .partition = partition,
                                                                  .seqs = seqs,
                                                                  .count = count}});
}

//  What a client still repeats, or a repeat of it that is still on its way, would be another event once
//  the first has left the log: nobody keeps a log for so short a time.
static bool
may_come_again (const world_t *world, const promise_t *promise)
{
    enum { ON_ITS_WAY_MS = 20000 };
    return world->is_wild && !model_is_notice (promise->event) &&
           (!promise->seq || promise->confirmed_ms > world_now (world) - ON_ITS_WAY_MS);
}

//  The last seq before all that may come again.
static int64_t
settled_seq (const world_t *world, int32_t partition, int64_t seq)
{
    for (size_t i = 0; i < world->ledger->promise_count; i++) {
        const promise_t *promise = world->ledger->promises [i];
        if (!may_come_again (world, promise))
            continue;
        if (!promise->seq)
            return 0;
        if (promise->partition == partition && promise->seq <= seq)
            seq = promise->seq - 1;
    }
    return seq;
}

static void
trim (operator_actor_t *self, const ask_t *ask, int32_t partition)
{
    int64_t up_to_seq = broker_actor_last_seq (self->world->broker, partition) - ask->keep;
    up_to_seq = settled_seq (self->world, partition, up_to_seq);
    if (up_to_seq <= 0)
        return;
    int64_t hard_seq = ask->is_hard ? up_to_seq : 0;
    chronicle_look (self->world->chronicle);
    ledger_trimmed (self->world->ledger, partition, up_to_seq, hard_seq);
    broker_actor_ask (
        self->world->broker,
        &(input_t){.kind = INPUT_TRIM,
                   .trim = {.partition = partition, .up_to_seq = up_to_seq, .hard_seq = hard_seq}});
}

//  What the store shows must be all that the core knows: nothing waits to be written.
static void
try_in_each_partition (operator_actor_t *self, const ask_t *ask,
                       void (*what) (operator_actor_t *, const ask_t *, int32_t))
{
    if (!broker_actor_has_written_all (self->world->broker)) {
        try_again_in (self, WRITING_MS);
        return;
    }
    //  Between two of them there may be something to write: of another partition.
    for (int32_t i = 0; i < broker_actor_partitions (self->world->broker); i++)
        what (self, ask, i);
    forget_first (self);
}

//  The broker checks that it is wanted; here it is only looked at what surely is, or is under way.
static bool
may_cancel (const world_t *world, const asked_t *asked, const promise_t *promise)
{
    const char *id = asked->subscription->id;
    return promise->seq > 0 && !asked->subscription->is_broadcast &&
           model_must_want (world, asked, promise) &&
           broker_actor_can_cancel (world->broker, id, promise->partition, promise->seq);
}

static void
try_cancel (operator_actor_t *self, const ask_t *ask, const asked_t *asked)
{
    const ledger_t *ledger = self->world->ledger;
    for (size_t i = (size_t)ask->first; i < ledger->promise_count; i += (size_t)ask->nth) {
        const promise_t *promise = ledger->promises [i];
        if (!may_cancel (self->world, asked, promise))
            continue;
        world_note (self->world, "%s is cancelled for %s", promise->event->id, ask->subscription);
        ledger_cancelled (self->world->ledger, ask->subscription, promise->partition, promise->seq);
        broker_actor_ask (self->world->broker,
                          &(input_t){.kind = INPUT_CANCEL,
                                     .cancel = {.subscription = ask->subscription,
                                                .partition = promise->partition,
                                                .seq = promise->seq}});
    }
    forget_first (self);
}

static void
try_drain (operator_actor_t *self, const ask_t *ask, bool is_on)
{
    broker_actor_ask (
        self->world->broker,
        &(input_t){.kind = INPUT_DRAIN, .drain = {.name = ask->subscription, .is_on = is_on}});
    forget_first (self);
}

static void
try_kind (operator_actor_t *self, const ask_t *ask)
{
    asked_t *asked = ledger_find (self->world->ledger, ask->subscription);
    bool needs_one = ask->kind != ASK_MAKE && ask->kind != ASK_BROADCAST && ask->kind != ASK_TRIM &&
                     ask->kind != ASK_END && ask->kind != ASK_DRAIN && ask->kind != ASK_UNDRAIN;
    bool may_be_gone = asked && (asked->is_ending || asked->subscription->expires_ms > 0);
    if (needs_one && (!asked || may_be_gone)) {
        forget_first (self);
        return;
    }
    switch (ask->kind) {
        case ASK_MAKE: try_make (self, ask); break;
        case ASK_BROADCAST: try_broadcast (self, ask); break;
        case ASK_PAUSE:
        case ASK_RESUME: try_pause (self, ask, asked->subscription); break;
        case ASK_REPLAY: try_replay (self, ask, asked->subscription); break;
        case ASK_END: try_end (self, ask); break;
        case ASK_REDRIVE: try_in_each_partition (self, ask, redrive); break;
        case ASK_DISCARD: try_in_each_partition (self, ask, discard); break;
        case ASK_CANCEL: try_cancel (self, ask, asked); break;
        case ASK_DRAIN: try_drain (self, ask, true); break;
        case ASK_UNDRAIN: try_drain (self, ask, false); break;
        case ASK_TRIM: try_in_each_partition (self, ask, trim); break;
    }
}

static void
try_first (operator_actor_t *self)
{
    self->request++;
    self->is_asked = false;
    if (broker_actor_is_awake (self->world->broker))
        try_kind (self, &self->wishes->ask);
    else
        try_again_in (self, AGAIN_MS);
}

void
operator_actor_ask (operator_actor_t *self, const ask_t *ask)
{
    wish_t *wish = ALLOCATE (wish_t);
    wish->ask = *ask;
    DL_APPEND (self->wishes, wish);
    if (self->wishes == wish)
        try_first (self);
}

static void
note_made (operator_actor_t *self, const ask_t *ask)
{
    char id [48];
    snprintf (id, sizeof id, "%s", ask->subscription);
    if (ask->kind == ASK_REPLAY)
        replay_id (id, ask);
    int64_t last_seqs [LEDGER_PARTITIONS] = {0};
    for (int32_t i = 0; i < broker_actor_partitions (self->world->broker); i++)
        last_seqs [i] = broker_actor_last_seq (self->world->broker, i);
    ledger_made (self->world->ledger, id, last_seqs);
}

void
operator_actor_hear (operator_actor_t *self, uint64_t request, status_t status)
{
    if (!self->is_asked || request != self->request)
        return;
    const ask_t *ask = &self->wishes->ask;
    self->is_asked = false;
    bool is_gone = status == STATUS_NOT_FOUND;  //  it, or what is to be replayed
    if (status != STATUS_OK && !is_gone) {
        self->request++;
        try_again_in (self, AGAIN_MS);
        return;
    }
    if (!is_gone && (ask->kind == ASK_MAKE || ask->kind == ASK_REPLAY))
        note_made (self, ask);
    self->world->has_broadcast |= ask->kind == ASK_BROADCAST;
    forget_first (self);
}
