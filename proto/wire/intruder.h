/*  intruder – a connection that is to end now, though ZeroMQ has no word for it.
 *
 *  libzmq asks about a key once, at the handshake, and keeps the connection when the key is revoked.
 *  A message of it names its descriptor: shut down, both ends see it break.
 */
#ifndef INTRUDER_H
#define INTRUDER_H

#include <zmq.h>

/*  Cuts the TCP connection that brought a message. Nothing happens when the descriptor is another
 *  peer's by now, or of another kind: its messages are refused all the same.
 */
void intruder_cut (zmq_msg_t *frame);

#endif
