#include "proto/wire/intruder.h"

#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

//  Whether a descriptor is a connection with this address, in digits. An IPv4 address of an IPv6
//  socket has a prefix that ZeroMQ shows, too.
static bool
leads_to (int descriptor, const char *address)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    char host [NI_MAXHOST];
    if (getpeername (descriptor, (struct sockaddr *)&peer, &size) != 0 ||
        (peer.ss_family != AF_INET && peer.ss_family != AF_INET6))
        return false;
    int code =
        getnameinfo ((struct sockaddr *)&peer, size, host, sizeof host, NULL, 0, NI_NUMERICHOST);
    return code == 0 && strcmp (host, address) == 0;
}

void
intruder_cut (zmq_msg_t *frame)
{
    int descriptor = zmq_msg_get (frame, ZMQ_SRCFD);
    const char *address = zmq_msg_gets (frame, "Peer-Address");
    if (descriptor >= 0 && address && leads_to (descriptor, address))
        shutdown (descriptor, SHUT_RDWR);
}
