#include "tests/sim/worker_actor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/consumer.h"
#include "tests/sim/net.h"
#include "tests/sim/results.h"
#include "tests/sim/state.h"
#include "worker/session.h"

enum { SUPERVISED_MS = 1000 };

//  An attempt under way at a consumer: at one event, or at the events of a batch.
typedef struct attempt {
    worker_actor_t *worker;
    uint64_t life;
    holding_t *holding;
    char subscription [32];
    event_t **events;            //  ours
    consumer_answer_t *answers;  //  ours: for each event
    size_t count;
    int64_t begun_ms, after_ms;
    bool is_leased;  //  on the broker, when it began
    bool murders;    //  one of the answers does
    bool is_over;    //  its consumer has answered; its worker, which is frozen, has not seen it yet
    bool is_cancelled;
    struct attempt *prev, *next;
} attempting_t;

typedef struct inmail {
    message_t message;
    struct inmail *prev, *next;
} inmail_t;

struct worker_actor {
    world_t *world;
    char name [16];
    const char *actions [2];
    const char *labels [2];  //  of this life
    size_t label_count;
    luggage_t luggage;          //  likewise
    worker_session_t *session;  //  NULL while it is down
    line_t *line;
    uint64_t welcomed;  //  the broker's number of its session
    uint64_t life;
    int64_t own_capacity, capacity;  //  as it is set up; as its broker wants it
    int64_t frozen_until_ms;
    int64_t tick_ms;
    inmail_t *inbox;
    attempting_t *attempts;
};

static void drain (worker_actor_t *self);

worker_actor_t *
worker_actor_new (world_t *world, const char *name)
{
    worker_actor_t *self = ALLOCATE (worker_actor_t);
    self->world = world;
    snprintf (self->name, sizeof self->name, "%s", name);
    self->actions [0] = "webhook";
    self->actions [1] = "exec";
    return self;
}

const char *
worker_actor_name (const worker_actor_t *self)
{
    return self->name;
}

bool
worker_actor_is_up (const worker_actor_t *self)
{
    return self->session != NULL;
}

bool
worker_actor_is_frozen (const worker_actor_t *self)
{
    return world_now (self->world) < self->frozen_until_ms;
}

bool
worker_actor_is_idle (const worker_actor_t *self)
{
    return !worker_actor_is_frozen (self) && !self->attempts;
}

//  Also what had come while it was frozen.
static void
take_in (worker_actor_t *self, message_t *message)
{
    if (message->command == COMMAND_WELCOME)
        self->capacity = message->capacity > 0 ? message->capacity : self->own_capacity;
    worker_session_hear (self->session, message, world_now (self->world));
    drain (self);
}

static void
hear (void *client, message_t *message)
{
    worker_actor_t *self = client;
    if (!self->session) {
        message_clear (message);
        return;
    }
    if (message->command == COMMAND_WELCOME)
        self->welcomed = message->session;
    if (worker_actor_is_frozen (self)) {
        inmail_t *mail = ALLOCATE (inmail_t);
        mail->message = *message;
        *message = (message_t){0};
        DL_APPEND (self->inbox, mail);
        return;
    }
    take_in (self, message);
}

static void
forget (worker_actor_t *self, attempting_t *attempt)
{
    DL_DELETE (self->attempts, attempt);
    for (size_t i = 0; i < attempt->count; i++)
        event_destroy (&attempt->events [i]);
    free ((void *)attempt->events);
    free (attempt->answers);
    free (attempt);
}

static void
be_supervised (void *actor, uint64_t life, void *load)
{
    (void)load;
    worker_actor_t *self = actor;
    if (life == self->life)
        worker_actor_start (self);
}

//  What it was at work on takes it along; it is started again, as by systemd.
static void
be_murdered (worker_actor_t *self)
{
    world_note (self->world, "%s is murdered", self->name);
    worker_actor_kill (self);
    schedule_at (self->world->schedule, world_now (self->world) + SUPERVISED_MS, be_supervised,
                 self, self->life, NULL, NULL);
}

