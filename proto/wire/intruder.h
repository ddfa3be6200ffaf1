/*  intruder – a connection that is to end now, though ZeroMQ has no word for it.
 *
 *  libzmq asks about a key once, at the handshake, and keeps the connection when the key is revoked.
 *  A message of it names its descriptor: shut down, both ends see it break. A descriptor may be
 *  another connection's by then, so it is known by both ends' addresses.
 */
#ifndef INTRUDER_H
#define INTRUDER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <zmq.h>

typedef struct {
    int descriptor;
    struct sockaddr_storage peer;
    socklen_t peer_size;
} connection_end_t;

//  The TCP connection that brought a message. false: it is none, or has ended.
bool connection_end_of (zmq_msg_t *frame, connection_end_t *end);

//  Nothing happens when the descriptor is another's by now.
void connection_end_cut (const connection_end_t *end);

//  Both: the one that brought this message is cut now.
void intruder_cut (zmq_msg_t *frame);

#endif
