#include "tests/sim/listener_actor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/listener_judge.h"
#include "tests/sim/net.h"
#include "tests/sim/state.h"
#include "worker/feed/feeds.h"
#include "worker/session.h"

enum { PERFORMED_MS = 30, WRITTEN_MS = 700, LATENCY_MS = 10, FAILS_ONE_IN = 12 };

//  An event on its way to be done.
typedef struct run {
    const delivery_t *delivery;
    struct run *prev, *next;
} doing_t;

struct listener_actor {
    world_t *world;
    char name [16], subscription [16];
    const char *actions [1];
    worker_session_t *session;  //  NULL while it is down
    feeds_t *feeds;
    places_t *places;
    line_t *line;
    uint64_t life;
    bool is_wanted;        //  its socket listens to the subscription
    int64_t last_feed_ms;  //  arrival of the last one: they come in order
    int64_t tick_ms;
    doing_t *doings;
    char *written;       //  its places as they are on its disk; NULL: nothing yet
    int64_t log_begins;  //  with this seq, as the last PAGE said
    listener_judge_t *judge;
};

static void drain (listener_actor_t *self);

listener_actor_t *
listener_actor_new (world_t *world, const char *name, const char *subscription)
{
    listener_actor_t *self = ALLOCATE (listener_actor_t);
    self->world = world;
    snprintf (self->name, sizeof self->name, "%s", name);
    snprintf (self->subscription, sizeof self->subscription, "%s", subscription);
    self->actions [0] = "cache";
    self->judge = listener_judge_new (world, name, "a");
    return self;
}

const char *
listener_actor_name (const listener_actor_t *self)
{
    return self->name;
}

size_t
listener_actor_performed (const listener_actor_t *self)
{
    return listener_judge_count (self->judge);
}

bool
listener_actor_is_level (const listener_actor_t *self)
{
    return listener_judge_is_level (self->judge);
}

//  ---- its work

static void
finish (void *actor, uint64_t life, void *load)
{
    listener_actor_t *self = actor;
    doing_t *doing = load;
    if (life != self->life)
        return;  //  freed when it died
    const delivery_t *delivery = doing->delivery;
    bool fails = !self->world->is_calm && world_number (self->world, FAILS_ONE_IN) == 0;
    DL_DELETE (self->doings, doing);
    free (doing);
    if (!fails)
        listener_judge_performed (self->judge, delivery->event);
    feeds_finish (self->feeds, delivery,
                  &(settlement_t){.outcome = fails ? OUTCOME_RETRY : OUTCOME_OK, .error = ""},
                  world_now (self->world));
    drain (self);
}

static void
begin (listener_actor_t *self, const delivery_t *delivery)
{
    doing_t *doing = ALLOCATE (doing_t);
    doing->delivery = delivery;
    DL_APPEND (self->doings, doing);
    schedule_at (self->world->schedule,
                 world_now (self->world) + world_number (self->world, PERFORMED_MS), finish, self,
                 self->life, doing, NULL);
}

//  Where it stands in a partition; -1: nowhere yet.
static int64_t
place_in (const listener_actor_t *self, int32_t partition)
{
    int64_t seq;
    return places_find (self->places, self->subscription, WORLD_BROADCAST_MS, partition, &seq) ? seq
                                                                                               : -1;
}

static void
note_beginnings (listener_actor_t *self)
{
    for (int32_t i = 0; i < broker_actor_partitions (self->world->broker); i++)
        if (place_in (self, i) >= 0)
            listener_judge_begins (self->judge, i, place_in (self, i));
}

//  As its disk has it now and then.
static void
write_places (void *actor, uint64_t life, void *load)
{
    (void)load;
    listener_actor_t *self = actor;
    if (life != self->life)
        return;
    note_beginnings (self);
    for (int32_t i = 0; i < broker_actor_partitions (self->world->broker); i++)
        if (place_in (self, i) >= 0)
            listener_judge_writes (self->judge, i, place_in (self, i));
    free (self->written);
    self->written = places_text (self->places);
    schedule_at (self->world->schedule, world_now (self->world) + WRITTEN_MS, write_places, self,
                 life, NULL, NULL);
}

//  ---- what it hears

static void
hear (void *client, message_t *message)
{
    listener_actor_t *self = client;
    if (self->session) {
        if (message->command == COMMAND_PAGE)
            self->log_begins = message->first;
        feeds_hear (self->feeds, message, world_now (self->world));
        worker_session_hear (self->session, message, world_now (self->world));
        drain (self);
    }
    message_clear (message);
}

typedef struct {
    uint8_t *body;
    size_t size;
} told_t;

static void
told_free (void *load)
{
    told_t *told = load;
    free (told->body);
    free (told);
}

static void
hear_feed (void *actor, uint64_t life, void *load)
{
    listener_actor_t *self = actor;
    told_t *told = load;
    message_t message = {0};
    problem_t problem;
    const uint8_t head [] = {WIRE_VERSION, COMMAND_FEED};
    if (life == self->life && self->is_wanted &&
        message_decode (&message, head, sizeof head, told->body, told->size, &self->world->limits,
                        &problem) == STATUS_OK) {
        feeds_hear (self->feeds, &message, world_now (self->world));
        message_clear (&message);
        drain (self);
    }
    told_free (told);
}

