#include "tests/sim/net.h"

#include <stdlib.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/state.h"

enum { REDIAL_MS = 200, LATENCY_MS = 5, LATENCY_WORST_MS = 80 };

struct line {
    world_t *world;
    void *client;
    heard_by_client_t *heard;
    uint64_t peer;                        //  as the broker sees it; 0 while it is broken
    int64_t last_there_ms, last_back_ms;  //  arrival of the last message, either way
    struct parcel *waiting;               //  said while it was broken
    bool is_closed;
    line_t *prev, *next;
};

typedef struct parcel {
    line_t *line;
    uint64_t peer;  //  the connection it travels on
    command_t command;
    uint8_t *body;
    size_t size;
    struct parcel *prev, *next;
} parcel_t;

static void
parcel_free (void *load)
{
    parcel_t *parcel = load;
    free (parcel->body);
    free (parcel);
}

static parcel_t *
parcel_new (line_t *line, const message_t *message)
{
    parcel_t *parcel = ALLOCATE (parcel_t);
    parcel->line = line;
    parcel->peer = line->peer;
    parcel->command = message->command;
    message_encode (message, &parcel->body, &parcel->size);
    return parcel;
}

static bool
open_parcel (parcel_t *parcel, message_t *message)
{
    const uint8_t head [2] = {WIRE_VERSION, (uint8_t)parcel->command};
    problem_t problem = {0};
    status_t status = message_decode (message, head, sizeof head, parcel->body, parcel->size,
                                      &parcel->line->world->limits, &problem);
    if (status != STATUS_OK)
        world_fail (parcel->line->world, "a message of ours could not be decoded: %s",
                    problem.text);
    return status == STATUS_OK;
}

static int64_t
latency (world_t *world)
{
    return world_chance (world, 50) ? world_number (world, LATENCY_WORST_MS)
                                    : world_number (world, LATENCY_MS);
}

static int64_t
arrival (world_t *world, int64_t *last_ms)
{
    int64_t at_ms = world_now (world) + latency (world);
    if (at_ms < *last_ms)
        at_ms = *last_ms;
    return *last_ms = at_ms;
}

static void
arrive_at_broker (void *actor, uint64_t token, void *load)
{
    (void)token;
    line_t *line = actor;
    parcel_t *parcel = load;
    message_t message = {0};
    if (parcel->peer == line->peer && open_parcel (parcel, &message))
        broker_actor_hear (line->world->broker, parcel->peer, &message);
    parcel_free (parcel);
}

static void
arrive_at_client (void *actor, uint64_t token, void *load)
{
    (void)token;
    line_t *line = actor;
    parcel_t *parcel = load;
    message_t message = {0};
    if (parcel->peer == line->peer && !line->is_closed && open_parcel (parcel, &message))
        line->heard (line->client, &message);
    parcel_free (parcel);
}

static void
put_on_the_way (line_t *line, parcel_t *parcel)
{
    parcel->peer = line->peer;
    schedule_at (line->world->schedule, arrival (line->world, &line->last_there_ms),
                 arrive_at_broker, line, 0, parcel, parcel_free);
}

static void
connect_line (void *actor, uint64_t token, void *load)
{
    (void)token;
    (void)load;
    line_t *line = actor;
    if (line->is_closed || line->peer)
        return;
    if (!broker_actor_is_up (line->world->broker)) {
        schedule_at (line->world->schedule, world_now (line->world) + REDIAL_MS, connect_line, line,
                     0, NULL, NULL);
        return;
    }
    line->peer = ++line->world->last_peer;
    parcel_t *parcel, *next;
    DL_FOREACH_SAFE (line->waiting, parcel, next)
    {
        DL_DELETE (line->waiting, parcel);
        put_on_the_way (line, parcel);
    }
}

line_t *
net_dial (world_t *world, void *client, heard_by_client_t *heard)
{
    line_t *line = ALLOCATE (line_t);
    line->world = world;
    line->client = client;
    line->heard = heard;
    DL_APPEND (world->lines, line);
    connect_line (line, 0, NULL);
    return line;
}

static void
forget_waiting (line_t *line)
{
    parcel_t *parcel, *next;
    DL_FOREACH_SAFE (line->waiting, parcel, next)
    {
        DL_DELETE (line->waiting, parcel);
        parcel_free (parcel);
    }
}

static void
be_noticed (void *actor, uint64_t peer, void *load)
{
    world_t *world = load;
    checker_disturbed (world->checker);
    broker_actor_lose (actor, peer);
}

//  The broker sees that a connection has gone, as a rule; otherwise it is only silent.
static void
tell_broker (const line_t *line)
{
    world_t *world = line->world;
    if (line->peer && !world_chance (world, 4))
        schedule_at (world->schedule, world_now (world) + latency (world), be_noticed,
                     world->broker, line->peer, world, NULL);
}

void
net_hang_up (world_t *world, line_t *line)
{
    (void)world;
    tell_broker (line);
    line->is_closed = true;
    line->peer = 0;
    forget_waiting (line);
}

void
net_send_to_broker (world_t *world, line_t *line, const message_t *message)
{
    (void)world;
    if (line->is_closed)
        return;
    parcel_t *parcel = parcel_new (line, message);
    if (line->peer)
        put_on_the_way (line, parcel);
    else
        DL_APPEND (line->waiting, parcel);
}

bool
net_send_to_peer (world_t *world, uint64_t peer, const message_t *message)
{
    line_t *line;
    DL_FOREACH (world->lines, line)
    {
        if (line->peer != peer || line->is_closed)
            continue;
        schedule_at (world->schedule, arrival (world, &line->last_back_ms), arrive_at_client, line,
                     0, parcel_new (line, message), parcel_free);
        return true;
    }
    return false;
}

void
net_break (world_t *world, line_t *line)
{
    if (!line->peer)
        return;
    tell_broker (line);
    line->peer = 0;
    line->last_there_ms = line->last_back_ms = 0;
    schedule_at (world->schedule, world_now (world) + world_number (world, REDIAL_MS), connect_line,
                 line, 0, NULL, NULL);
}

void
net_break_all (world_t *world)
{
    line_t *line;
    DL_FOREACH (world->lines, line)
    net_break (world, line);
}

void
net_clear (world_t *world)
{
    line_t *line, *next;
    DL_FOREACH_SAFE (world->lines, line, next)
    {
        forget_waiting (line);
        free (line);
    }
    world->lines = NULL;
}

size_t
net_count (const world_t *world)
{
    size_t count = 0;
    line_t *line;
    DL_FOREACH (world->lines, line)
    count++;
    return count;
}

line_t *
net_at (const world_t *world, size_t index)
{
    line_t *line = world->lines;
    while (index-- > 0)
        line = line->next;
    return line;
}
