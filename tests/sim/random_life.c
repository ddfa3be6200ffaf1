/*  random_life – a world of its own for each seed: who lives in it, what happens, what breaks. */
#include <stdio.h>

#include "tests/sim/net.h"
#include "tests/sim/state.h"
#include "tests/sim/world.h"

enum { SUBSCRIPTIONS_MOST = 4, WORKERS_MOST = 4, TURNS = 60, TURN_MS = 1500 };

static const char *
name (char buffer [32], const char *prefix, int64_t number)
{
    snprintf (buffer, 32, "%s%lld", prefix, (long long)number);
    return buffer;
}

static void
settle_down (world_t *self)
{
    static const char *const kinds [] = {
        "in_flight=1",
        "in_flight=8 order=key",
        "in_flight=4 attempts=3 type=a",
        "order=key attempts=3",
        "type=b",
        "in_flight=2 earliest order=key",
    };
    char buffer [32];
    int64_t subscriptions = 1 + world_number (self, SUBSCRIPTIONS_MOST);
    for (int64_t i = 0; i < subscriptions; i++)
        subscribe (self, name (buffer, "S", i), kinds [world_number (self, 6)]);
    int64_t workers = 1 + world_number (self, WORKERS_MOST);
    for (int64_t i = 0; i < workers; i++)
        start_worker (self, name (buffer, "w", i));
}

static void
publish_some (world_t *self)
{
    char event [32], key [32];
    int64_t count = world_number (self, 6);
    for (int64_t i = 0; i < count; i++)
        publish (self, name (event, world_number (self, 2) ? "a-" : "b-", self->last_event++),
                 name (key, "k", world_number (self, 4)));
}

static void
disturb_workers (world_t *self)
{
    char buffer [32];
    const char *worker = name (buffer, "w", world_number (self, (int64_t)self->worker_count));
    switch (world_number (self, 3)) {
        case 0: kill_worker (self, worker); break;
        case 1: start_worker (self, worker); break;
        case 2: freeze_worker (self, worker, world_number (self, 12000)); break;
    }
}

static void
disturb_broker (world_t *self)
{
    switch (world_number (self, 4)) {
        case 0:
            kill_broker (self);
            elapse (self, world_number (self, 3000));
            start_broker (self);
            break;
        case 1: freeze_broker (self, world_number (self, 8000)); break;
        case 2: fill_disk (self, world_number (self, 6000)); break;
        case 3: spoil_next_commit (self, world_number (self, 2)); break;
    }
}

static void
disturb_others (world_t *self)
{
    char buffer [32];
    if (world_number (self, 2)) {
        if (world_number (self, 2))
            break_connections (self);
        else {
            checker_disturbed (self->checker);
            net_break (self, net_at (self, (size_t)world_number (self, (int64_t)net_count (self))));
        }
        return;
    }
    set_consumer (self, name (buffer, "S", world_number (self, (int64_t)self->mood_count)),
                  (consumer_mood_t)world_number (self, CONSUMER_FLAPS + 1));
}

void
random_life (world_t *self)
{
    settle_down (self);
    self->is_wild = true;
    for (int turn = 0; turn < TURNS && self->is_sound; turn++) {
        publish_some (self);
        switch (world_number (self, 5)) {
            case 0: disturb_workers (self); break;
            case 1: disturb_broker (self); break;
            case 2: disturb_others (self); break;
        }
        elapse (self, world_number (self, TURN_MS));
    }
    calm (self);
}
