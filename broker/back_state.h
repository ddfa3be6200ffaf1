/*  back_state – the socket of the workers, inside. Only what begins with back looks here. */
#ifndef BACK_STATE_H
#define BACK_STATE_H

#include "broker/back.h"
#include "broker/connections.h"
#include "broker/settles.h"

struct back {
    edge_t *edge;  //  borrowed
    link_t *link;
    connections_t connections;
    settles_t settles;      //  of the SETTLE being heard; kept for the next
    uint64_t feed_changes;  //  that those who listen know of
};

//  The core has one row of numbers for both sockets: workers have the odd ones.
static inline peer_t
back_peer (link_peer_t peer)
{
    return peer << 1 | 1;
}

connection_t *back_find (const back_t *self, peer_t peer);
void back_part (back_t *self, connection_t *connection, bool is_expelled);
void back_log_parting (const back_t *self, const connection_t *connection, bool is_expelled);
void back_heartbeat (back_t *self, connection_t *connection, int64_t now_ms);

#endif
