/*  sink – a consumer that is never the bottleneck: epoll, one thread, 204 to everything.
 *
 *      sink [MS]
 *
 *  With MS each answer comes so much later than its request, however many there are: as from behind a network
 *  and a transaction. A request may hold many events.
 *
 *  Each event that `load` made carries its serial and the monotonic time at which it was due, so the
 *  sink knows how long the whole road took and which events it has seen. GET /stats answers the
 *  figures since GET /reset, as JSON. Prints its port; ends on SIGTERM.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "bench/histogram.h"
#include "bench/http_frame.h"
#include "daemon/clock.h"

enum { BUFFER_BYTES = 1 << 21, EVENTS = 64, SERIALS = 1 << 26, BACKLOG = 1024, PEERS = 4096 };

typedef struct peer {
    int fd;
    int64_t due_us;            //  of the answer that it waits for, monotonic; 0: none
    struct peer *prev, *next;  //  in waiting
    size_t size;               //  bytes read and not yet answered
    char bytes [BUFFER_BYTES];
} peer_t;

typedef struct {
    histogram_t latency;
    uint64_t distinct;           //  serials seen
    uint64_t requests;           //
    uint64_t strange;            //  requests that carry no serial
    int64_t first_us, last_us;   //  arrivals, monotonic
    uint8_t seen [SERIALS / 8];  //  a bit a serial
} figures_t;

static figures_t figures;
static peer_t *peers [PEERS];  //  by descriptor
static peer_t *waiting;        //  for their answers, the first due first
static int64_t pause_us;       //  before an answer

//  The digits after `"name":"`.
static long long
number_after (const char *body, size_t size, const char *name)
{
    const char *found = memmem (body, size, name, strlen (name));
    return found ? strtoll (found + strlen (name), NULL, 10) : -1;
}

static void
note_event (long long serial, long long due_us)
{
    figures.last_us = monotonic_us ();
    if (!figures.first_us)
        figures.first_us = figures.last_us;
    histogram_add (&figures.latency, figures.last_us - due_us);
    uint8_t bit = (uint8_t)(1 << (serial % 8));
    figures.distinct += !(figures.seen [serial / 8] & bit);
    figures.seen [serial / 8] |= bit;
}

//  All events of a request.
static void
note (const char *body, size_t size)
{
    static const char mark [] = "\"serial\":\"";
    const char *end = body + size;
    bool is_strange = true;
    figures.requests++;
    while ((body = memmem (body, (size_t)(end - body), mark, sizeof mark - 1))) {
        long long serial = strtoll (body + sizeof mark - 1, NULL, 10);
        body += sizeof mark;
        const char *next = memmem (body, (size_t)(end - body), mark, sizeof mark - 1);
        long long due_us =
            number_after (body, (size_t)((next ? next : end) - body), "\"due_us\":\"");
        if (serial < 0 || serial >= SERIALS || due_us < 0)
            break;
        note_event (serial, due_us);
        is_strange = false;
    }
    figures.strange += is_strange;
}

static void
send_all (const peer_t *peer, const char *bytes, size_t size)
{
    if (send (peer->fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size && errno != EPIPE &&
        errno != ECONNRESET)
        err (1, "send");
}

static void
answer_stats (const peer_t *peer)
{
    char latency [160], body [512], answer [768];
    histogram_format (&figures.latency, latency, sizeof latency);
    int size =
        snprintf (body, sizeof body,
                  "{\"count\": %llu, \"distinct\": %llu, \"requests\": %llu, \"strange\": %llu, "
                  "\"first_us\": %lld, \"last_us\": %lld, %s}\n",
                  (unsigned long long)figures.latency.count, (unsigned long long)figures.distinct,
                  (unsigned long long)figures.requests, (unsigned long long)figures.strange,
                  (long long)figures.first_us, (long long)figures.last_us, latency);
    size = snprintf (answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", size,
                     body);
    send_all (peer, answer, (size_t)size);
}

static void
answer_done (peer_t *peer)
{
    static const char done [] = "HTTP/1.1 204 No Content\r\n\r\n";
    if (peer->due_us > 0)
        DL_DELETE (waiting, peer);
    peer->due_us = 0;
    send_all (peer, done, sizeof done - 1);
}

//  Those whose time has come; until the next, in ms; -1: nobody waits.
static int
answer_due (void)
{
    int64_t now_us = monotonic_us ();
    while (waiting && waiting->due_us <= now_us)
        answer_done (waiting);
    return waiting ? (int)((waiting->due_us - now_us + 999) / 1000) : -1;
}

static void
answer_one (peer_t *peer, const char *bytes, const http_frame_t *frame)
{
    if (strncmp (bytes, "GET /stats", 10) == 0) {
        answer_stats (peer);
        return;
    }
    if (strncmp (bytes, "GET /reset", 10) == 0) {
        memset (&figures, 0, sizeof figures);
        answer_done (peer);
        return;
    }
    note (bytes + frame->head_size, frame->size - frame->head_size);
    if (pause_us == 0) {
        answer_done (peer);
        return;
    }
    peer->due_us = monotonic_us () + pause_us;  //  nobody asks again before it is answered
    DL_APPEND (waiting, peer);
}

static void
peer_close (peer_t *peer)
{
    if (peer->due_us > 0)
        DL_DELETE (waiting, peer);
    peers [peer->fd] = NULL;
    close (peer->fd);
    free (peer);
}

static void
peer_read (peer_t *peer)
{
    ssize_t got = recv (peer->fd, peer->bytes + peer->size, BUFFER_BYTES - peer->size, 0);
    if (got <= 0) {
        peer_close (peer);
        return;
    }
    peer->size += (size_t)got;
    size_t done = 0;
    http_frame_t frame;
    while (http_frame_find (peer->bytes + done, peer->size - done, &frame)) {
        answer_one (peer, peer->bytes + done, &frame);
        done += frame.size;
    }
    peer->size -= done;
    memmove (peer->bytes, peer->bytes + done, peer->size);
    if (peer->size == BUFFER_BYTES)
        errx (1, "a request is larger than %d bytes", BUFFER_BYTES);
}

static void
peer_accept (int listener, int poll)
{
    int fd = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        err (1, "accept");
    int on = 1;
    setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peer_t *peer = malloc (sizeof *peer);
    if (!peer || fd >= PEERS)
        errx (1, "more than %d connections", PEERS);
    peer->fd = fd;
    peer->due_us = 0;
    peer->size = 0;
    peers [fd] = peer;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl (poll, EPOLL_CTL_ADD, fd, &event))
        err (1, "epoll_ctl");
}

static int
listen_and_tell (void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind (listener, (struct sockaddr *)&address, size) ||
        listen (listener, BACKLOG) || getsockname (listener, (struct sockaddr *)&address, &size))
        err (1, "listen");
    printf ("sink ready %d\n", ntohs (address.sin_port));
    fflush (stdout);
    return listener;
}

int
main (int argc, char **argv)
{
    pause_us = argc > 1 ? 1000 * strtoll (argv [1], NULL, 10) : 0;
    int listener = listen_and_tell ();
    int poll = epoll_create1 (EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (poll < 0 || epoll_ctl (poll, EPOLL_CTL_ADD, listener, &event))
        err (1, "epoll");

    for (;;) {
        struct epoll_event ready [EVENTS];
        int count = epoll_wait (poll, ready, EVENTS, answer_due ());
        for (int i = 0; i < count; i++) {
            if (ready [i].data.fd == listener)
                peer_accept (listener, poll);
            else
                peer_read (peers [ready [i].data.fd]);
        }
    }
}
