#include "broker/connections.h"

#include <stdlib.h>
#include <utlist.h>

#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/model/labels.h"

connection_t *
connections_find (const connections_t *self, link_peer_t peer)
{
    connection_t *connection;
    HASH_FIND (hh, self->all, &peer, sizeof peer, connection);
    return connection;
}

connection_t *
connections_hear (connections_t *self, link_peer_t peer, int64_t now_ms)
{
    connection_t *connection = connections_find (self, peer);
    if (!connection) {
        connection = ALLOCATE (connection_t);
        connection->peer = peer;
        HASH_ADD (hh, self->all, peer, sizeof peer, connection);
    }
    connection->heard_ms = now_ms;
    return connection;
}

void
connections_remove (connections_t *self, connection_t *connection)
{
    if (connection->is_staged)
        DL_DELETE (self->staged, connection);
    HASH_DEL (self->all, connection);
    link_forget (self->link, connection->peer);
    outbox_destroy (&connection->outbox);
    json_decref (connection->card);
    free (connection->labels);
    free (connection);
}

void
connections_clear (connections_t *self)
{
    connection_t *connection, *next;
    HASH_ITER (hh, self->all, connection, next)
    connections_remove (self, connection);
}

static json_t *
card_make (const message_t *hello)
{
    json_t *actions = json_array ();
    for (size_t i = 0; i < hello->action_count; i++)
        json_array_append_new (actions, json_string (hello->actions [i]));
    return json_pack ("{s:s, s:o, s:I}", "version", hello->version ? hello->version : "", "actions",
                      actions, "capacity", (json_int_t)hello->capacity);
}

status_t
connection_meet (connection_t *self, const message_t *hello, const limits_t *limits,
                 problem_t *problem)
{
    problem_t why;
    char *labels = labels_new (hello->labels, hello->label_count, limits, &why);
    if (!labels)
        return problem_at (problem, STATUS_BAD_MESSAGE, "labels", "HELLO: %s", why.text);
    free (self->labels);
    self->labels = labels;
    snprintf (self->name, sizeof self->name, "%s", hello->name);
    json_decref (self->card);
    self->card = card_make (hello);
    self->own_capacity = hello->capacity;
    self->capacity = 0;
    return STATUS_OK;
}

void
connection_note_capacity (connection_t *self, int64_t capacity)
{
    if (capacity == 0 || capacity == self->capacity || !self->card)
        return;
    self->capacity = capacity;
    json_object_set_new (self->card, "capacity", json_integer ((json_int_t)capacity));
}

status_t
connections_say (connections_t *self, connection_t *connection, const message_t *message,
                 int64_t now_ms)
{
    if (connection->is_shunned)
        return STATUS_SHUNNED;
    status_t status = link_send (self->link, connection->peer, message);
    if (status == STATUS_OK)
        connection->said_ms = now_ms;
    else if (status == STATUS_NOT_FOUND)
        connection->is_gone = true;
    else
        log_debug ("broker", "%s to %s was dropped: its pipe is full",
                   command_name (message->command),
                   *connection->name ? connection->name : "a gateway");
    return status;
}
