/*  life_draw – a life of its own for each seed: who lives in it, what happens, what breaks. */
#include "proto/model/random.h"
#include "tests/sim/life.h"
#include "tests/sim/luggage.h"

enum {
    SUBSCRIPTIONS_MOST = 5,
    WORKERS_MOST = 4,
    TURNS = 40,
    TURN_MS = 1500,
    CATCHING_UP_MS = 400,
    AWAY_MS = 10000,
    KEYS = 8,
    LINES = 16
};

//  What a life is drawn from.
typedef struct {
    random_t random;
    life_t *life;
    int subscriptions, workers, brought, listeners, events, replays;
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
        "type=b keep=failures",
        "in_flight=2 earliest order=key keep=none",
        "rate=4 burst=3",
        "rate=2 order=key",
        "failures=3 attempts=8",
        "failures=2 order=key probe=500 probe_most=4000",
        "failures=5 in_flight=16 adaptive",
        "ttl=8000 attempts=4 schedule=100,1000,3000",
        "ttl=20000 order=key failures=3",
        "attempts=2 least=1 most=50 in_flight=20",
        "adaptive in_flight=64 order=key",
        "expires=30000",
        "type=tocsin.** attempts=5",
        "seq=5 order=key attempts=6",
        "disable=9000 failures=4",
        "batch=5 wait=2000",
        "batch=20 wait=500 in_flight=2 order=key",
        "batch=3 wait=0 failures=2 rate=2 burst=2",
        "batch=8 wait=4000 attempts=4 schedule=100,1000,3000 adaptive in_flight=16",
        "batch=4 wait=1000 ttl=8000 failures=3",
        "coalesce=key window=3000",
        "coalesce=key window=8000 burst_most=4 order=key",
        "coalesce=key window=2000 coalesced=all burst_most=10",
        "coalesce=key window=1500 batch=4 wait=1000 attempts=4 type=a",
        "coalesce=subject window=2500 ttl=20000 failures=2 keep=none",
        "coalesce=key window=20000 earliest order=key in_flight=2",
        "region=eu in_flight=4 attempts=4",
        "region=us order=key attempts=6",
        "region=eu tier=fast batch=4 wait=1000 type=a",
        "tier=fast action=exec type=a emit=c failures=3 attempts=8 probe=500 probe_most=4000",
        "type=a emit=c",
        "action=exec nowhere type=b emit=b attempts=3",
        "action=exec type=a order=key",
        "action=exec type=a emit=c failures=3 attempts=8 probe=500 probe_most=4000",
        "type=c order=key attempts=6",
    };
    DRAW (self, .kind = DEED_SUBSCRIBE, .subject = self->subscriptions++,
          .words = kinds [number (self, (int)(sizeof kinds / sizeof *kinds))]);
}

//  Each has its own, since one that is asked takes no events, whatever becomes of it.
static void
draw_asked (pencil_t *self)
{
    static const char *const kinds [] = {
        "phase=pre",
        "phase=pre silence=deny within=700",
        "phase=pre silence=deny action=exec nowhere",
        "phase=pre within=100",
    };
    for (int which = number (self, 4); which > 0; which--)
        DRAW (self, .kind = DEED_BE_ASKED, .subject = which,
              .words = kinds [number (self, (int)(sizeof kinds / sizeof *kinds))]);
}

//  In one life of three.
static void
draw_luggage (pencil_t *self)
{
    static const char *const kinds [] = {
        "in_flight=4",
        "type=a in_flight=8 order=key",
        "type=b in_flight=1 keep=none",
        "type=a rate=6 burst=3",
        "failures=4 keep=failures",
        "type=b batch=5 wait=1000 order=key",
        "coalesce=key window=1500",
    };
    if (number (self, 3) > 0)
        return;
    for (int left = 1 + number (self, LUGGAGE_MOST); left > 0; left--)
        DRAW (self, .kind = DEED_BRING, .subject = self->brought++,
              .words = kinds [number (self, (int)(sizeof kinds / sizeof *kinds))]);
}

//  In one life of four.
static void
draw_listeners (pencil_t *self)
{
    if (number (self, 4) > 0)
        return;
    DRAW (self, .kind = DEED_BROADCAST);
    for (int left = 2 + number (self, 2); left > 0; left--)
        DRAW (self, .kind = DEED_START_LISTENER, .subject = self->listeners++);
}

static void
draw_inhabitants (pencil_t *self)
{
    draw_asked (self);
    for (int left = 1 + number (self, SUBSCRIPTIONS_MOST); left > 0; left--)
        draw_subscription (self);
    draw_luggage (self);
    for (int left = 1 + number (self, WORKERS_MOST); left > 0; left--)
        DRAW (self, .kind = DEED_START_WORKER, .subject = self->workers++);
    draw_listeners (self);
}