//  What the consumer said of each event, which the checker hears too. free () it.
static settlement_t *
settle (worker_actor_t *self, const attempting_t *attempt)
{
    settlement_t *settlements = allocate (attempt->count, sizeof *settlements + RESULTS_WORD);
    char *word = (char *)(settlements + attempt->count);
    for (size_t i = 0; i < attempt->count; i++) {
        const consumer_answer_t *answer = &attempt->answers [i];
        word += i > 0 ? RESULTS_WORD : 0;
        bool is_asked = attempt->events [i]->phase == PHASE_PRE;
        if (is_asked)
            questions_word (attempt->subscription, attempt->events [i], word);
        else
            results_word (attempt->events [i], word);
        settlements [i] = (settlement_t){.outcome = answer->outcome,
                                         .disables = answer->disables,
                                         .retry_after_ms = answer->retry_after_ms,
                                         .time_ms = attempt->begun_ms,
                                         .duration_ms = world_now (self->world) - attempt->begun_ms,
                                         .http_status = answer->http_status,
                                         .error = "",
                                         .result = answer->outcome == OUTCOME_OK ? word : "",
                                         .counted = attempt->events [i]->id,
                                         .counts = true};
        if (is_asked)
            questions_answered (self->world->questions, attempt->subscription, attempt->events [i]);
        else
            checker_answered (self->world->checker, attempt->subscription, attempt->events [i],
                              answer->outcome, attempt->is_leased ? attempt->begun_ms : 0);
    }
    return settlements;
}

static void
finish (void *actor, uint64_t life, void *load)
{
    worker_actor_t *self = actor;
    attempting_t *attempt = load;
    if (life != self->life)
        return;  //  freed when the worker died
    if (worker_actor_is_frozen (self)) {
        attempt->is_over = true;
        schedule_at (self->world->schedule, self->frozen_until_ms, finish, self, life, load, NULL);
        return;
    }
    holding_t *holding = attempt->holding;
    if (attempt->murders && !self->world->is_calm) {
        be_murdered (self);
        return;
    }
    settlement_t *settlements = settle (self, attempt);
    bool is_cut_off =
        attempt->is_cancelled && !attempt->is_over && world_number (self->world, 2) == 0;
    worker_session_finish (self->session, holding, is_cut_off ? NULL : settlements,
                           world_now (self->world));
    forget (self, attempt);  //  last: what was settled names its events
    free (settlements);
    drain (self);
}

//  The consumer answers for each event, when it is through with all.
static void
begin_one (worker_actor_t *self, attempting_t *attempt, const delivery_t *delivery,
           int64_t timeout_ms)
{
    event_t *event = event_ref (delivery->event);
    world_note (self->world, "%s begins %s for %s, lease %llu, attempt %d", self->name, event->id,
                attempt->subscription, (unsigned long long)delivery->lease, delivery->attempt);
    if (event->phase == PHASE_POST)
        checker_begun (self->world->checker, attempt->subscription, event, attempt->is_leased);
    consumer_answer_t answer =
        consumer_answer (self->world, attempt->subscription, event, timeout_ms);
    if (attempt->after_ms < answer.after_ms)
        attempt->after_ms = answer.after_ms;
    attempt->murders |= answer.murders;
    attempt->events [attempt->count] = event;
    attempt->answers [attempt->count++] = answer;
}

