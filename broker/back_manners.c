/*  What is said at the workers' socket and is wrong: who says too much of it is not heard any more. */
#include "broker/back_state.h"

void
back_blame (back_t *self, connection_t *connection, problem_t *why)
{
    offences_note_bad (&self->offences, why->status);
    if (link_blame (self->link, connection->peer, why) != STATUS_SHUNNED)
        return;
    connection->is_shunned = true;
    offences_note_shunned (&self->offences, connection->name, why, monotonic_ms ());
}

//  What a session that has ended had on its way is no bad manners, nor is what was queued for a
//  broker that has restarted: a worker that has heard RESET makes a new socket.
static bool
back_has_heard_reset (const back_t *self, connection_t *connection)
{
    int64_t now_ms = monotonic_ms ();
    if (connection->session)
        return true;
    if (!connection->reset_ms)
        connection->reset_ms = now_ms;
    return now_ms - connection->reset_ms > self->edge->heartbeat_ms;
}

void
back_blame_stranger (back_t *self, connection_t *connection)
{
    problem_t why;
    problem_set (&why, STATUS_BAD_MESSAGE, "this session is none of this connection: see RESET");
    if (back_has_heard_reset (self, connection))
        back_blame (self, connection, &why);
}

void
back_hear_bad (back_t *self, link_peer_t peer, const problem_t *problem)
{
    if (problem->status == STATUS_SHUNNED && !*problem->text) {
        offences_note_ignored (&self->offences);
        return;
    }
    offences_note_bad (&self->offences, problem->status);
    if (problem->status != STATUS_SHUNNED)
        return;
    connection_t *connection = connections_find (&self->connections, peer);
    offences_note_shunned (&self->offences, connection ? connection->name : "", problem,
                           monotonic_ms ());
    if (connection)
        back_part (self, connection, PARTED_SHUNNED);
}
