#include "tests/sim/life.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/model/allocate.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/net.h"
#include "tests/sim/state.h"

life_t *
life_new (void)
{
    return ALLOCATE (life_t);
}

void
life_destroy (life_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->deeds);
    free (*self_p);
    *self_p = NULL;
}

void
life_add (life_t *self, const deed_t *deed)
{
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 256;
        self->deeds = allocate_again (self->deeds, self->room, sizeof *self->deeds);
    }
    self->deeds [self->count++] = *deed;
}

life_t *
life_without (const life_t *self, size_t first, size_t count)
{
    life_t *shorter = life_new ();
    for (size_t i = 0; i < self->count; i++)
        if (i < first || i >= first + count)
            life_add (shorter, &self->deeds [i]);
    return shorter;
}

static const char *
name (char buffer [32], const char *prefix, int number)
{
    snprintf (buffer, 32, "%s%d", prefix, number);
    return buffer;
}

//  What cannot be done now (its subject is not there, the broker is down) is not done.
static void
break_one (world_t *world, int which)
{
    if (net_count (world) == 0)
        return;
    checker_disturbed (world->checker);
    net_break (world, net_at (world, (size_t)which % net_count (world)));
}

static void
subscribe_if_awake (world_t *world, const char *subscription, const char *words)
{
    subscribe (world, subscription, words);
}

static void
publish_one (world_t *world, const deed_t *deed)
{
    char event [32];
    publish (world, name (event, deed->choice ? "b-" : "a-", deed->subject), deed->words);
}

static void
do_it (world_t *world, const deed_t *deed)
{
    char s [32], w [32], l [32];
    name (s, "S", deed->subject);
    name (w, "w", deed->subject);
    name (l, "l", deed->subject);
    switch (deed->kind) {
        case DEED_SUBSCRIBE: subscribe_if_awake (world, s, deed->words); break;
        case DEED_PAUSE: pause_subscription (world, s); break;
        case DEED_RESUME: resume_subscription (world, s); break;
        case DEED_END: end_subscription (world, s); break;
        case DEED_REPLAY: replay_subscription (world, s, deed->words); break;
        case DEED_REDRIVE: redrive_all (world, s, deed->choice); break;
        case DEED_DISCARD: discard_all (world, s); break;
        case DEED_CANCEL: cancel_some (world, s, deed->choice, 5); break;
        case DEED_TRIM: trim_log (world, deed->subject, deed->choice); break;
        case DEED_SET_CLOCK: set_clock (world, deed->choice); break;
        case DEED_SET_CONSUMER: set_consumer (world, s, (consumer_mood_t)deed->choice); break;
        case DEED_PUBLISH: publish_one (world, deed); break;
        case DEED_BE_ASKED: subscribe (world, name (s, "Q", deed->subject), deed->words); break;
        case DEED_BRING: bring (world, deed->subject, deed->words); break;
        case DEED_DISMISS: end_subscription (world, name (s, "V", deed->subject)); break;
        case DEED_BROADCAST: broadcast (world, "B"); break;
        case DEED_START_LISTENER: start_listener (world, l); break;
        case DEED_KILL_LISTENER: kill_listener (world, l); break;
        case DEED_ASK: put_questions (world, deed->subject); break;
        case DEED_START_WORKER: start_worker (world, w); break;
        case DEED_KILL_WORKER: kill_worker (world, w); break;
        case DEED_FREEZE_WORKER: freeze_worker (world, w, deed->for_ms); break;
        case DEED_DRAIN_WORKER: drain_worker (world, w); break;
        case DEED_UNDRAIN_WORKER: undrain_worker (world, w); break;
        case DEED_RESIZE_WORKER:
            broker_actor_resize (world->broker, (size_t)deed->subject, deed->choice);
            break;
        case DEED_START_BROKER: start_broker (world); break;
        case DEED_KILL_BROKER: kill_broker (world); break;
        case DEED_FREEZE_BROKER: freeze_broker (world, deed->for_ms); break;
        case DEED_FILL_DISK: fill_disk (world, deed->for_ms); break;
        case DEED_SPOIL_COMMIT: spoil_next_commit (world, deed->choice); break;
        case DEED_BREAK_ALL: break_connections (world); break;
        case DEED_BREAK_ONE: break_one (world, deed->subject); break;
        case DEED_REST: break;
    }
    elapse (world, deed->then_ms);
}

void
life_live (const life_t *self, world_t *world)
{
    for (size_t i = 0; i < self->count && world->is_sound; i++) {
        world->is_wild = true;
        do_it (world, &self->deeds [i]);
    }
    if (world->is_sound)
        calm (world);
}

void
life_print (const life_t *self)
{
    static const struct {
        bool has_subject;
        const char *text;
    } kinds [] = {
#define DEED(name, has_subject, text) {has_subject, text},
#include "tests/sim/deed.tbl"
    };
    for (size_t i = 0; i < self->count; i++) {
        const deed_t *deed = &self->deeds [i];
        printf ("    %s", kinds [deed->kind].text);
        if (kinds [deed->kind].has_subject)
            printf ("%d", deed->subject);
        if (deed->words)
            printf (" (%s)", deed->words);
        if (deed->for_ms > 0)
            printf (" for %lld ms", (long long)deed->for_ms);
        if (deed->then_ms > 0)
            printf (", then %lld ms pass", (long long)deed->then_ms);
        printf ("\n");
    }
}
