/*  back_state – the socket of the workers, inside. Only what begins with back looks here. */
#ifndef BACK_STATE_H
#define BACK_STATE_H

#include "broker/back.h"
#include "broker/connections.h"
#include "broker/offences.h"
#include "broker/settles.h"

struct back {
    edge_t *edge;  //  borrowed
    link_t *link;
    connections_t connections;
    settles_t settles;      //  of the SETTLE being heard; kept for the next
    uint64_t feed_changes;  //  that those who listen know of
    offences_t offences;
};

//  The core has one row of numbers for both sockets: workers have the odd ones.
static inline peer_t
back_peer (link_peer_t peer)
{
    return peer << 1 | 1;
}

connection_t *back_find (const back_t *self, peer_t peer);
//  Why a connection ends for us: it is gone, its key is, or it had too many bad messages.
typedef enum { PARTED_GONE, PARTED_EXPELLED, PARTED_SHUNNED } parted_t;

void back_part (back_t *self, connection_t *connection, parted_t why);
void back_log_parting (const back_t *self, const connection_t *connection, parted_t why);
void back_heartbeat (back_t *self, connection_t *connection, int64_t now_ms);

//  What it said was understood, and is wrong. why: of this message; of all of them, when it was one
//  too many: its session ends when this step has ended.
void back_blame (back_t *self, connection_t *connection, problem_t *why);
//  What it said in a session that is none of its own; RESET was its answer.
void back_blame_stranger (back_t *self, connection_t *connection);
//  A message that could not be taken in. peer: 0 for a stranger.
void back_hear_bad (back_t *self, link_peer_t peer, const problem_t *problem);

#endif
