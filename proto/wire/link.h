/*  link – ZeroMQ sockets as Tocsin sets them, and messages over them.
 *
 *  A socket belongs to one thread. Sends never block: a peer that is gone or full is an answer.
 *  Host names are resolved here (ZeroMQ would block its I/O thread), and again at each link_open.
 */
#ifndef LINK_H
#define LINK_H

#include "proto/wire/message.h"

typedef struct link link_t;

//  A connection as a ROUTER sees it, numbered by us, 1, 2, 3 …; never given twice. A DEALER's is 1.
typedef uint64_t link_peer_t;

typedef struct {
    void *zmq;  //  the ZeroMQ context, shared for inproc
    const char
        *endpoint;   //  "tcp://host:port", "ipc://path", "inproc://name"; "tcp://host:*" binds any
    bool is_server;  //  ROUTER and bind; otherwise DEALER and connect
    const limits_t *limits;  //  borrowed for the life of the link
    bool is_feed;  //  XPUB and SUB instead: feed_link.h. A listener's first frame is a topic
} link_settings_t;

/*  NULL and a problem (SYSTEM: the port is in use, the name is unknown; BAD_SETTING) otherwise. */
link_t *link_new (const link_settings_t *settings, problem_t *problem);
void link_destroy (link_t **self_p);  //  lingers a moment, so that a last BYE leaves

void *link_socket (link_t *self);                //  for zmq_poll
const char *link_endpoint (const link_t *self);  //  as bound, with the real port

/*  Send. OK: it is on its way, which is no delivery. NOT_FOUND: the peer is gone (a ROUTER forgets
 *  it). FULL: its pipe is full; try again after something was received. Encodes itself.
 */
status_t link_send (link_t *self, link_peer_t peer, const message_t *message);

/*  Receive without waiting. OK and a message to clear; NOT_FOUND: nothing there. BAD_MESSAGE or
 *  TOO_LARGE: it could not be understood; FULL: it came from a stranger, and limits/sessions are
 *  known already. The link has then answered ERROR by itself, and peer is 0 for a stranger.
 */
status_t link_receive (link_t *self, link_peer_t *peer, message_t *message, problem_t *problem);

//  The edge has no more use for this peer's number.
void link_forget (link_t *self, link_peer_t peer);

#endif
