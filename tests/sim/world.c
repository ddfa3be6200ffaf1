#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/chronicle.h"
#include "tests/sim/client_actor.h"
#include "tests/sim/counts.h"
#include "tests/sim/listener_actor.h"
#include "tests/sim/model.h"
#include "tests/sim/operator_actor.h"
#include "tests/sim/state.h"
#include "tests/sim/worker_actor.h"

//  1970 would make some durations look like times.
enum { START_MS = 1000000 };

world_t *
world_new (uint64_t seed, telling_t telling)
{
    world_t *self = ALLOCATE (world_t);
    self->seed = seed;
    self->telling = telling;
    self->note_room = telling == TOLD_IN_FULL ? WORLD_NOTES_IN_FULL : WORLD_NOTES;
    if (telling != UNTOLD)
        self->notes = allocate (self->note_room, sizeof *self->notes);
    self->random.state = seed;
    self->now_ms = START_MS;
    self->is_sound = true;
    self->limits = limits_default ();
    //  Small, so that a short life meets them.
    self->limits.waiting_per_track = 8 + world_number (self, 24);
    self->limits.exceptions_per_track = 4 + world_number (self, 28);
    self->limits.page_bytes = 2000 + world_number (self, 8000);
    self->limits.hops = 1 + world_number (self, 3);
    self->schedule = schedule_new ();
    self->ledger = ledger_new ();
    self->checker = checker_new (self, self->ledger);
    self->watch = watch_new (self);
    self->operator= operator_actor_new (self);
    self->tells = world_number (self, 2);
    self->questions = questions_new (self);
    self->broker = broker_actor_new (self, (int32_t)(1 + world_number (self, 3)));
    broker_actor_start (self->broker);
    self->client = client_actor_new (self);
    self->chronicle = chronicle_new (self);
    return self;
}

void
world_destroy (world_t **self_p)
{
    world_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->worker_count; i++)
        worker_actor_destroy (&self->workers [i]);
    for (size_t i = 0; i < self->listener_count; i++)
        listener_actor_destroy (&self->listeners [i]);
    client_actor_destroy (&self->client);
    chronicle_destroy (&self->chronicle);
    broker_actor_destroy (&self->broker);
    schedule_destroy (&self->schedule);
    net_clear (self);
    operator_actor_destroy (&self->operator);
    watch_destroy (&self->watch);
    checker_destroy (&self->checker);
    questions_destroy (&self->questions);
    ledger_destroy (&self->ledger);
    free (self->notes);
    free (self);
    *self_p = NULL;
}

bool
world_is_sound (const world_t *self)
{
    return self->is_sound;
}

const char *
world_verdict (const world_t *self)
{
    return self->verdict;
}

int64_t
world_now (const world_t *self)
{
    return self->now_ms;
}

int64_t
world_number (world_t *self, int64_t below)
{
    return (int64_t)(random_next (&self->random) % (uint64_t)below);
}

bool
world_chance (world_t *self, int one_in)
{
    return self->is_wild && !self->is_calm && world_number (self, one_in) == 0;
}

void
world_note (world_t *self, const char *format, ...)
{
    if (!self->notes)
        return;
    char *note = self->notes [self->note_count++ % self->note_room];
    int size = snprintf (note, WORLD_NOTE_SIZE, "%8lld ", (long long)(self->now_ms - START_MS));
    va_list arguments;
    va_start (arguments, format);
    vsnprintf (note + size, WORLD_NOTE_SIZE - (size_t)size, format, arguments);
    va_end (arguments);
}

void
world_fail (world_t *self, const char *format, ...)
{
    if (!self->is_sound)
        return;  //  the first is what counts
    self->is_sound = false;
    int size = snprintf (self->verdict, sizeof self->verdict,
                         "at %lld ms: ", (long long)(self->now_ms - START_MS));
    va_list arguments;
    va_start (arguments, format);
    vsnprintf (self->verdict + size, sizeof self->verdict - (size_t)size, format, arguments);
    va_end (arguments);
}

void
world_print_transcript (const world_t *self)
{
    size_t first = self->note_count > self->note_room ? self->note_count - self->note_room : 0;
    for (size_t i = first; i < self->note_count; i++)
        printf ("    %s\n", self->notes [i % self->note_room]);
}

void
elapse (world_t *self, int64_t ms)
{
    int64_t until_ms = self->now_ms + ms;
    while (self->is_sound && schedule_next_ms (self->schedule) <= until_ms) {
        int64_t next_ms = schedule_next_ms (self->schedule);
        ASSERT (next_ms >= self->now_ms, "nothing is planned for the past");
        self->now_ms = next_ms;
        schedule_happen (self->schedule);
    }
    self->now_ms = until_ms;
}

