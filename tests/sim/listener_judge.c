#include "tests/sim/listener_judge.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/model/allocate.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/chronicle.h"
#include "tests/sim/state.h"

//  What it was told that it has missed.
typedef struct {
    int32_t partition;
    int64_t above_seq, first_seq;
} stretch_t;

struct listener_judge {
    world_t *world;
    char name [16];
    const char *type;                      //  of what it wants
    int64_t furthest [LEDGER_PARTITIONS];  //  the last seq it has performed, or began after; -1: it
                                           //  has not begun
    int64_t lately [LEDGER_PARTITIONS];    //  likewise since it was started last
    stretch_t *missed;
    size_t missed_count, missed_room;
    size_t count;
};

listener_judge_t *
listener_judge_new (world_t *world, const char *listener, const char *type)
{
    listener_judge_t *self = ALLOCATE (listener_judge_t);
    self->world = world;
    self->type = type;
    snprintf (self->name, sizeof self->name, "%s", listener);
    for (size_t i = 0; i < LEDGER_PARTITIONS; i++)
        self->furthest [i] = self->lately [i] = -1;
    return self;
}

void
listener_judge_destroy (listener_judge_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->missed);
    free (*self_p);
    *self_p = NULL;
}

size_t
listener_judge_count (const listener_judge_t *self)
{
    return self->count;
}

//  Nobody knows of one that had written nothing down.
void
listener_judge_starts (listener_judge_t *self, int32_t partition, int64_t place)
{
    self->lately [partition] = place;
    if (place < 0)
        self->furthest [partition] = -1;
}

void
listener_judge_begins (listener_judge_t *self, int32_t partition, int64_t seq)
{
    if (self->furthest [partition] >= 0)
        return;
    self->furthest [partition] = self->lately [partition] = seq;
}

//  What it takes for gone somebody must have let go.
void
listener_judge_missed (listener_judge_t *self, int32_t partition, int64_t above_seq,
                       int64_t first_seq)
{
    world_note (self->world, "%s has missed what lies between %lld and %lld of %d", self->name,
                (long long)above_seq, (long long)first_seq, partition);
    if (first_seq - 1 > self->world->ledger->soft_seqs [partition])
        world_fail (self->world, "%s is told that partition %d begins with %lld, as nobody asked",
                    self->name, partition, (long long)first_seq);
    if (self->missed_count == self->missed_room) {
        self->missed_room = self->missed_room ? 2 * self->missed_room : 8;
        self->missed = allocate_again (self->missed, self->missed_room, sizeof *self->missed);
    }
    self->missed [self->missed_count++] =
        (stretch_t){.partition = partition, .above_seq = above_seq, .first_seq = first_seq};
}

static bool
has_missed (const listener_judge_t *self, int32_t partition, int64_t seq)
{
    for (size_t i = 0; i < self->missed_count; i++) {
        const stretch_t *missed = &self->missed [i];
        if (missed->partition == partition && seq > missed->above_seq && seq < missed->first_seq)
            return true;
    }
    return false;
}

//  What it owes after this one; 0: nothing.
static int64_t
next (const listener_judge_t *self, int32_t partition, int64_t seq)
{
    chronicle_look (self->world->chronicle);
    do
        seq = chronicle_next (self->world->chronicle, partition, seq, self->type);
    while (seq > 0 && has_missed (self, partition, seq));
    return seq;
}

static void
check_follows (const listener_judge_t *self, const event_t *event, int64_t before_seq)
{
    int64_t expected = next (self, event->partition, before_seq);
    if (expected != event->seq)
        world_fail (self->world, "%s performs seq %lld of partition %d, after %lld comes %lld",
                    self->name, (long long)event->seq, (int)event->partition, (long long)before_seq,
                    (long long)expected);
}

void
listener_judge_performed (listener_judge_t *self, const event_t *event)
{
    int64_t *furthest = &self->furthest [event->partition];
    int64_t *lately = &self->lately [event->partition];
    check_follows (self, event, *lately);
    *lately = event->seq;
    self->count++;
    if (event->seq <= *furthest)
        return;  //  a repeat: it was killed
    check_follows (self, event, *furthest);
    *furthest = event->seq;
}

void
listener_judge_writes (const listener_judge_t *self, int32_t partition, int64_t place)
{
    int64_t owed = next (self, partition, self->furthest [partition]);
    if (owed > 0 && owed <= place)
        world_fail (self->world, "%s writes down that %lld of partition %d is done, and owes %lld",
                    self->name, (long long)place, (int)partition, (long long)owed);
}

bool
listener_judge_is_level (const listener_judge_t *self)
{
    for (int32_t i = 0; i < broker_actor_partitions (self->world->broker); i++)
        if (self->lately [i] < 0 || next (self, i, self->lately [i]) != 0 ||
            next (self, i, self->furthest [i]) != 0)
            return false;
    return true;
}
