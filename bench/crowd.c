/*  crowd – many workers in one thread that do nothing, so that what is measured is the broker.
 *
 *      crowd --broker tcp://127.0.0.1:7102 --workers 64 --action nothing
 *
 *  Each is a real worker's side of the protocol (worker/session.h) on a connection of its own; an
 *  attempt ends as soon as it has begun. Prints "crowd ready" when all have joined. Then a line on stdin
 *  is an order: "stats" prints one line of JSON, "join" adds a worker and prints, when it has got its
 *  first delivery, how long that took. "joins" prints when each joined last.
 */
#include <err.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/clock.h"
#include "daemon/context.h"
#include "proto/model/allocate.h"
#include "proto/wire/link.h"
#include "worker/session.h"

//  SOCKETS: three a member, and as many that are still being closed when all have lost their broker.
enum { MEMBERS = 4096, MESSAGES = 64, BEGUN = 4096, SOCKETS = 6 * MEMBERS };

typedef struct {
    link_t *link;
    worker_session_t *session;
    char name [32];
    int64_t since_us;    //  it was made
    int64_t first_us;    //  it got its first delivery; 0: not yet
    int64_t settled;     //  deliveries
    int64_t joined_us;   //  when it became a member of the session that it has, or had
    uint64_t member_of;  //  that one
    bool is_awaited;     //  its first delivery is to be told
} member_t;

static struct {
    const char *broker, *action;
    long workers, capacity;
} options = {.action = "nothing", .workers = 1, .capacity = 256};

static void *zmq;
static limits_t limits;
static member_t *members;
static zmq_pollitem_t *items;  //  stdin, then one for each member
static size_t member_count;
static holding_t *begun [BEGUN];  //  of the member whose turn it is
static size_t begun_count;

static void
member_connect (member_t *self)
{
    problem_t problem;
    link_destroy (&self->link);
    self->link = link_new (
        &(link_settings_t){.zmq = zmq, .endpoint = options.broker, .limits = &limits}, &problem);
    if (!self->link)
        errx (1, "%s", problem.text);
    items [1 + self - members] =
        (zmq_pollitem_t){.socket = link_socket (self->link), .events = ZMQ_POLLIN};
}

static void
member_begin (member_t *self, holding_t *holding)
{
    if (begun_count == BEGUN)
        errx (1, "more than %d attempts begun at a time", BEGUN);
    begun [begun_count++] = holding;
    if (self->first_us)
        return;
    self->first_us = monotonic_us ();
    if (self->is_awaited)
        printf ("{\"join_us\": %lld}\n", (long long)(self->first_us - self->since_us));
}

//  What it has begun ends here, so that one SETTLE holds many.
static void
member_finish (member_t *self)
{
    settlement_t settlement = {.outcome = OUTCOME_OK, .error = "", .result = ""};
    for (size_t i = 0; i < begun_count; i++)
        worker_session_finish (self->session, begun [i], &settlement, monotonic_ms ());
    self->settled += (int64_t)begun_count;
    begun_count = 0;
}

//  All it wants, and what it wants when that has ended.
static void
member_act (member_t *self)
{
    worker_effect_t effect;
    for (;;) {
        while (worker_session_take (self->session, &effect))
            switch (effect.kind) {
                case WORKER_SEND: link_send (self->link, 1, effect.message); break;
                case WORKER_BEGIN: member_begin (self, effect.holding); break;
                case WORKER_CANCEL: break;  //  it ends at once anyway
                case WORKER_CONNECT: member_connect (self); break;
            }
        if (begun_count == 0)
            return;
        member_finish (self);
    }
}

static void
member_add (bool is_awaited)
{
    if (member_count == MEMBERS)
        errx (1, "more than %d workers", MEMBERS);
    member_t *self = &members [member_count++];
    snprintf (self->name, sizeof self->name, "crowd-%zu", member_count);
    self->since_us = monotonic_us ();
    self->is_awaited = is_awaited;
    member_connect (self);
    worker_session_settings_t settings = {.name = self->name,
                                          .version = "bench",
                                          .actions = &options.action,
                                          .action_count = 1,
                                          .capacity = options.capacity,
                                          .capacity_bytes = limits.frame_bytes,
                                          .limits = &limits,
                                          .seed = member_count};
    self->session = worker_session_new (&settings, monotonic_ms ());
    member_act (self);
}

static void
member_note_session (member_t *self)
{
    uint64_t session = worker_session_id (self->session);
    if (session && session != self->member_of)  //  another one: it has joined
        self->joined_us = monotonic_us ();
    if (session)
        self->member_of = session;
}