static worker_actor_t *
worker_named (world_t *self, const char *name)
{
    for (size_t i = 0; i < self->worker_count; i++)
        if (strcmp (worker_actor_name (self->workers [i]), name) == 0)
            return self->workers [i];
    ASSERT (self->worker_count < WORLD_WORKERS, "a world has few workers");
    return self->workers [self->worker_count++] = worker_actor_new (self, name);
}

void
start_worker (world_t *self, const char *worker)
{
    worker_actor_start (worker_named (self, worker));
}

void
kill_worker (world_t *self, const char *worker)
{
    worker_actor_kill (worker_named (self, worker));
}

void
freeze_worker (world_t *self, const char *worker, int64_t for_ms)
{
    worker_actor_freeze (worker_named (self, worker), for_ms);
}

void
kill_broker (world_t *self)
{
    broker_actor_kill (self->broker);
}

void
start_broker (world_t *self)
{
    broker_actor_start (self->broker);
}

void
freeze_broker (world_t *self, int64_t for_ms)
{
    broker_actor_freeze (self->broker, for_ms);
}

void
break_connections (world_t *self)
{
    world_note (self, "connections break");
    checker_disturbed (self->checker);
    net_break_all (self);
}

void
fill_disk (world_t *self, int64_t for_ms)
{
    world_note (self, "the disk is full for %lld ms", (long long)for_ms);
    self->disk_full_until_ms = self->now_ms + for_ms;
}

void
spoil_next_commit (world_t *self, bool is_applied)
{
    broker_actor_spoil_next_commit (self->broker, is_applied);
}

void
set_consumer (world_t *self, const char *subscription, consumer_mood_t mood)
{
    size_t i = 0;
    while (i < self->mood_count && strcmp (self->moods [i].subscription, subscription) != 0)
        i++;
    if (i == self->mood_count)
        self->mood_count++;
    snprintf (self->moods [i].subscription, sizeof self->moods [i].subscription, "%s",
              subscription);
    self->moods [i].mood = mood;
}

void
subscribe (world_t *self, const char *subscription, const char *words)
{
    enum { ANSWER_MS = 1000 };
    ask_t ask = {.kind = ASK_MAKE};
    snprintf (ask.subscription, sizeof ask.subscription, "%s", subscription);
    snprintf (ask.words, sizeof ask.words, "%s", words);
    set_consumer (self, subscription, CONSUMER_WELL);
    operator_actor_ask (self->operator, & ask);
    elapse (self, ANSWER_MS);
}

static void
ask (world_t *self, ask_t ask, const char *subscription)
{
    snprintf (ask.subscription, sizeof ask.subscription, "%s", subscription);
    operator_actor_ask (self->operator, & ask);
}

void
pause_subscription (world_t *self, const char *subscription)
{
    world_note (self, "pause %s", subscription);
    ask (self, (ask_t){.kind = ASK_PAUSE}, subscription);
}

void
resume_subscription (world_t *self, const char *subscription)
{
    world_note (self, "resume %s", subscription);
    ask (self, (ask_t){.kind = ASK_RESUME}, subscription);
}

void
end_subscription (world_t *self, const char *subscription)
{
    world_note (self, "end %s", subscription);
    ask (self, (ask_t){.kind = ASK_END}, subscription);
}

void
replay_subscription (world_t *self, const char *subscription, const char *replay)
{
    world_note (self, "replay %s as %s", subscription, replay);
    ask_t wanted = {.kind = ASK_REPLAY};
    snprintf (wanted.replay, sizeof wanted.replay, "%s", replay);
    ask (self, wanted, subscription);
}

void
redrive_all (world_t *self, const char *subscription, int64_t interval_us)
{
    world_note (self, "redrive %s", subscription);
    ask (self, (ask_t){.kind = ASK_REDRIVE, .interval_us = interval_us}, subscription);
}

void
discard_all (world_t *self, const char *subscription)
{
    world_note (self, "discard %s", subscription);
    ask (self, (ask_t){.kind = ASK_DISCARD}, subscription);
}

void
cancel_some (world_t *self, const char *subscription, int first, int nth)
{
    world_note (self, "cancel %d + each %dth of %s", first, nth, subscription);
    ask (self, (ask_t){.kind = ASK_CANCEL, .first = first, .nth = nth}, subscription);
}

void
drain_worker (world_t *self, const char *worker)
{
    world_note (self, "drain %s", worker);
    ask (self, (ask_t){.kind = ASK_DRAIN}, worker);
}

void
undrain_worker (world_t *self, const char *worker)
{
    world_note (self, "drain %s no more", worker);
    ask (self, (ask_t){.kind = ASK_UNDRAIN}, worker);
}

void
trim_log (world_t *self, int64_t keep, bool is_hard)
{
    world_note (self, "trim to %lld events%s", (long long)keep, is_hard ? ", hard" : "");
    ask (self, (ask_t){.kind = ASK_TRIM, .keep = keep, .is_hard = is_hard}, "");
}

