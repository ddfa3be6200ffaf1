/*  connections – who is connected to one of the broker's sockets, and when we last heard of each.
 *
 *  ZeroMQ tells nobody that a peer went away: it shows by silence, or when a send finds no one.
 */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <jansson.h>
#include <uthash.h>

#include "broker/core/core.h"
#include "broker/outbox.h"
#include "proto/wire/link.h"

enum { CONNECTION_NAME_SIZE = 128 };

typedef struct connection {
    link_peer_t peer;                  //  as the link numbers it
    int64_t heard_ms, said_ms;         //  monotonic, last; said_ms 0: nothing yet
    session_id_t session;              //  a worker's; 0: none, or a gateway
    session_id_t former;               //  of whose leases it may still speak; 0: of none
    char name [CONNECTION_NAME_SIZE];  //  of the worker, as it said in HELLO, perhaps cut
    json_t *card;                      //  what it said of itself in HELLO; ours, or NULL
    char *labels;                      //  likewise: its set of them (labels.h); ours, or NULL
    int64_t own_capacity;              //  as HELLO said
    int64_t capacity;                  //  as its last heartbeat said; 0: it does not tell
    uint64_t delivered;                //  number of the last delivery sent in this session
    bool is_leaving;                   //  a worker that said BYE
    int64_t
        reset_ms;  //  monotonic: when a frame of no session of ours was answered first; 0: none was
    bool is_shunned;                 //  the link hears no more of it: its session is to end
    bool listens;                    //  to feeds: its heartbeats tell how far they have come
    outbox_t *outbox;                //  a worker's, ours; NULL until something goes there
    bool is_staged, is_gone;         //  in staged; the send found nobody
    struct connection *prev, *next;  //  in staged
    UT_hash_handle hh;
} connection_t;

typedef struct {
    link_t *link;          //  borrowed
    connection_t *all;     //  by peer
    connection_t *staged;  //  with something in their outbox
} connections_t;

//  Something came from this peer: its connection, made if it is new.
connection_t *connections_hear (connections_t *self, link_peer_t peer, int64_t now_ms);
connection_t *connections_find (const connections_t *self, link_peer_t peer);
void connections_remove (connections_t *self,
                         connection_t *connection);  //  the link forgets it too
void connections_clear (connections_t *self);

//  A worker has said who it is. BAD_MESSAGE, and nothing is changed, where that makes no sense.
status_t connection_meet (connection_t *self, const message_t *hello, const limits_t *limits,
                          problem_t *problem);
void connection_note_capacity (connection_t *self, int64_t capacity);  //  0: it does not tell

/*  Sends. What finds a full pipe is dropped: who does not read gets everything again in time, since
 *  each word is repeated until it is answered. NOT_FOUND marks the connection gone; SHUNNED: BYE was
 *  the last that it heard.
 */
status_t connections_say (connections_t *self, connection_t *connection, const message_t *message,
                          int64_t now_ms);

#endif