static void
member_hear (member_t *self)
{
    for (int i = 0; i < MESSAGES; i++) {
        message_t message;
        link_peer_t peer;
        problem_t problem;
        status_t status = link_receive (self->link, &peer, &message, &problem);
        if (status == STATUS_NOT_FOUND)
            return;
        if (status != STATUS_OK)
            errx (1, "%s", problem.text);
        worker_session_hear (self->session, &message, monotonic_ms ());
        member_note_session (self);
        member_act (self);
    }
}

static size_t
count_joined (void)
{
    size_t joined = 0;
    for (size_t i = 0; i < member_count; i++)
        joined += worker_session_is_member (members [i].session);
    return joined;
}

static void
print_stats (void)
{
    int64_t settled = 0, least = INT64_MAX, most = 0;
    for (size_t i = 0; i < member_count; i++) {
        settled += members [i].settled;
        if (members [i].settled < least)
            least = members [i].settled;
        if (members [i].settled > most)
            most = members [i].settled;
    }
    printf (
        "{\"settled\": %lld, \"least\": %lld, \"most\": %lld, \"joined\": %zu, \"at_us\": %lld}\n",
        (long long)settled, (long long)least, (long long)most, count_joined (),
        (long long)monotonic_us ());
}

static void
print_joins (void)
{
    printf ("{\"joined_us\": [");
    for (size_t i = 0; i < member_count; i++)
        printf ("%s%lld", i > 0 ? ", " : "", (long long)members [i].joined_us);
    printf ("]}\n");
}

//  false: stdin has ended.
static bool
obey (void)
{
    char line [80];
    if (!fgets (line, sizeof line, stdin))
        return false;
    if (strcmp (line, "stats\n") == 0)
        print_stats ();
    else if (strcmp (line, "joins\n") == 0)
        print_joins ();
    else if (strcmp (line, "join\n") == 0)
        member_add (true);
    else
        errx (2, "there is no order %s", line);
    return true;
}

//  Until somebody has something to say, or a member wants its tick.
static void
wait_a_while (void)
{
    int64_t now_ms = monotonic_ms (), until_ms = now_ms + 1000;
    for (size_t i = 0; i < member_count; i++) {
        int64_t deadline_ms = worker_session_deadline (members [i].session);
        if (deadline_ms < until_ms)
            until_ms = deadline_ms;
    }
    long pause_ms = until_ms > now_ms ? (long)(until_ms - now_ms) : 0;
    if (zmq_poll (items, (int)member_count + 1, pause_ms) < 0)
        err (1, "zmq_poll");
}

static void
serve (void)
{
    bool was_ready = false;
    for (;;) {
        wait_a_while ();
        int64_t now_ms = monotonic_ms ();
        size_t count = member_count;
        for (size_t i = 0; i < count; i++) {
            if (items [i + 1].revents)
                member_hear (&members [i]);
            if (worker_session_deadline (members [i].session) <= now_ms) {
                worker_session_tick (members [i].session, now_ms);
                member_act (&members [i]);
            }
        }
        if (items [0].revents && !obey ())
            return;
        if (!was_ready && count_joined () == member_count) {
            printf ("crowd ready %zu\n", member_count);
            was_ready = true;
        }
    }
}

static void
read_options (int argc, char **argv)
{
    static const struct option names [] = {{"broker", required_argument, NULL, 'b'},
                                           {"workers", required_argument, NULL, 'w'},
                                           {"capacity", required_argument, NULL, 'c'},
                                           {"action", required_argument, NULL, 'a'},
                                           {0}};
    for (int key; (key = getopt_long (argc, argv, "", names, NULL)) != -1;)
        switch (key) {
            case 'b': options.broker = optarg; break;
            case 'w': options.workers = strtol (optarg, NULL, 10); break;
            case 'c': options.capacity = strtol (optarg, NULL, 10); break;
            case 'a': options.action = optarg; break;
            default: exit (2);
        }
    if (!options.broker || options.workers < 1 || options.workers > MEMBERS)
        errx (2, "usage: crowd --broker ENDPOINT [--workers N] [--capacity N] [--action NAME]");
}

int
main (int argc, char **argv)
{
    read_options (argc, argv);
    problem_t problem;
    context_t *context = context_new (&problem);
    if (!context)
        errx (1, "%s", problem.text);
    zmq = context_zmq (context);
    zmq_ctx_set (zmq, ZMQ_MAX_SOCKETS, SOCKETS);
    limits = limits_default ();
    members = allocate (MEMBERS, sizeof *members);
    items = allocate (MEMBERS + 1, sizeof *items);
    items [0] = (zmq_pollitem_t){.fd = STDIN_FILENO, .events = ZMQ_POLLIN};
    setvbuf (stdin, NULL, _IONBF, 0);  //  what is buffered wakes no poll
    setvbuf (stdout, NULL, _IOLBF, 0);
    for (long i = 0; i < options.workers; i++)
        member_add (false);
    serve ();
    _exit (0);  //  the connections just end, as if the machine had gone
}
