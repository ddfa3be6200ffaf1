/*  life_draw – a life of its own for each seed: who lives in it, what happens, what breaks. */
#include "broker/core/random.h"
#include "tests/sim/life.h"

enum { SUBSCRIPTIONS_MOST = 4, WORKERS_MOST = 4, TURNS = 60, TURN_MS = 1500, KEYS = 4, LINES = 16 };

//  What a life is drawn from.
typedef struct {
    random_t random;
    life_t *life;
    int subscriptions, workers, events;
} pencil_t;

static int
number (pencil_t *self, int below)
{
    return (int)(random_next (&self->random) % (uint64_t)below);
}

#define DRAW(self, ...) life_add ((self)->life, &(deed_t){__VA_ARGS__})

static void
draw_subscription (pencil_t *self)
{
    static const char *const kinds [] = {
        "in_flight=1",
        "in_flight=8 order=key",
        "in_flight=4 attempts=3 type=a",
        "order=key attempts=3",
        "type=b",
        "in_flight=2 earliest order=key",
    };
    DRAW (self, .kind = DEED_SUBSCRIBE, .subject = self->subscriptions++,
          .words = kinds [number (self, (int)(sizeof kinds / sizeof *kinds))]);
}

static void
draw_inhabitants (pencil_t *self)
{
    for (int left = 1 + number (self, SUBSCRIPTIONS_MOST); left > 0; left--)
        draw_subscription (self);
    for (int left = 1 + number (self, WORKERS_MOST); left > 0; left--)
        DRAW (self, .kind = DEED_START_WORKER, .subject = self->workers++);
}

static void
draw_events (pencil_t *self)
{
    static const char *const keys [KEYS] = {"k0", "k1", "k2", "k3"};
    for (int left = number (self, 6); left > 0; left--)
        DRAW (self, .kind = DEED_PUBLISH, .subject = self->events++, .choice = number (self, 2),
              .words = keys [number (self, KEYS)]);
}

static void
disturb_workers (pencil_t *self)
{
    int worker = number (self, self->workers);
    switch (number (self, 3)) {
        case 0: DRAW (self, .kind = DEED_KILL_WORKER, .subject = worker); break;
        case 1: DRAW (self, .kind = DEED_START_WORKER, .subject = worker); break;
        case 2:
            DRAW (self, .kind = DEED_FREEZE_WORKER, .subject = worker,
                  .for_ms = number (self, 12000));
            break;
    }
}

static void
disturb_broker (pencil_t *self)
{
    switch (number (self, 4)) {
        case 0:
            DRAW (self, .kind = DEED_KILL_BROKER, .then_ms = number (self, 3000));
            DRAW (self, .kind = DEED_START_BROKER);
            break;
        case 1: DRAW (self, .kind = DEED_FREEZE_BROKER, .for_ms = number (self, 8000)); break;
        case 2: DRAW (self, .kind = DEED_FILL_DISK, .for_ms = number (self, 6000)); break;
        case 3: DRAW (self, .kind = DEED_SPOIL_COMMIT, .choice = number (self, 2)); break;
    }
}

static void
disturb_others (pencil_t *self)
{
    static const char *const moods [] = {
#define MOOD(name, text) [CONSUMER_##name] = (text),
#include "tests/sim/mood.tbl"
    };
    int mood = number (self, CONSUMER_MOODS);
    switch (number (self, 4)) {
        case 0: DRAW (self, .kind = DEED_BREAK_ALL); break;
        case 1: DRAW (self, .kind = DEED_BREAK_ONE, .subject = number (self, LINES)); break;
        default:
            DRAW (self, .kind = DEED_SET_CONSUMER, .subject = number (self, self->subscriptions),
                  .choice = mood, .words = moods [mood]);
    }
}

life_t *
life_draw (uint64_t seed)
{
    pencil_t pencil = {.random.state = seed, .life = life_new ()};
    random_next (&pencil.random);  //  the world begins with the same seed
    draw_inhabitants (&pencil);
    for (int turn = 0; turn < TURNS; turn++) {
        draw_events (&pencil);
        switch (number (&pencil, 5)) {
            case 0: disturb_workers (&pencil); break;
            case 1: disturb_broker (&pencil); break;
            case 2: disturb_others (&pencil); break;
        }
        DRAW (&pencil, .kind = DEED_REST, .then_ms = number (&pencil, TURN_MS));
    }
    return pencil.life;
}
