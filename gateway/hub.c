#include "gateway/hub.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/wire/feed_link.h"

enum {
    BUDGET = 256,
    ASK_MS = 1000,       //  between two questions how far the log has come
    KEPT_EVENTS = 1024,  //  of each partition
    KEPT_BYTES = 4 << 20
};

typedef struct kept {
    event_t *event;  //  ours
    struct kept *prev, *next;
} kept_t;

//  Of one partition: everything after `start` up to `end`.
typedef struct {
    int64_t start, end;
    int64_t last;     //  the log has come so far, as the broker said
    int64_t doubted;  //  it said so, and the feed has perhaps not told yet
    kept_t *kept;
    size_t count, bytes;
} partition_t;

struct hub {
    const settings_t *settings;  //  borrowed, as the next two
    void *zmq;
    broker_link_t *broker;
    bell_t *bell;
    pthread_t thread;
    atomic_bool is_stopping;

    pthread_mutex_t lock;  //  of all that follows
    pthread_cond_t told;
    int64_t joined, joined_most;
    uint64_t heard;
    partition_t partitions [HUB_PARTITIONS];

    //  The thread's alone.
    link_t *link;  //  NULL: nobody listens
    loop_t *loop;
    char feed [256];  //  where it listens
    int64_t ask_ms;
};

//  ---- what is kept

static void
partition_drop (partition_t *self)
{
    kept_t *first = self->kept;
    DL_DELETE (self->kept, first);
    self->start = first->event->seq;
    self->count--;
    self->bytes -= event_size_bytes (first->event);
    event_destroy (&first->event);
    free (first);
}

//  Nothing is kept: what comes follows on this seq.
static void
partition_restart (partition_t *self, int64_t seq)
{
    while (self->kept)
        partition_drop (self);
    self->start = self->end = seq;
}

static void
partition_take (partition_t *self, const event_t *event, int64_t prev)
{
    if (event->seq <= self->end)
        return;  //  a repeat
    if (prev > self->end)
        partition_restart (self, prev);
    kept_t *kept = ALLOCATE (kept_t);
    kept->event = event_ref (event);
    DL_APPEND (self->kept, kept);
    self->end = event->seq;
    self->count++;
    self->bytes += event_size_bytes (event);
    while (self->count > KEPT_EVENTS || (self->bytes > KEPT_BYTES && self->count > 1))
        partition_drop (self);
}

//  What one answer told and is not here when the next one comes was lost on the way.
static void
partition_learn (partition_t *self, int64_t last)
{
    if (self->doubted > self->end && self->doubted > self->last)
        self->last = self->doubted;
    self->doubted = last;
}

//  ---- the broker's word

static status_t
tails_read (const bytes_t *reply, hub_tails_t *tails)
{
    json_t *json = json_loadb (reply->at ? reply->at : "", reply->size, 0, NULL);
    const json_t *data = json_object_get (json, "data");
    const json_t *firsts = json_object_get (data, "firsts"),
                 *lasts = json_object_get (data, "lasts");
    const char *feed = json_string_value (json_object_get (data, "feed"));
    tails->count = json_array_size (lasts);
    bool is_good = feed && strlen (feed) < sizeof tails->feed && tails->count > 0 &&
                   tails->count <= HUB_PARTITIONS && json_array_size (firsts) == tails->count;
    for (size_t i = 0; is_good && i < tails->count; i++) {
        tails->firsts [i] = json_integer_value (json_array_get (firsts, i));
        tails->lasts [i] = json_integer_value (json_array_get (lasts, i));
    }
    if (is_good)
        strcpy (tails->feed, feed);
    json_decref (json);
    return is_good ? STATUS_OK : STATUS_INTERNAL;
}

status_t
hub_tails (broker_link_t *link, hub_tails_t *tails)
{
    errand_t errand = {.method = "event.tails", .json = "{}", .json_size = 2};
    status_t status = broker_link_do (link, &errand);
    if (status == STATUS_OK)
        status = tails_read (&errand.reply, tails);
    bytes_free (&errand.reply);
    return status;
}

