#include "broker/feed_socket.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "broker/doorman.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum {
    BUDGET = 256,      //  words of listeners, before other sockets get their turn
    STARTS_MOST = 64,  //  that are looked through for each event; with more, all are told
    STARTS_KEPT = 65536
};

//  What the topics begin with that somebody wants.
typedef struct wish {
    char *text;  //  ours
    size_t size;
    UT_hash_handle hh;
} wish_t;

struct feed_socket {
    edge_t *edge;  //  borrowed
    link_t *link;
    wish_t *starts;
};

feed_socket_t *
feed_socket_new (edge_t *edge, void *zmq, const settings_t *given, problem_t *problem)
{
    link_keys_t keys;
    link_settings_t settings = {.zmq = zmq,
                                .endpoint = settings_text (given, "broker/feed"),
                                .is_server = true,
                                .is_feed = true,
                                .queue_most = (int)settings_number (given, "broker/feed_queue"),
                                .limits = edge->limits,
                                .keys = doorman_keys (edge->doorman, DOOR_FEED, &keys)};
    OWNED (link) link_t *link = link_new (&settings, problem);
    if (!link)
        return NULL;
    feed_socket_t *self = ALLOCATE (feed_socket_t);
    self->edge = edge;
    self->link = TAKE (link);
    doorman_watch (edge->doorman, self->link);
    return self;
}

static void
feed_socket_drop (feed_socket_t *self, wish_t *start)
{
    HASH_DEL (self->starts, start);
    free (start->text);
    free (start);
}

void
feed_socket_destroy (feed_socket_t **self_p)
{
    feed_socket_t *self = *self_p;
    if (!self)
        return;
    wish_t *start, *next;
    HASH_ITER (hh, self->starts, start, next)
    feed_socket_drop (self, start);
    link_destroy (&self->link);
    free (self);
    *self_p = NULL;
}

void *
feed_socket_handle (const feed_socket_t *self)
{
    return link_socket (self->link);
}

const char *
feed_socket_endpoint (const feed_socket_t *self)
{
    return link_endpoint (self->link);
}

static void
feed_socket_note (feed_socket_t *self, bool is_wanted, const char *text)
{
    wish_t *start;
    HASH_FIND_STR (self->starts, text, start);
    if (start && !is_wanted)
        feed_socket_drop (self, start);
    if (start || !is_wanted || HASH_COUNT (self->starts) >= STARTS_KEPT)
        return;
    start = ALLOCATE (wish_t);
    start->text = allocate_copy (text);
    start->size = strlen (text);
    HASH_ADD_KEYPTR (hh, self->starts, start->text, start->size, start);
}

bool
feed_socket_ready (void *context)
{
    feed_socket_t *self = context;
    bool is_wanted;
    char start [FEED_TOPIC_SIZE];
    for (int i = 0; i < BUDGET; i++) {
        if (!feed_link_hear (self->link, &is_wanted, start))
            return false;
        feed_socket_note (self, is_wanted, start);
    }
    return true;
}

//  A message that nobody wants need not be made.
static bool
feed_socket_is_wanted (const feed_socket_t *self, const char *topic)
{
    if (HASH_COUNT (self->starts) > STARTS_MOST)
        return true;
    for (const wish_t *start = self->starts; start; start = start->hh.next)
        if (strncmp (topic, start->text, start->size) == 0)
            return true;
    return false;
}

void
feed_socket_tell (feed_socket_t *self, const effect_t *feed)
{
    const subscription_t *subscription = feed->feed.subscription;
    message_t message = {.command = COMMAND_FEED,
                         .subscription = subscription ? subscription->id : "",
                         .prev = feed->feed.prev,
                         .event = feed->feed.event};
    char topic [FEED_TOPIC_SIZE];
    feed_topic (topic, message.subscription, message.event->type);
    if (subscription)
        metrics_add (self->edge->metrics, METRIC_feed_events, 1);
    if (feed_socket_is_wanted (self, topic))
        feed_link_tell (self->link, topic, &message);
}

void
feed_socket_expel (feed_socket_t *self)
{
    link_expel_guests (self->link);
}
