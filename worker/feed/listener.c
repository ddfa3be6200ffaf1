#include "worker/feed/listener.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/wire/feed_link.h"

enum {
    BUDGET = 256,       //  messages heard before others get their turn
    EVENTS_MOST = 1024  //  held of one subscription in one partition
};

struct listener {
    listener_settings_t settings;
    feeds_t *feeds;
    link_t *link;       //  NULL: there is none
    problem_t trouble;  //  of its connection, as was logged last
};

listener_t *
listener_new (const listener_settings_t *settings)
{
    listener_t *self = ALLOCATE (listener_t);
    self->settings = *settings;
    self->feeds = feeds_new (&(feeds_settings_t){.limits = settings->limits,
                                                 .places = settings->places,
                                                 .events_most = EVENTS_MOST,
                                                 .bytes_most = settings->bytes_most,
                                                 .runs_most = LISTENER_RUNS,
                                                 .seed = settings->seed},
                             monotonic_ms ());
    return self;
}

void
listener_destroy (listener_t **self_p)
{
    listener_t *self = *self_p;
    if (!self)
        return;
    feeds_destroy (&self->feeds);
    link_destroy (&self->link);
    free (self);
    *self_p = NULL;
}

void *
listener_socket (const listener_t *self)
{
    return self->link ? link_socket (self->link) : NULL;
}

//  ---- in

bool
listener_ready (void *context)
{
    listener_t *self = context;
    for (int i = 0; i < BUDGET; i++) {
        message_t message;
        link_peer_t peer;
        problem_t problem;
        status_t status = link_receive (self->link, &peer, &message, &problem);
        if (status == STATUS_NOT_FOUND)
            return false;
        if (status != STATUS_OK)
            log_warning ("worker", "the feed of %s said what is not understood: %s",
                         self->settings.endpoint, problem.text);
        else if (message.command == COMMAND_FEED)
            feeds_hear (self->feeds, &message, monotonic_ms ());
        message_clear (&message);
    }
    return true;
}

void
listener_in_session (listener_t *self, uint64_t session, int64_t heartbeat_ms)
{
    feeds_in_session (self->feeds, session, heartbeat_ms, monotonic_ms ());
}

void
listener_hear (listener_t *self, const message_t *message)
{
    if (message->command != COMMAND_FEED)  //  that is not said here
        feeds_hear (self->feeds, message, monotonic_ms ());
}

void
listener_finish (listener_t *self, const job_t *job)
{
    const settlement_t *settlement = &job->run.end.settlement;
    metrics_add_labelled (self->settings.metrics, METRIC_feed_attempts,
                          outcome_name (settlement->outcome), 1);
    feeds_finish (self->feeds, job->run.delivery, settlement, monotonic_ms ());
}

void
listener_stop (listener_t *self)
{
    feeds_stop (self->feeds);
}

//  ---- out

static void
listener_connect (listener_t *self, const char *told)
{
    char endpoint [ENDPOINT_SIZE];
    problem_t problem;
    feed_endpoint (endpoint, self->settings.endpoint, told);
    link_destroy (&self->link);
    self->link = link_new (&(link_settings_t){.zmq = self->settings.zmq,
                                              .endpoint = endpoint,
                                              .is_feed = true,
                                              .limits = self->settings.limits,
                                              .keys = self->settings.keys},
                           &problem);
    if (!self->link)
        log_warning ("worker", "%s; broadcasts are read from the log of the broker, late",
                     problem.text);
}

static void
listener_want (listener_t *self, const char *subscription, bool is_wanted)
{
    char start [FEED_TOPIC_SIZE];
    feed_topic (start, subscription, "");
    if (is_wanted)
        log_notice ("worker", "listens to broadcast subscription %s", subscription);
    if (self->link && is_wanted)
        feed_link_want (self->link, start);
    else if (self->link)
        feed_link_leave (self->link, start);
}

static void
listener_tell (const listener_t *self, const feeds_effect_t *effect)
{
    metrics_t *metrics = self->settings.metrics;
    switch ((int)effect->kind) {
        case FEEDS_GIVEN_UP:
            metrics_add (metrics, METRIC_feed_given_up, 1);
            log_error ("worker",
                       "event %s of broadcast subscription %s is given up after attempt %" PRId32
                       ": %s",
                       effect->delivery->event->id, effect->subscription, effect->delivery->attempt,
                       effect->error);
            break;
        case FEEDS_MISSED:
            metrics_add (metrics, METRIC_feed_missed, effect->seqs);
            log_error ("worker",
                       "was away too long for broadcast subscription %s: %" PRId64
                       " events of partition %" PRId32
                       " have left the log, and those of them that it matches are missed "
                       "(retention/age_s says how long one may be away)",
                       effect->subscription, effect->seqs, effect->partition);
            break;
        case FEEDS_REWOUND:
            log_error (
                "worker",
                "the log of the broker ends before where this worker was in broadcast "
                "subscription %s: it is another one, or an old copy. It goes on from its end",
                effect->subscription);
            break;
        default:
            log_error ("worker", "broadcast subscription %s is not understood: %s",
                       effect->subscription, effect->error);
    }
}

//  An attempt without a holding is ours.
static void
listener_begin (const listener_t *self, const feeds_effect_t *effect)
{
    runner_begin (self->settings.runner, self->settings.owner,
                  &(worker_effect_t){.kind = WORKER_BEGIN,
                                     .delivery = effect->delivery,
                                     .delivery_count = 1,
                                     .target = effect->target});
}

//  What hinders the feed hinders nobody else: it is said once, and each session connects anew.
static void
listener_tell_trouble (listener_t *self)
{
    problem_t trouble = {0};
    if (!self->link || !link_trouble (self->link, &trouble) ||
        strcmp (trouble.text, self->trouble.text) == 0)
        return;
    log_warning ("worker", "%s; broadcasts are read from the log of the broker, late",
                 trouble.text);
    self->trouble = trouble;
}

bool
listener_act (listener_t *self)
{
    bool is_connected_anew = false;
    feeds_effect_t effect;
    listener_tell_trouble (self);
    feeds_tick (self->feeds, monotonic_ms ());
    while (feeds_take (self->feeds, &effect)) {
        switch (effect.kind) {
            case FEEDS_SEND: self->settings.send (self->settings.owner, effect.message); break;
            case FEEDS_CONNECT:
                is_connected_anew = true;
                listener_connect (self, effect.endpoint);
                break;
            case FEEDS_WANT: listener_want (self, effect.subscription, true); break;
            case FEEDS_LEAVE: listener_want (self, effect.subscription, false); break;
            case FEEDS_BEGIN: listener_begin (self, &effect); break;
            case FEEDS_GIVEN_UP:
            case FEEDS_MISSED:
            case FEEDS_REWOUND:
            case FEEDS_UNKNOWN: listener_tell (self, &effect); break;
        }
    }
    return is_connected_anew;
}

int64_t
listener_deadline (const listener_t *self)
{
    return feeds_deadline (self->feeds);
}
