#include "proto/wire/intruder.h"

#include <netdb.h>
#include <string.h>

//  Zeroed before, so that two of them are compared as bytes. false: it is no TCP connection.
static bool
read_peer (int descriptor, struct sockaddr_storage *peer, socklen_t *size)
{
    memset (peer, 0, sizeof *peer);
    *size = sizeof *peer;
    return getpeername (descriptor, (struct sockaddr *)peer, size) == 0 &&
           (peer->ss_family == AF_INET || peer->ss_family == AF_INET6);
}

bool
connection_end_of (zmq_msg_t *frame, connection_end_t *end)
{
    const char *address = zmq_msg_gets (frame, "Peer-Address");
    char host [NI_MAXHOST];
    end->descriptor = zmq_msg_get (frame, ZMQ_SRCFD);
    if (end->descriptor < 0 || !address ||
        !read_peer (end->descriptor, &end->peer, &end->peer_size))
        return false;
    int code = getnameinfo ((struct sockaddr *)&end->peer, end->peer_size, host, sizeof host, NULL,
                            0, NI_NUMERICHOST);
    return code == 0 && strcmp (host, address) == 0;
}

void
connection_end_cut (const connection_end_t *end)
{
    struct sockaddr_storage peer;
    socklen_t size;
    if (read_peer (end->descriptor, &peer, &size) && memcmp (&peer, &end->peer, sizeof peer) == 0)
        shutdown (end->descriptor, SHUT_RDWR);
}

void
intruder_cut (zmq_msg_t *frame)
{
    connection_end_t end;
    if (connection_end_of (frame, &end))
        connection_end_cut (&end);
}
