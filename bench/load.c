/*  load – many clients in one thread, and how long each waited for its 202.
 *
 *      load --port 8889 --token T --connections 32 --seconds 10            as fast as they are answered
 *      load --port 8889 --token T --connections 32 --seconds 10 --rate 4000    at a rate
 *
 *  At a rate, latency counts from when a request was due, not from when a connection was free for it:
 *  a server that stalls is charged for everybody it kept waiting. Prints one line of JSON.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench/histogram.h"
#include "bench/http_frame.h"
#include "bench/request.h"
#include "daemon/clock.h"

enum { CONNECTIONS = 4096, ANSWER_BYTES = 8192, READY = 256 };

typedef struct {
    int fd;
    int64_t due_us;  //  of the request under way; 0 when idle
    int64_t serial;  //  of the request under way
    size_t size;     //  bytes of the answer so far
    char bytes [ANSWER_BYTES];
} client_t;

static struct {
    int port;
    int connections;
    double seconds;  //  how long requests are sent
    int64_t count;   //  or how many; 0: no limit
    double rate;     //  a second; 0: each as soon as the last is answered
    int64_t serial;  //  of the next event
    shape_t shape;
    const char *token;
} options = {.connections = 1, .seconds = 10};

static request_t request;
static client_t *clients;
static int *idle;  //  ring of clients without a request, the longest idle first
static int idle_first, idle_count;
static int poll_fd;
static int64_t start_us, sent, answered, refused, broken, last_answer_us;
static histogram_t latency;

static void
client_connect (client_t *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons ((uint16_t)options.port)};
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    self->size = 0;
    int on = 1;
    if (self->fd < 0 || connect (self->fd, (struct sockaddr *)&address, sizeof address))
        err (1, "connect to port %d", options.port);
    setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = self};
    if (epoll_ctl (poll_fd, EPOLL_CTL_ADD, self->fd, &event))
        err (1, "epoll_ctl");
}

static void
client_send (client_t *self)
{
    request_fill (&request, self->serial, self->due_us);
    //  A kilobyte into the empty buffer of a connection that waits for nothing is taken whole. If the
    //  server has closed it meanwhile, reading says so, and the request is sent again.
    ssize_t done = send (self->fd, request.bytes, request.size, MSG_NOSIGNAL);
    if (done != (ssize_t)request.size && errno != EPIPE && errno != ECONNRESET)
        err (1, "send");
}

static void
client_begin (client_t *self, int64_t due_us)
{
    self->due_us = due_us;
    self->serial = options.serial++;
    sent++;
    client_send (self);
}

static bool
may_send (void)
{
    if (options.count && sent >= options.count)
        return false;
    return (double)(monotonic_us () - start_us) < options.seconds * 1e6;
}

static void
client_rest (client_t *self)
{
    self->due_us = 0;
    idle [(idle_first + idle_count++) % options.connections] = (int)(self - clients);
}

static void
client_answered (client_t *self, const http_frame_t *frame)
{
    if (self->size < 12 || strncmp (self->bytes + 9, "202", 3) != 0) {
        if (!refused++)
            fprintf (stderr, "load: the first answer that is no 202: %.*s\n", (int)frame->size,
                     self->bytes);
    }
    else {
        last_answer_us = monotonic_us ();
        histogram_add (&latency, last_answer_us - self->due_us);
        answered++;
    }
    self->size = 0;
    if (options.rate > 0 || !may_send ())
        client_rest (self);
    else
        client_begin (self, monotonic_us ());
}

//  Closed by the server: between two requests, as it may, or under one.
static void
client_lost (client_t *self)
{
    close (self->fd);
    client_connect (self);
    if (self->due_us) {
        broken++;
        client_send (self);
    }
}

static void
client_read (client_t *self)
{
    ssize_t got = recv (self->fd, self->bytes + self->size, ANSWER_BYTES - self->size, 0);
    if (got <= 0) {
        client_lost (self);
        return;
    }
    self->size += (size_t)got;
    http_frame_t frame;
    if (http_frame_find (self->bytes, self->size, &frame))
        client_answered (self, &frame);
    else if (self->size == ANSWER_BYTES)
        errx (1, "an answer is larger than %d bytes", ANSWER_BYTES);
}

//  All that is due by now, as far as there are idle clients; the rest waits, and its clock runs.
static void
send_what_is_due (void)
{
    double interval_us = 1e6 / options.rate;
    int64_t now_us = monotonic_us ();
    while (idle_count && may_send ()) {
        int64_t due_us = start_us + (int64_t)((double)sent * interval_us);
        if (due_us > now_us)
            return;
        client_t *client = &clients [idle [idle_first]];
        idle_first = (idle_first + 1) % options.connections;
        idle_count--;
        client_begin (client, due_us);
    }
}

static void
set_timer (int timer)
{
    int64_t due_us = start_us + (int64_t)((double)sent * 1e6 / options.rate);
    struct itimerspec at = {
        .it_value = {.tv_sec = due_us / 1000000, .tv_nsec = due_us % 1000000 * 1000 + 1}};
    timerfd_settime (timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static bool
is_under_way (void)
{
    return idle_count < options.connections || (options.rate > 0 && may_send ());
}

static void
run (int timer)
{
    while (is_under_way ()) {
        if (options.rate > 0) {
            send_what_is_due ();
            set_timer (timer);
        }
        struct epoll_event ready [READY];
        int count = epoll_wait (poll_fd, ready, READY, 1000);
        for (int i = 0; i < count; i++) {
            uint64_t ticks;
            if (ready [i].data.ptr)
                client_read (ready [i].data.ptr);
            else if (read (timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN)
                err (1, "timer");
        }
    }
}

static void
read_options (int argc, char **argv)
{
    static const struct option known [] = {
        {"port", 1, NULL, 'p'},  {"connections", 1, NULL, 'c'}, {"seconds", 1, NULL, 's'},
        {"count", 1, NULL, 'n'}, {"rate", 1, NULL, 'r'},        {"first", 1, NULL, 'f'},
        {"token", 1, NULL, 't'}, {"plain", 0, NULL, 'P'},       {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long (argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
            case 'p': options.port = atoi (optarg); break;
            case 'c': options.connections = atoi (optarg); break;
            case 's': options.seconds = atof (optarg); break;
            case 'n': options.count = atoll (optarg); break;
            case 'r': options.rate = atof (optarg); break;
            case 'f': options.serial = atoll (optarg); break;
            case 't': options.token = optarg; break;
            case 'P': options.shape = SHAPE_PLAIN; break;
            default: exit (2);
        }
    }
    if (!options.port || options.connections < 1 || options.connections > CONNECTIONS)
        errx (2,
              "usage: load --port N [--connections 1..%d] [--seconds S] [--count N] [--rate R] "
              "[--first N] [--token T] [--plain]",
              CONNECTIONS);
}

static void
print_figures (void)
{
    char text [160];
    double seconds = (double)(last_answer_us - start_us) / 1e6;
    histogram_format (&latency, text, sizeof text);
    printf ("{\"sent\": %lld, \"answered\": %lld, \"refused\": %lld, \"broken\": %lld, "
            "\"seconds\": %.3f, \"per_second\": %.0f, %s}\n",
            (long long)sent, (long long)answered, (long long)refused, (long long)broken, seconds,
            seconds > 0 ? (double)answered / seconds : 0, text);
}

int
main (int argc, char **argv)
{
    read_options (argc, argv);
    char host [32];
    snprintf (host, sizeof host, "127.0.0.1:%d", options.port);
    request_make (&request, options.shape, host, options.token);

    clients = calloc ((size_t)options.connections, sizeof *clients);
    idle = calloc ((size_t)options.connections, sizeof *idle);
    poll_fd = epoll_create1 (EPOLL_CLOEXEC);
    int timer = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (!clients || !idle || poll_fd < 0 || timer < 0 ||
        epoll_ctl (poll_fd, EPOLL_CTL_ADD, timer, &event))
        err (1, "cannot start");

    for (int i = 0; i < options.connections; i++)
        client_connect (&clients [i]);
    start_us = monotonic_us ();
    for (int i = 0; i < options.connections; i++) {
        if (options.rate > 0 || !may_send ())
            client_rest (&clients [i]);
        else
            client_begin (&clients [i], start_us);
    }
    run (timer);
    print_figures ();
    return refused ? 1 : 0;
}
