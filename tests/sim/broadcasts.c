#include "tests/sim/broadcasts.h"

#include <stdio.h>
#include <string.h>

#include "proto/model/assert.h"
#include "proto/model/owned.h"
#include "proto/model/owned_json.h"
#include "tests/sim/listener_actor.h"
#include "tests/sim/operator_actor.h"
#include "tests/sim/state.h"

enum { ANSWER_MS = 1000 };

subscription_t *
broadcasts_subscription (const char *id, int64_t version, const limits_t *limits)
{
    problem_t problem = {0};
    OWNED (json)
    json_t *document =
        json_pack ("{s:s, s:s, s:I, s:{s:s}, s:{s:s}, s:{s:i, s:[i]}}", "id", id, "mode",
                   "broadcast", "created", (json_int_t)WORLD_BROADCAST_MS, "match", "type", "a",
                   "action", "name", "cache", "retry", "max_attempts", 100, "schedule_ms", 50);
    subscription_t *made = subscription_new (document, version, limits, &problem);
    ASSERT (made, "a broadcast of ours is a sound subscription");
    return made;
}

void
broadcast (world_t *self, const char *subscription)
{
    ask_t ask = {.kind = ASK_BROADCAST};
    snprintf (ask.subscription, sizeof ask.subscription, "%s", subscription);
    operator_actor_ask (self->operator, & ask);
    elapse (self, ANSWER_MS);
}

static listener_actor_t *
listener_named (world_t *self, const char *name)
{
    for (size_t i = 0; i < self->listener_count; i++)
        if (strcmp (listener_actor_name (self->listeners [i]), name) == 0)
            return self->listeners [i];
    ASSERT (self->listener_count < WORLD_LISTENERS, "a world has few listeners");
    return self->listeners [self->listener_count++] = listener_actor_new (self, name, "B");
}

void
start_listener (world_t *self, const char *listener)
{
    if (self->has_broadcast)
        listener_actor_start (listener_named (self, listener));
}

void
kill_listener (world_t *self, const char *listener)
{
    if (self->has_broadcast)
        listener_actor_kill (listener_named (self, listener));
}

void
expect_all_heard (world_t *self, const char *listener)
{
    const listener_actor_t *actor = listener_named (self, listener);
    if (!listener_actor_is_level (actor) || listener_actor_performed (actor) == 0)
        world_fail (self, "%s has not heard all, but %zu events", listener,
                    listener_actor_performed (actor));
}