//  ---- the thread

static bool
hub_hear (void *context)
{
    hub_t *self = context;
    bool has_more = true;
    pthread_mutex_lock (&self->lock);
    for (int i = 0; i < BUDGET && has_more; i++) {
        message_t message;
        problem_t problem;
        link_peer_t peer;
        status_t status = link_receive (self->link, &peer, &message, &problem);
        has_more = status != STATUS_NOT_FOUND;
        bool is_fed = status == STATUS_OK && message.command == COMMAND_FEED &&
                      message.event->partition >= 0 && message.event->partition < HUB_PARTITIONS;
        if (is_fed) {
            partition_take (&self->partitions [message.event->partition], message.event,
                            message.prev);
            self->heard++;
        }
        message_clear (&message);
    }
    pthread_cond_broadcast (&self->told);
    pthread_mutex_unlock (&self->lock);
    return has_more;
}

static bool
hub_hear_bell (void *context)
{
    hub_t *self = context;
    bell_silence (self->bell);
    return false;
}

static void
hub_make_loop (hub_t *self)
{
    loop_destroy (&self->loop);
    self->loop = loop_new ();
    loop_add_descriptor (self->loop, bell_descriptor (self->bell), hub_hear_bell, self);
    if (self->link)
        loop_add_socket (self->loop, link_socket (self->link), hub_hear, self);
}

static void
hub_close (hub_t *self)
{
    if (!self->link)
        return;
    link_destroy (&self->link);
    hub_make_loop (self);
    pthread_mutex_lock (&self->lock);
    for (int i = 0; i < HUB_PARTITIONS; i++) {
        partition_restart (&self->partitions [i], 0);
        self->partitions [i].last = self->partitions [i].doubted = 0;
    }
    pthread_mutex_unlock (&self->lock);
}

//  Where the broker has it; again if that is another place than before.
static void
hub_listen (hub_t *self, const char *told)
{
    char start [FEED_TOPIC_SIZE], endpoint [ENDPOINT_SIZE];
    link_keys_t keys;
    problem_t problem;
    feed_endpoint (endpoint, broker_link_endpoint (self->broker), told);
    if (self->link && strcmp (self->feed, endpoint) == 0)
        return;
    hub_close (self);
    strcpy (self->feed, endpoint);
    self->link = link_new (&(link_settings_t){.zmq = self->zmq,
                                              .endpoint = endpoint,
                                              .is_feed = true,
                                              .limits = settings_limits (self->settings),
                                              .keys = broker_link_keys (self->broker, &keys)},
                           &problem);
    if (!self->link) {
        log_warning ("gateway", "%s; live streams are read from the log, late", problem.text);
        return;
    }
    feed_topic (start, "", "");
    feed_link_want (self->link, start);
    hub_make_loop (self);
}

//  A connection whose key was refused never comes back by itself: the next one may.
static void
hub_look_at_link (hub_t *self)
{
    problem_t trouble;
    if (!self->link)
        return;
    status_t status = link_trouble (self->link, &trouble);
    if (status)
        log_debug ("gateway", "%s; live streams are read from the log, late", trouble.text);
    if (status == STATUS_FORBIDDEN)
        hub_close (self);
}

static void
hub_ask (hub_t *self)
{
    hub_look_at_link (self);
    hub_tails_t tails;
    self->ask_ms = monotonic_ms () + ASK_MS;
    if (hub_tails (self->broker, &tails) != STATUS_OK)
        return;
    hub_listen (self, tails.feed);
    pthread_mutex_lock (&self->lock);
    for (size_t i = 0; i < tails.count; i++)
        partition_learn (&self->partitions [i], tails.lasts [i]);
    pthread_cond_broadcast (&self->told);
    pthread_mutex_unlock (&self->lock);
}

