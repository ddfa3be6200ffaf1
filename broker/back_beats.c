/*  Heartbeats to the workers, and how one goes: in silence, or with its connection. */
#include "broker/back_state.h"
#include "broker/core/view.h"
#include "broker/listening.h"
#include "broker/living.h"
#include "daemon/log.h"

//  Silent ones, until the number of a connection without a session is given up.
enum { FORGOTTEN_BEATS = 10 };

//  A session of the core's, by its id.
typedef struct {
    session_id_t session;
    size_t leases;  //  0 when there is no such session
} held_t;

static void
held_find (void *context, const session_view_t *view)
{
    held_t *self = context;
    if (view->session == self->session)
        self->leases = view->leases;
}

void
back_log_parting (const back_t *self, const connection_t *connection, parted_t why)
{
    held_t held = {.session = connection->session};
    core_each_session (self->edge->core, held_find, &held);
    if (why == PARTED_EXPELLED)
        log_warning ("broker", "the key of worker %s is gone: its %zu deliveries go to others",
                     connection->name, held.leases);
    else if (why == PARTED_SHUNNED)
        log_notice ("broker", "the session of worker %s was ended: its %zu deliveries go to others",
                    connection->name, held.leases);
    else if (held.leases > 0)
        log_warning ("broker",
                     "the connection of worker %s is gone: its %zu deliveries go to others",
                     connection->name, held.leases);
    else
        log_notice ("broker", "worker %s left", connection->name);
}

void
back_heartbeat (back_t *self, connection_t *connection, int64_t now_ms)
{
    message_t heartbeat = {.command = COMMAND_HEARTBEAT,
                           .session = connection->session,
                           .received = connection->delivered};  //  or should have been
    if (connection->listens)
        listening_add (self->edge->listening, connection->session, &heartbeat);
    connections_say (&self->connections, connection, &heartbeat, now_ms);
}

//  The core ended its session by itself: three heartbeats passed in silence.
static void
back_note_silent (back_t *self, connection_t *connection)
{
    offers_drop (&self->edge->offers, connection->peer);
    if (connection->is_leaving)
        log_notice ("broker", "worker %s left", connection->name);
    else
        log_warning ("broker",
                     "worker %s has been silent for three heartbeats: its deliveries go to others",
                     connection->name);
    connection->session = 0;
}

void
back_beat (back_t *self, int64_t now_ms)
{
    int64_t heartbeat_ms = self->edge->heartbeat_ms;
    offences_beat (&self->offences, now_ms);
    living_t living = living_of (self->edge->core);

    connection_t *connection, *next;
    HASH_ITER (hh, self->connections.all, connection, next)
    {
        if (connection->session && !living_has (&living, connection->session))
            back_note_silent (self, connection);
        bool is_due = connection->listens || now_ms - connection->said_ms >= heartbeat_ms;
        if (connection->session && is_due)
            back_heartbeat (self, connection, now_ms);
        bool is_forgotten =
            !connection->session && now_ms - connection->heard_ms > FORGOTTEN_BEATS * heartbeat_ms;
        if (connection->is_gone || is_forgotten)
            back_part (self, connection, PARTED_GONE);
    }
    living_clear (&living);
}