static void
draw_events (pencil_t *self)
{
    static const char *const keys [KEYS] = {"k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"};
    for (int left = number (self, 6); left > 0; left--)
        DRAW (self, .kind = DEED_PUBLISH, .subject = self->events++, .choice = number (self, 2),
              .words = keys [number (self, KEYS)]);
}

static void
disturb_workers (pencil_t *self)
{
    int worker = number (self, self->workers);
    switch (number (self, 6)) {
        case 0: DRAW (self, .kind = DEED_KILL_WORKER, .subject = worker); break;
        case 1: DRAW (self, .kind = DEED_START_WORKER, .subject = worker); break;
        case 2:
            DRAW (self, .kind = DEED_FREEZE_WORKER, .subject = worker,
                  .for_ms = number (self, 12000));
            break;
        case 3: DRAW (self, .kind = DEED_DRAIN_WORKER, .subject = worker); break;
        case 4: DRAW (self, .kind = DEED_UNDRAIN_WORKER, .subject = worker); break;
        case 5:
            DRAW (self, .kind = DEED_RESIZE_WORKER, .subject = number (self, LINES),
                  .choice = number (self, 20));
            break;
    }
}

//  Who brought something leaves, for a while or longer than it is waited for; who comes has other things.
static void
disturb_luggage (pencil_t *self)
{
    if (self->brought == 0)
        return;
    int worker = number (self, self->workers);
    switch (number (self, 5)) {
        case 0: DRAW (self, .kind = DEED_DISMISS, .subject = number (self, self->brought)); break;
        case 1:
            for (int i = 0; i < self->workers; i++)
                DRAW (self, .kind = DEED_KILL_WORKER, .subject = i);
            DRAW (self, .kind = DEED_REST, .then_ms = number (self, AWAY_MS));
            DRAW (self, .kind = DEED_START_WORKER, .subject = worker);
            break;
        default:
            DRAW (self, .kind = DEED_KILL_WORKER, .subject = worker,
                  .then_ms = number (self, TURN_MS));
            DRAW (self, .kind = DEED_START_WORKER, .subject = worker);
            break;
    }
}

static void
disturb_listeners (pencil_t *self)
{
    if (self->listeners == 0)
        return;
    int listener = number (self, self->listeners);
    switch (number (self, 4)) {
        case 0:
        case 1: DRAW (self, .kind = DEED_KILL_LISTENER, .subject = listener); break;
        case 2: DRAW (self, .kind = DEED_START_LISTENER, .subject = listener); break;
        case 3:  //  the log goes while it is being read
            DRAW (self, .kind = DEED_START_LISTENER, .subject = listener,
                  .then_ms = number (self, CATCHING_UP_MS));
            DRAW (self, .kind = DEED_TRIM, .subject = number (self, 50),
                  .choice = number (self, 2));
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

//  What operators do.
static void
draw_request (pencil_t *self)
{
    static const char *const replays [] = {"r1", "r2", "r3"};
    int who = number (self, self->subscriptions);
    switch (number (self, 10)) {
        case 0: DRAW (self, .kind = DEED_PAUSE, .subject = who); break;
        case 1: DRAW (self, .kind = DEED_RESUME, .subject = who); break;
        case 2:
            if (self->replays < 3)
                DRAW (self, .kind = DEED_REPLAY, .subject = who,
                      .words = replays [self->replays++]);
            break;
        case 3:
            DRAW (self, .kind = DEED_REDRIVE, .subject = who, .choice = number (self, 300000));
            break;
        case 4: DRAW (self, .kind = DEED_DISCARD, .subject = who); break;
        case 5:
            DRAW (self, .kind = DEED_TRIM, .subject = number (self, 100),
                  .choice = number (self, 4) == 0);
            break;
        case 6: DRAW (self, .kind = DEED_SET_CLOCK, .choice = number (self, 120000) - 60000); break;
        case 7:
            if (number (self, 4) == 0)
                DRAW (self, .kind = DEED_END, .subject = who);
            break;
        case 8:
            if (self->subscriptions < SUBSCRIPTIONS_MOST + 2)
                draw_subscription (self);
            break;
        case 9: DRAW (self, .kind = DEED_CANCEL, .subject = who, .choice = number (self, 5)); break;
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
        if (number (&pencil, 3) == 0)
            DRAW (&pencil, .kind = DEED_ASK, .subject = 1 + number (&pencil, 5));
        switch (number (&pencil, 6)) {
            case 0: disturb_workers (&pencil); break;
            case 1: disturb_broker (&pencil); break;
            case 2: disturb_others (&pencil); break;
            case 3: draw_request (&pencil); break;
            case 4: disturb_listeners (&pencil); break;
            case 5: disturb_luggage (&pencil); break;
        }
        DRAW (&pencil, .kind = DEED_REST, .then_ms = number (&pencil, TURN_MS));
    }
    return pencil.life;
}