void
listener_actor_feed (listener_actor_t *self, const message_t *message)
{
    if (!self->session || !self->is_wanted)
        return;
    told_t *told = ALLOCATE (told_t);
    message_encode (message, &told->body, &told->size);
    int64_t at_ms = world_now (self->world) + world_number (self->world, LATENCY_MS);
    if (at_ms < self->last_feed_ms)
        at_ms = self->last_feed_ms;
    self->last_feed_ms = at_ms;
    schedule_at (self->world->schedule, at_ms, hear_feed, self, self->life, told, told_free);
}

//  ---- what it does

static void
tick (void *actor, uint64_t life, void *load)
{
    (void)load;
    listener_actor_t *self = actor;
    if (life != self->life)
        return;
    self->tick_ms = INT64_MAX;
    worker_session_tick (self->session, world_now (self->world));
    feeds_tick (self->feeds, world_now (self->world));
    drain (self);
}

static void
plan_tick (listener_actor_t *self)
{
    int64_t at_ms = worker_session_deadline (self->session);
    if (feeds_deadline (self->feeds) < at_ms)
        at_ms = feeds_deadline (self->feeds);
    if (at_ms == INT64_MAX)
        return;
    if (at_ms < world_now (self->world) + 1)
        at_ms = world_now (self->world) + 1;
    if (at_ms >= self->tick_ms)
        return;
    self->tick_ms = at_ms;
    schedule_at (self->world->schedule, at_ms, tick, self, self->life, NULL, NULL);
}

static void
drain_session (listener_actor_t *self)
{
    worker_effect_t effect;
    while (worker_session_take (self->session, &effect)) {
        if (effect.kind == WORKER_SEND)
            net_send_to_broker (self->world, self->line, effect.message);
        else if (effect.kind == WORKER_CONNECT) {
            net_hang_up (self->world, self->line);
            self->line = net_dial (self->world, self, hear);
        }
        else
            world_fail (self->world, "%s was given a delivery", self->name);
    }
    feeds_in_session (self->feeds, worker_session_id (self->session),
                      worker_session_heartbeat_ms (self->session), world_now (self->world));
}

static void
perform (listener_actor_t *self, const feeds_effect_t *effect)
{
    switch (effect->kind) {
        case FEEDS_SEND: net_send_to_broker (self->world, self->line, effect->message); break;
        case FEEDS_CONNECT: self->is_wanted = false; break;
        case FEEDS_WANT: self->is_wanted = true; break;
        case FEEDS_LEAVE: self->is_wanted = false; break;
        case FEEDS_BEGIN: begin (self, effect->delivery); break;
        case FEEDS_MISSED:
            listener_judge_missed (self->judge, effect->partition,
                                   self->log_begins - 1 - effect->seqs, self->log_begins);
            break;
        case FEEDS_GIVEN_UP:
        case FEEDS_REWOUND:
        case FEEDS_UNKNOWN:
            world_fail (self->world, "%s lost something of %s: %d", self->name,
                        effect->subscription, (int)effect->kind);
            break;
    }
}

static void
drain (listener_actor_t *self)
{
    feeds_effect_t effect;
    drain_session (self);
    while (feeds_take (self->feeds, &effect))
        perform (self, &effect);
    drain_session (self);
    note_beginnings (self);
    plan_tick (self);
}

void
listener_actor_start (listener_actor_t *self)
{
    if (self->session)
        return;
    world_t *world = self->world;
    world_note (world, "%s starts", self->name);
    problem_t problem;
    self->life++;
    self->tick_ms = INT64_MAX;
    self->is_wanted = false;
    self->last_feed_ms = 0;
    self->places = places_new ();
    if (self->written &&
        places_read (self->places, self->written, strlen (self->written), &problem))
        world_fail (world, "%s cannot read what it wrote: %s", self->name, problem.text);
    for (int32_t i = 0; i < broker_actor_partitions (world->broker); i++)
        listener_judge_starts (self->judge, i, place_in (self, i));
    self->feeds =
        feeds_new (&(feeds_settings_t){.limits = &world->limits,
                                       .places = self->places,
                                       .events_most = (size_t)(4 + world_number (world, 28)),
                                       .bytes_most = 4000,
                                       .runs_most = 2,
                                       .seed = random_next (&world->random)},
                   world_now (world));
    self->session =
        worker_session_new (&(worker_session_settings_t){.name = self->name,
                                                         .version = "sim",
                                                         .actions = self->actions,
                                                         .action_count = 1,
                                                         .capacity = 4,
                                                         .capacity_bytes = 1 << 20,
                                                         .limits = &world->limits,
                                                         .seed = random_next (&world->random)},
                            world_now (world));
    self->line = net_dial (world, self, hear);
    drain (self);
    write_places (self, self->life, NULL);
}

static void
die (listener_actor_t *self)
{
    self->life++;
    doing_t *doing, *next;
    DL_FOREACH_SAFE (self->doings, doing, next)
    {
        feeds_finish (self->feeds, doing->delivery, NULL, world_now (self->world));
        free (doing);
    }
    self->doings = NULL;
    worker_session_destroy (&self->session);
    feeds_destroy (&self->feeds);
    places_destroy (&self->places);
}

void
listener_actor_kill (listener_actor_t *self)
{
    if (!self->session)
        return;
    world_note (self->world, "%s is killed", self->name);
    checker_disturbed (self->world->checker);
    net_hang_up (self->world, self->line);
    die (self);
}

void
listener_actor_destroy (listener_actor_t **self_p)
{
    listener_actor_t *self = *self_p;
    if (!self)
        return;
    if (self->session)
        die (self);
    listener_judge_destroy (&self->judge);
    free (self->written);
    free (self);
    *self_p = NULL;
}
