/*  link – ZeroMQ sockets as Tocsin sets them, and messages over them.
 *
 *  A socket belongs to one thread. Sends never block: a peer that is gone or full is an answer.
 *  Host names are resolved here (ZeroMQ would block its I/O thread), and again at each link_open.
 */
#ifndef LINK_H
#define LINK_H

#include <zmq.h>

#include "proto/keys/allow_list.h"
#include "proto/wire/message.h"
#include "proto/wire/troubles.h"

typedef struct link link_t;

//  A connection as a ROUTER sees it, numbered by us, 1, 2, 3 …; never given twice. A DEALER's is 1.
typedef uint64_t link_peer_t;

//  How a link is kept from others. All of it is borrowed for the life of the link.
typedef struct {
    const node_key_t *own;
    const char *broker;           //  a DEALER's: the public key of whom it connects to
    const allow_list_t *allowed;  //  a ROUTER's: a message of any other is refused,
    door_t door;                  //  and of those whose role does not open this door
} link_keys_t;

typedef struct {
    void *zmq;  //  the ZeroMQ context, shared for inproc
    const char
        *endpoint;   //  "tcp://host:port", "ipc://path", "inproc://name"; "tcp://host:*" binds any
    bool is_server;  //  ROUTER and bind; otherwise DEALER and connect
    const limits_t *limits;  //  borrowed for the life of the link
    bool is_feed;  //  XPUB and SUB instead: feed_link.h. A listener's first frame is a topic
    const link_keys_t
        *keys;       //  copied; NULL: this machine alone. Within the process without effect
    int queue_most;  //  messages that wait for one peer; 0: as usual
    int64_t
        bad_most;  //  bad messages of a ROUTER's peer, before it is shunned; 0: any number. manners.h
} link_settings_t;

/*  NULL and a problem (SYSTEM: the port is in use, the name is unknown; BAD_SETTING) otherwise. */
link_t *link_new (const link_settings_t *settings, problem_t *problem);
void link_destroy (link_t **self_p);  //  lingers a moment, so that a last BYE leaves

void *link_socket (link_t *self);                //  for zmq_poll
const char *link_endpoint (const link_t *self);  //  as bound, with the real port
bool link_is_feed (const link_t *self);

/*  Send. OK: it is on its way, which is no delivery. NOT_FOUND: the peer is gone (a ROUTER forgets
 *  it). FULL: its pipe is full; try again after something was received. Encodes itself.
 */
status_t link_send (link_t *self, link_peer_t peer, const message_t *message);

/*  Receive without waiting. OK and a message to clear; NOT_FOUND: nothing there. BAD_MESSAGE or
 *  TOO_LARGE: it could not be understood; FULL: it came from a stranger, and limits/sessions are
 *  known already; FORBIDDEN: its key is not, or no longer, allowed, and its connection was cut. The
 *  link has then answered ERROR by itself, and peer is 0 for a stranger. SHUNNED: that was one bad
 *  message too many, and BYE was said; or, without a sentence, the peer is shunned since.
 */
status_t link_receive (link_t *self, link_peer_t *peer, message_t *message, problem_t *problem);

/*  A message was understood, and is wrong all the same: it is answered with ERROR and counted. SHUNNED:
 *  it was one too many, as with link_receive; why is then about all of them.
 */
status_t link_blame (link_t *self, link_peer_t peer, problem_t *why);

//  Whether the key of a peer is still allowed. Always so without keys.
bool link_allows (const link_t *self, link_peer_t peer);
//  A ROUTER's peer with keys: whose it is. NULL: without keys.
const node_key_t *link_key (const link_t *self, link_peer_t peer);

/*  What hinders a DEALER's connection, in words, once for each time: OK when there is nothing new.
 *  FORBIDDEN: its key was refused. SYSTEM: something else.
 */
status_t link_trouble (link_t *self, problem_t *problem);

//  For who watches a ROUTER: each trouble by itself, and what to poll for them. NULL: none can be.
trouble_t link_next_trouble (link_t *self);
void *link_monitor (const link_t *self);

//  A feed's: who brought this frame listens from now on, if his key is allowed (false: he does not).
bool link_note_guest (link_t *self, zmq_msg_t *frame);
//  Cuts those whose key is gone since.
void link_expel_guests (link_t *self);

//  The edge has no more use for this peer's number.
void link_forget (link_t *self, link_peer_t peer);

#endif
