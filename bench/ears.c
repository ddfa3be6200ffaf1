/*  ears – many listeners to a feed in one thread that only count, so that what is measured is the broker.
 *
 *      ears --feed tcp://127.0.0.1:7103 --start news/ --ears 100
 *
 *  Each is a plain SUB. Prints "ears ready" when all are connected. Then a line on stdin is an order:
 *  "stats" prints one line of JSON: messages of all, the least and the most that one had, and gaps.
 */
#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/clock.h"
#include "daemon/context.h"
#include "proto/model/allocate.h"
#include "proto/wire/feed_link.h"

enum { EARS = 1000, MESSAGES = 256 };

typedef struct {
    link_t *link;
    int64_t heard, gaps, seq;
} ear_t;

static struct {
    const char *feed, *start;
    long ears;
} options = {.start = "", .ears = 1};

static limits_t limits;
static ear_t *ears;
static zmq_pollitem_t *items;  //  stdin, then one for each

static void
ear_open (ear_t *self, void *zmq)
{
    problem_t problem;
    self->link = link_new (
        &(link_settings_t){
            .zmq = zmq, .endpoint = options.feed, .limits = &limits, .is_feed = true},
        &problem);
    if (!self->link)
        errx (1, "%s", problem.text);
    feed_link_want (self->link, options.start);
    items [1 + self - ears] =
        (zmq_pollitem_t){.socket = link_socket (self->link), .events = ZMQ_POLLIN};
}

//  The bytes are not decoded, but for the first of a hundred ears: the machine is the broker's.
static void
ear_count (ear_t *self)
{
    char topic [FEED_TOPIC_SIZE], rest [64];
    for (int i = 0; i < MESSAGES; i++) {
        if (zmq_recv (link_socket (self->link), topic, sizeof topic, ZMQ_DONTWAIT) < 0)
            return;
        zmq_recv (link_socket (self->link), rest, sizeof rest, 0);
        zmq_recv (link_socket (self->link), rest, sizeof rest, 0);
        self->heard++;
    }
}

static void
ear_follow (ear_t *self)
{
    for (int i = 0; i < MESSAGES; i++) {
        message_t message;
        link_peer_t peer;
        problem_t problem;
        if (link_receive (self->link, &peer, &message, &problem) != STATUS_OK)
            return;
        self->gaps += self->seq > 0 && message.prev > self->seq;
        self->seq = message.event->seq;
        self->heard++;
        message_clear (&message);
    }
}

static void
print_stats (void)
{
    int64_t heard = 0, least = INT64_MAX, most = 0;
    for (long i = 0; i < options.ears; i++) {
        heard += ears [i].heard;
        least = ears [i].heard < least ? ears [i].heard : least;
        most = ears [i].heard > most ? ears [i].heard : most;
    }
    printf ("{\"heard\": %lld, \"least\": %lld, \"most\": %lld, \"gaps\": %lld}\n",
            (long long)heard, (long long)least, (long long)most, (long long)ears [0].gaps);
}

static void
serve (void)
{
    char line [80];
    for (;;) {
        if (zmq_poll (items, (int)options.ears + 1, -1) < 0)
            err (1, "zmq_poll");
        for (long i = 0; i < options.ears; i++)
            if (items [i + 1].revents)
                (i == 0 ? ear_follow : ear_count) (&ears [i]);
        if (!items [0].revents)
            continue;
        if (!fgets (line, sizeof line, stdin))
            return;
        if (strcmp (line, "stats\n") != 0)
            errx (2, "there is no order %s", line);
        print_stats ();
    }
}

static void
read_options (int argc, char **argv)
{
    static const struct option names [] = {{"feed", required_argument, NULL, 'f'},
                                           {"start", required_argument, NULL, 's'},
                                           {"ears", required_argument, NULL, 'e'},
                                           {0}};
    for (int key; (key = getopt_long (argc, argv, "", names, NULL)) != -1;)
        switch (key) {
            case 'f': options.feed = optarg; break;
            case 's': options.start = optarg; break;
            case 'e': options.ears = strtol (optarg, NULL, 10); break;
            default: exit (2);
        }
    if (!options.feed || options.ears < 1 || options.ears > EARS)
        errx (2, "usage: ears --feed ENDPOINT [--start TOPIC] [--ears N]");
}

int
main (int argc, char **argv)
{
    read_options (argc, argv);
    problem_t problem;
    context_t *context = context_new (&problem);
    if (!context)
        errx (1, "%s", problem.text);
    limits = limits_default ();
    ears = allocate ((size_t)options.ears, sizeof *ears);
    items = allocate ((size_t)options.ears + 1, sizeof *items);
    items [0] = (zmq_pollitem_t){.fd = STDIN_FILENO, .events = ZMQ_POLLIN};
    setvbuf (stdin, NULL, _IONBF, 0);  //  what is buffered wakes no poll
    setvbuf (stdout, NULL, _IOLBF, 0);
    for (long i = 0; i < options.ears; i++)
        ear_open (&ears [i], context_zmq (context));
    printf ("ears ready %ld\n", options.ears);
    serve ();
    _exit (0);  //  the connections just end, as if the machine had gone
}