static void
begin (worker_actor_t *self, const worker_effect_t *effect)
{
    attempting_t *attempt = ALLOCATE (attempting_t);
    attempt->worker = self;
    attempt->holding = effect->holding;
    attempt->begun_ms = world_now (self->world);
    attempt->events = (event_t **)allocate (effect->delivery_count, sizeof *attempt->events);
    attempt->answers = allocate (effect->delivery_count, sizeof *attempt->answers);
    attempt->is_leased = broker_actor_has_session (self->world->broker, self->welcomed);
    snprintf (attempt->subscription, sizeof attempt->subscription, "%s",
              effect->target->subscription);
    int64_t under_way;
    const attempting_t *other;
    DL_COUNT (self->attempts, other, under_way);
    if (under_way >= self->capacity)
        world_fail (self->world, "%s begins one more than %lld", self->name,
                    (long long)self->capacity);
    DL_APPEND (self->attempts, attempt);
    for (size_t i = 0; i < effect->delivery_count; i++)
        begin_one (self, attempt, effect->deliveries ? effect->deliveries [i] : effect->delivery,
                   effect->target->timeout_ms);
    if (world_number (self->world, 4) == 0)
        worker_session_progress (self->session, attempt->holding, 50, "half of it",
                                 attempt->begun_ms);
    schedule_at (self->world->schedule, attempt->begun_ms + attempt->after_ms, finish, self,
                 self->life, attempt, NULL);
}

static void
cancel (worker_actor_t *self, const holding_t *holding)
{
    attempting_t *attempt;
    DL_FOREACH (self->attempts, attempt)
    {
        if (attempt->holding == holding)
            attempt->is_cancelled = true;
    }
}

static void
tick (void *actor, uint64_t life, void *load)
{
    (void)load;
    worker_actor_t *self = actor;
    if (life != self->life)
        return;
    self->tick_ms = INT64_MAX;
    if (!worker_actor_is_frozen (self))
        worker_session_tick (self->session, world_now (self->world));
    drain (self);
}

static void
plan_tick (worker_actor_t *self)
{
    int64_t at_ms = worker_session_deadline (self->session);
    if (at_ms == INT64_MAX)
        return;
    if (at_ms < world_now (self->world) + 1)
        at_ms = world_now (self->world) + 1;
    if (at_ms < self->frozen_until_ms)
        at_ms = self->frozen_until_ms;
    if (at_ms >= self->tick_ms)
        return;
    self->tick_ms = at_ms;
    schedule_at (self->world->schedule, at_ms, tick, self, self->life, NULL, NULL);
}

static void
drain (worker_actor_t *self)
{
    worker_effect_t effect;
    while (!worker_actor_is_frozen (self) && worker_session_take (self->session, &effect)) {
        switch (effect.kind) {
            case WORKER_SEND: net_send_to_broker (self->world, self->line, effect.message); break;
            case WORKER_BEGIN: begin (self, &effect); break;
            case WORKER_CANCEL: cancel (self, effect.holding); break;
            case WORKER_CONNECT:
                world_note (self->world, "%s connects anew", self->name);
                checker_disturbed (self->world->checker);
                net_hang_up (self->world, self->line);
                self->line = net_dial (self->world, self, hear);
                break;
        }
    }
    plan_tick (self);
}

//  Another one in each life, and of each worker.
static uint64_t
instance_of (const worker_actor_t *self)
{
    return (uint64_t)(unsigned char)self->name [1] << 32 | (self->life + 1);
}

//  They come when nothing goes wrong any more.
static bool
is_last_resort (const worker_actor_t *self)
{
    return strcmp (self->name, WORLD_EU) == 0 || strcmp (self->name, WORLD_US) == 0;
}

//  Some, in a random life. WORLD_EU and WORLD_US between them have all that is wanted.
static void
draw_labels (worker_actor_t *self)
{
    static const char *const regions [] = {"region=eu", "region=us"};
    self->label_count = 0;
    if (!self->world->is_wild)
        return;
    bool is_us = strcmp (self->name, WORLD_US) == 0;
    bool has_all = is_last_resort (self);
    int64_t drawn = world_number (self->world, 6);
    if (has_all || drawn < 4)
        self->labels [self->label_count++] = regions [has_all ? is_us : drawn % 2];
    if (has_all || drawn % 3 == 0)
        self->labels [self->label_count++] = "tier=fast";
}