static bool
hub_is_wanted (hub_t *self)
{
    pthread_mutex_lock (&self->lock);
    bool is_wanted = self->joined > 0;
    pthread_mutex_unlock (&self->lock);
    return is_wanted;
}

static void *
hub_run (void *context)
{
    hub_t *self = context;
    pthread_setname_np (pthread_self (), "gateway-feed");
    hub_make_loop (self);
    while (!atomic_load (&self->is_stopping)) {
        bool is_wanted = hub_is_wanted (self);
        if (!is_wanted)
            hub_close (self);
        else if (!self->link || monotonic_ms () >= self->ask_ms)
            hub_ask (self);
        loop_turn (self->loop, is_wanted ? self->ask_ms : INT64_MAX);
    }
    hub_close (self);
    loop_destroy (&self->loop);
    return NULL;
}

//  ---- life

hub_t *
hub_new (const settings_t *settings, void *zmq, broker_link_t *link)
{
    hub_t *self = ALLOCATE (hub_t);
    self->settings = settings;
    self->zmq = zmq;
    self->broker = link;
    self->bell = bell_new ();
    self->joined_most = settings_number (settings, "gateway/streams");
    pthread_condattr_t monotonic;
    pthread_condattr_init (&monotonic);
    pthread_condattr_setclock (&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init (&self->told, &monotonic);
    pthread_condattr_destroy (&monotonic);
    pthread_mutex_init (&self->lock, NULL);
    int failed = pthread_create (&self->thread, NULL, hub_run, self);
    ASSERT (!failed, "no thread can be made: raise the limit of processes");
    return self;
}

void
hub_destroy (hub_t **self_p)
{
    hub_t *self = *self_p;
    if (!self)
        return;
    atomic_store (&self->is_stopping, true);
    bell_ring (self->bell);
    pthread_join (self->thread, NULL);
    bell_destroy (&self->bell);
    pthread_mutex_destroy (&self->lock);
    pthread_cond_destroy (&self->told);
    free (self);
    *self_p = NULL;
}

bool
hub_join (hub_t *self)
{
    pthread_mutex_lock (&self->lock);
    bool has_room = self->joined < self->joined_most;
    self->joined += has_room;
    pthread_mutex_unlock (&self->lock);
    bell_ring (self->bell);
    return has_room;
}

void
hub_leave (hub_t *self)
{
    pthread_mutex_lock (&self->lock);
    self->joined--;
    pthread_mutex_unlock (&self->lock);
    bell_ring (self->bell);
}

//  ---- for the streams

void
hub_take (hub_t *self, int32_t number, int64_t above, hub_taken_t *taken)
{
    *taken = (hub_taken_t){.count = 0};
    pthread_mutex_lock (&self->lock);
    const partition_t *partition = &self->partitions [number];
    taken->is_behind =
        above < partition->start || (above < partition->last && partition->last > partition->end);
    const kept_t *kept;
    DL_FOREACH (partition->kept, kept)
    {
        if (taken->is_behind || taken->count == HUB_TAKEN)
            break;
        if (kept->event->seq > above)
            taken->events [taken->count++] = event_ref (kept->event);
    }
    pthread_mutex_unlock (&self->lock);
}

uint64_t
hub_heard (hub_t *self)
{
    pthread_mutex_lock (&self->lock);
    uint64_t heard = self->heard;
    pthread_mutex_unlock (&self->lock);
    return heard;
}

void
hub_wait (hub_t *self, uint64_t heard, int64_t most_ms)
{
    struct timespec until;
    clock_gettime (CLOCK_MONOTONIC, &until);
    until.tv_sec += most_ms / 1000;
    until.tv_nsec += most_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock (&self->lock);
    int code = 0;
    while (self->heard == heard && code != ETIMEDOUT)
        code = pthread_cond_timedwait (&self->told, &self->lock, &until);
    pthread_mutex_unlock (&self->lock);
}
