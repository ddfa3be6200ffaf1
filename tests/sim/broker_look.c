/*  broker_look – what the world sees of its broker from outside. */
#include <stdio.h>

#include "broker/core/explain.h"
#include "tests/sim/broker_actor_state.h"

bool
broker_actor_is_up (const broker_actor_t *self)
{
    return self->core != NULL;
}

int32_t
broker_actor_partitions (const broker_actor_t *self)
{
    return self->partitions;
}

store_t *
broker_actor_store (broker_actor_t *self)
{
    return self->store;
}

int64_t
broker_actor_now (const broker_actor_t *self)
{
    return world_now (self->world) + self->clock_ms;
}

const subscription_t *
broker_actor_subscription (const broker_actor_t *self, const char *id)
{
    return self->core ? core_subscription (self->core, id) : NULL;
}

bool
broker_actor_has_stopped (const broker_actor_t *self, const char *subscription)
{
    const subscription_t *found = self->core ? core_subscription (self->core, subscription) : NULL;
    return found && (found->is_paused || found->is_disabled);
}

bool
broker_actor_has_written_all (const broker_actor_t *self)
{
    return self->core && broker_writer_is_idle (self->writer) &&
           core_stats (self->core).pending_saves == 0;  //  what a full disk refused comes again
}

size_t
broker_actor_redrive_room (const broker_actor_t *self, const char *subscription, int32_t partition)
{
    return self->core ? core_redrive_room (self->core, subscription, partition) : 0;
}

bool
broker_actor_can_cancel (const broker_actor_t *self, const char *subscription, int32_t partition,
                         int64_t seq)
{
    return self->core && core_can_cancel (self->core, subscription, partition, seq);
}

int64_t
broker_actor_last_seq (const broker_actor_t *self, int32_t partition)
{
    return self->core ? core_last_seq (self->core, partition) : 0;
}

bool
broker_actor_is_at_rest (const broker_actor_t *self)
{
    if (!broker_actor_is_awake (self))
        return false;
    core_stats_t stats = core_stats (self->core);
    return stats.leases == 0 && stats.waiting == 0 && stats.retries == 0 && stats.behind == 0 &&
           stats.gathered == 0 && stats.pending_events == 0 && stats.pending_saves == 0;
}

typedef struct {
    session_id_t *sessions;
    size_t count;
} listed_t;

static void
list_session (void *context, const session_view_t *view)
{
    listed_t *listed = context;
    if (listed->count < WORLD_SESSIONS)
        listed->sessions [listed->count++] = view->session;
}

size_t
broker_actor_sessions (const broker_actor_t *self, session_id_t *sessions)
{
    listed_t listed = {.sessions = sessions};
    if (self->core)
        core_each_session (self->core, list_session, &listed);
    return listed.count;
}

bool
broker_actor_has_session (const broker_actor_t *self, uint64_t session)
{
    session_id_t sessions [WORLD_SESSIONS];
    size_t count = broker_actor_sessions (self, sessions);
    size_t i = 0;
    while (i < count && sessions [i] != session)
        i++;
    return i < count;
}

void
broker_actor_describe (const broker_actor_t *self, const char *subscription, int32_t partition,
                       int64_t seq, char *text, size_t size)
{
    delivery_view_t view;
    if (!self->core)
        snprintf (text, size, "the broker is down");
    else if (core_look (self->core, subscription, partition, seq, &view))
        snprintf (text, size, "%s because %s, %d attempts, due %lld, with %s",
                  delivery_state_name (view.state), reason_name (view.reason), view.attempts,
                  (long long)view.due_ms, *view.worker ? view.worker : "nobody");
    else
        snprintf (text, size, "%s",
                  core_has_passed (self->core, subscription, partition, seq)
                      ? "ended, says the core"
                      : "not read yet");
}

int
broker_actor_under_way (const broker_actor_t *self, const char *subscription)
{
    subscriber_view_t view = {.in_flight = 0};
    if (self->core)
        core_look_at_subscription (self->core, subscription, &view);
    return view.in_flight;
}