void
worker_actor_start (worker_actor_t *self)
{
    if (self->session)
        return;
    world_note (self->world, "%s starts", self->name);
    self->own_capacity = self->capacity = 4 + world_number (self->world, 12);
    draw_labels (self);
    luggage_clear (&self->luggage);
    if (!is_last_resort (self))
        luggage_pack (&self->luggage, self->world);
    worker_session_settings_t settings = {.name = self->name,
                                          .version = "sim",
                                          .actions = self->actions,
                                          .action_count = 2,
                                          .labels = self->labels,
                                          .label_count = self->label_count,
                                          .subscriptions =
                                              (const char *const *)self->luggage.documents,
                                          .subscription_count = self->luggage.count,
                                          .capacity = self->own_capacity,
                                          .capacity_bytes = 1 << 20,
                                          .limits = &self->world->limits,
                                          .seed = random_next (&self->world->random),
                                          .instance = instance_of (self)};
    self->life++;
    self->frozen_until_ms = 0;
    self->tick_ms = INT64_MAX;
    self->session = worker_session_new (&settings, world_now (self->world));
    self->line = net_dial (self->world, self, hear);
    drain (self);
}

static void
forget_inbox (worker_actor_t *self)
{
    inmail_t *mail, *next;
    DL_FOREACH_SAFE (self->inbox, mail, next)
    {
        message_clear (&mail->message);
        free (mail);
    }
    self->inbox = NULL;
}

//  Its memory goes; consumers that were called may or may not answer, nobody hears it.
static void
die (worker_actor_t *self)
{
    self->life++;
    attempting_t *attempt, *next;
    DL_FOREACH_SAFE (self->attempts, attempt, next)
    {
        holding_t *holding = attempt->holding;
        for (size_t i = 0; i < attempt->count; i++)
            if (attempt->answers [i].outcome == OUTCOME_OK &&
                attempt->events [i]->phase == PHASE_POST)
                checker_answered (self->world->checker, attempt->subscription, attempt->events [i],
                                  OUTCOME_OK, attempt->is_leased ? attempt->begun_ms : 0);
        forget (self, attempt);
        worker_session_finish (self->session, holding, NULL, world_now (self->world));
    }
    worker_effect_t effect;
    while (worker_session_take (self->session, &effect))
        if (effect.kind == WORKER_BEGIN)
            worker_session_finish (self->session, effect.holding, NULL, world_now (self->world));
    worker_session_destroy (&self->session);
    forget_inbox (self);
}

void
worker_actor_kill (worker_actor_t *self)
{
    if (!self->session)
        return;
    world_note (self->world, "%s is killed", self->name);
    checker_disturbed (self->world->checker);
    net_hang_up (self->world, self->line);
    die (self);
}

static void
thaw (void *actor, uint64_t life, void *load)
{
    (void)load;
    worker_actor_t *self = actor;
    if (life != self->life || worker_actor_is_frozen (self))
        return;
    checker_disturbed (self->world->checker);
    inmail_t *mail, *next;
    DL_FOREACH_SAFE (self->inbox, mail, next)
    {
        DL_DELETE (self->inbox, mail);
        take_in (self, &mail->message);
        free (mail);
    }
}

void
worker_actor_freeze (worker_actor_t *self, int64_t for_ms)
{
    if (!self->session)
        return;
    world_note (self->world, "%s freezes for %lld ms", self->name, (long long)for_ms);
    checker_disturbed (self->world->checker);
    self->frozen_until_ms = world_now (self->world) + for_ms;
    schedule_at (self->world->schedule, self->frozen_until_ms, thaw, self, self->life, NULL, NULL);
}

void
worker_actor_destroy (worker_actor_t **self_p)
{
    worker_actor_t *self = *self_p;
    if (!self)
        return;
    if (self->session)
        die (self);
    luggage_clear (&self->luggage);
    free (self);
    *self_p = NULL;
}