void
let_broker_tell (world_t *self)
{
    self->tells = true;
    kill_broker (self);
    start_broker (self);
}

void
set_clock (world_t *self, int64_t by_ms)
{
    world_note (self, "the clock is set by %lld ms", (long long)by_ms);
    self->clock_ms += by_ms;
}

static event_t *
event_named (const char *name, const char *type, const char *key)
{
    return event_new (&(event_t){.id = name,
                                 .type = type,
                                 .subject = "/s",
                                 .key = key,
                                 .time = "2026-01-01T00:00:00Z",
                                 .content_type = "application/json",
                                 .data = (const uint8_t *)name,
                                 .data_size = strlen (name)});
}

void
publish (world_t *self, const char *event, const char *key)
{
    event_t *made = event_named (event, strncmp (event, "b-", 2) == 0 ? "b" : "a", key);
    ledger_publish (self->ledger, made);
    client_actor_publish (self->client, &made, 1);
    event_destroy (&made);
}

void
publish_many (world_t *self, const char *prefix, int count)
{
    for (int i = 1; i <= count; i++) {
        char name [64];
        snprintf (name, sizeof name, "%s%d", prefix, i);
        publish (self, name, name);
    }
}

static void
mend (world_t *self)
{
    self->is_calm = true;
    self->disk_full_until_ms = 0;
    for (size_t i = 0; i < self->mood_count; i++)
        self->moods [i].mood = CONSUMER_WELL;
    start_broker (self);
    if (self->worker_count == 0)
        start_worker (self, "w1");
    if (self->is_wild) {
        start_worker (self, WORLD_EU);
        start_worker (self, WORLD_US);
    }
    for (size_t i = 0; i < self->worker_count; i++) {
        worker_actor_start (self->workers [i]);
        undrain_worker (self, worker_actor_name (self->workers [i]));
    }
    for (size_t i = 0; i < self->listener_count; i++)
        listener_actor_start (self->listeners [i]);
}

//  Also one whose consumer, before it was mended, has said 410 Gone.
static void
resume_all (world_t *self)
{
    for (size_t i = 0; i < self->ledger->asked_count; i++) {
        const asked_t *asked = &self->ledger->asked [i];
        const char *id = asked->subscription->id;
        if (asked->subscription->replay.id || !broker_actor_has_stopped (self->broker, id))
            continue;
        if (asked->is_ending)
            end_subscription (self, id);
        else
            resume_subscription (self, id);
    }
}

//  What has ended stays so: a restart delivers nothing again.
static void
restart_and_listen (world_t *self)
{
    elapse (self, 5000);
    int64_t begins = checker_total_begins (self->checker);
    kill_broker (self);
    start_broker (self);
    elapse (self, 6000);
    if (self->is_sound && checker_total_begins (self->checker) != begins)
        world_fail (self, "after a restart at rest something was delivered again");
}

//  Of the workers: what they have is perhaps known to nobody else, since its subscription has ended, or it
//  went to another long ago.
static bool
are_idle (const world_t *self)
{
    for (size_t i = 0; i < self->worker_count; i++)
        if (!worker_actor_is_idle (self->workers [i]))
            return false;
    return true;
}

static bool
are_level (const world_t *self, char *what, size_t size)
{
    for (size_t i = 0; i < self->listener_count; i++) {
        if (listener_actor_is_level (self->listeners [i]))
            continue;
        snprintf (what, size, "%s is never level with the log",
                  listener_actor_name (self->listeners [i]));
        return false;
    }
    return true;
}

static bool
is_settled (const world_t *self, char *what, size_t size)
{
    if (watch_is_settled (self->watch))
        return true;
    snprintf (what, size, "what workers brought stays, though they have gone");
    return false;
}

//  What it waits for is said in `what`.
static bool
is_calm (world_t *self, char *what, size_t size)
{
    snprintf (what, size, "the broker never comes to rest");
    return are_idle (self) && operator_actor_is_idle (self->operator) &&
           broker_actor_is_at_rest (self->broker) && questions_open (self->questions) == 0 &&
           is_settled (self, what, size) && are_level (self, what, size) &&
           model_is_fulfilled (self, what, size);
}

void
calm (world_t *self)
{
    enum { LOOK_MS = 500, LONG_MS = 3600000 };
    mend (self);
    char what [200];
    int64_t until_ms = self->now_ms + LONG_MS;
    while (self->is_sound && !is_calm (self, what, sizeof what)) {
        if (self->now_ms > until_ms) {
            world_fail (self, "an hour without faults, and %s", what);
            return;
        }
        elapse (self, LOOK_MS);
        model_adopt_notices (self);
        if (operator_actor_is_idle (self->operator))
            resume_all (self);
    }
    if (self->is_sound)
        model_compare (self);
    counts_compare (self);
    restart_and_listen (self);
}
